"""Measures a cluster: two workers beside one, and how well sixteen are kept busy. One file has half of the captures."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.archive import open_archive
from pipeline.cluster import Cluster, using
from pipeline.file_import import import_paths
from pipeline.reprocess import shard
from pipeline.reprocess.reprocess import reprocess
from replica.site import Site
from schemas.reprocess import Change, ReprocessReport
from schemas.settings import Settings
from spiders.warc import Exchange, WarcWriter
from tests.pipeline.dask_cluster import DaskCluster

CAPTURE_COUNT = 8_000
"""Half a minute of work for one worker, beside which the seconds count little in which each of them starts to read."""

SHARE_COUNT = 6
"""Files: the first has half of the captures, each other one a tenth."""

SHARD_CAPTURES = 128
"""Half of what `reprocess` sends: of few shards, the last one, for which one worker waits, counts more."""

ROUND_COUNT = 3
TARGET = 1.7

SIMULATED_WORKERS = 16
SIMULATED_PROCESSES = 4
"""They have the workers, four each, as threads: sixteen processes would keep two cores busy by being there."""

SHARD_SECONDS = 1.0
"""What a shard takes at least."""

SHARDS_EACH = 20
EFFICIENCY_TARGET = 0.9

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
SAME = frozenset({Change.UNCHANGED, Change.QUARANTINED})


def main() -> bool:
    """Measure and print; return whether both targets are met and nothing changes."""
    return all([_measure_simulated(), _measure_real()])


def _measure_simulated() -> bool:
    """Have sixteen workers sleep, through the connection that `--on` uses."""
    with (
        TemporaryDirectory() as folder,
        running_cluster(Path(folder), SIMULATED_PROCESSES, {}, SIMULATED_WORKERS // SIMULATED_PROCESSES) as found,
        using(found.url, lambda: None) as cluster,
    ):
        _wait_for_workers(cluster, SIMULATED_WORKERS)
        items = [SHARD_SECONDS] * (SIMULATED_WORKERS * SHARDS_EACH)
        began_at = time.perf_counter()
        done_count = sum(1 for _ in cluster.map(time.sleep, items))
        seconds = time.perf_counter() - began_at
    ideal = done_count * SHARD_SECONDS / SIMULATED_WORKERS
    print(f"{SIMULATED_WORKERS} simulated workers   {seconds:9.2f} s for {done_count} shards of {SHARD_SECONDS:g} s")
    print(f"efficiency             {ideal / seconds:9.2f}   target {EFFICIENCY_TARGET:g} or more")
    return ideal / seconds >= EFFICIENCY_TARGET


def _measure_real() -> bool:
    shard.SHARD_CAPTURES = SHARD_CAPTURES
    with TemporaryDirectory() as name:
        folder = Path(name)
        settings = Settings(data_dir=folder / "data")
        with open_archive(settings, writable=True) as archive:
            import_paths(archive, write_files(folder, CAPTURE_COUNT))
        environment = {"BROADSHEET_DATA_DIR": str(settings.data_dir)}
        found: dict[int, list[tuple[float, ReprocessReport]]] = {1: [], 2: []}
        for _ in range(ROUND_COUNT):  # alternating, so that other load affects both
            for worker_count, rounds in found.items():
                with running_cluster(folder, worker_count, environment) as cluster:
                    rounds.append(_measure(settings, cluster.url, worker_count))
    one, two = (min(seconds for seconds, _ in rounds) for rounds in found.values())
    report = found[2][-1][1]
    changed_count = sum(report.changes.get(change, 0) for change in Change if change not in SAME)
    print(f"captures read again    {report.read_count:9}")
    for count, rounds in found.items():
        each = " ".join(f"{seconds:.2f}" for seconds, _ in rounds)
        print(f"workers: {count}             {min(rounds)[0]:9.2f} s  ({each})")
    print(f"two beside one         {one / two:9.2f}   target {TARGET:g} or more")
    print(f"records that change    {changed_count:9}   target 0")
    return one / two >= TARGET and changed_count == 0


def _measure(settings: Settings, url: str, worker_count: int) -> tuple[float, ReprocessReport]:
    """Return seconds of wall-clock time, from the command's start to its end, and the report."""
    with using(url, lambda: None) as cluster:
        _wait_for_workers(cluster, worker_count)
    began_at = time.perf_counter()
    report = reprocess(settings, on=url)
    return time.perf_counter() - began_at, report


def _wait_for_workers(cluster: Cluster, worker_count: int) -> None:
    while cluster.count_workers() < worker_count:
        time.sleep(0.1)


def write_files(folder: Path, capture_count: int) -> Sequence[Path]:
    """Write pages of the replica into WARC files, half of them into the first."""
    articles = Site(capture_count, bad_pages=False).articles
    half = len(articles) // 2
    each = -(-(len(articles) - half) // (SHARE_COUNT - 1))
    bounds = [0, *range(half, len(articles), each), len(articles)]
    for number in range(len(bounds) - 1):
        with WarcWriter(folder / "files", site="bench", run_id=f"{number:02}") as writer:
            for one in articles[bounds[number] : bounds[number + 1]]:
                body = one.page_html().encode()
                exchange = Exchange(one.url, datetime.now(UTC), b"GET / HTTP/1.1\r\n\r\n", HEAD, body)
                writer.write_exchange(exchange)
    return sorted((folder / "files").iterdir())


@contextmanager
def running_cluster(
    folder: Path, worker_count: int, environment: dict[str, str], thread_count: int = 1
) -> Iterator[DaskCluster]:
    """Within the block, there are a scheduler and workers on loopback."""
    found = DaskCluster(folder / "dask", environment)
    try:
        found.start_scheduler()
        for _ in range(worker_count):
            found.start_worker(thread_count)
        yield found
    finally:
        found.close()
