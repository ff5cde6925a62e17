"""Measures reprocessing with two processes beside one, over the same captures in one run."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.ingest import ingest_once
from pipeline.reprocess.reprocess import reprocess
from replica.server import running
from replica.site import Site
from schemas.reprocess import Change, ReprocessReport
from schemas.settings import Settings

CAPTURE_COUNT = 2_000
ROUND_COUNT = 3
TARGET = 1.8
SAME = frozenset({Change.UNCHANGED, Change.QUARANTINED})


def main() -> bool:
    """Measure and print; return whether the target is met and nothing changes."""
    with TemporaryDirectory() as folder, running(Site(CAPTURE_COUNT)) as server:
        settings = Settings(
            contact="bench@example.org",
            data_dir=Path(folder),
            origins=dict(server.origins),
            delay_seconds=0,
            concurrency=16,
        )
        ingest_once(settings, "moscow-times", "sitemaps")
        rounds = [(_measure(settings, 1), _measure(settings, 2)) for _ in range(ROUND_COUNT)]
    one, two = (min(seconds for seconds, _ in column) for column in zip(*rounds, strict=True))
    report = rounds[-1][1][1]
    print(f"captures read again      {report.read_count:9}")
    print(f"one process              {one:9.2f} s  {report.read_count / one:6.0f} a second")
    print(f"two processes            {two:9.2f} s  {report.read_count / two:6.0f} a second")
    print(f"two beside one           {one / two:9.2f}   target {TARGET:g} or more")
    changed_count = sum(report.changes.get(change, 0) for change in Change if change not in SAME)
    print(f"records that change      {changed_count:9}   target 0")
    return one / two >= TARGET and changed_count == 0


def _measure(settings: Settings, process_count: int) -> tuple[float, ReprocessReport]:
    """Return seconds of wall-clock time, including the start of the processes, and the report."""
    began_at = time.perf_counter()
    report = reprocess(settings, process_count=process_count)
    return time.perf_counter() - began_at, report
