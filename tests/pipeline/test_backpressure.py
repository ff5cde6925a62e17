"""What is fast waits for what is slow: little is under way, nothing is lost, and the report says what was slow."""

import json
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event

from benchmarks.process import measure_command
from pipeline import step_time
from pipeline.archive import open_archive, skip_heartbeat
from pipeline.cluster import ITEMS_AHEAD, using
from pipeline.file_import import import_paths
from pipeline.load import load_unloaded
from pipeline.reader import GROUP_COUNT, GROUPS_AHEAD, Reader, ReaderContext, end_idle_process
from pipeline.run import finish_run
from pipeline.run import running as running_run
from pipeline.status import list_quarantine_records
from replica.site import Site
from schemas.report import RunReport
from schemas.settings import Settings
from spiders.warc import Exchange, WarcWriter
from tests.pipeline.dask_cluster import DaskCluster
from tests.pipeline.s3 import running_s3
from tests.waiting import wait_until

ROOT = Path(__file__).parent.parent.parent

ARTICLE_COUNT = 12
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"

ENORMOUS_BYTES = 200_000_000
MOST_BYTES = 900_000_000
"""Of the import's processes together: each takes up to 170 MB, pages that they share included. The enormous page, kept
and sent to one of them, would be there three times."""

DELAY_SECONDS = 0.5
FAST_SECONDS, SLOW_SECONDS = 0.1, 1.0
ITEM_COUNT = 40

MakeSettings = Callable[..., Settings]


@pytest.fixture(autouse=True)
def _ends_the_spare_process() -> Iterator[None]:
    yield
    end_idle_process()


def write_warc(folder: Path, *, enormous_at: int | None = None) -> Path:
    """Write the pages of a site; one of them, by its place, with a body of 200 MB instead."""
    site = Site(ARTICLE_COUNT, bad_pages=False)
    with WarcWriter(folder / "given", site="test", run_id="pressure") as writer:
        for place, article in enumerate(site.articles):
            body = bytes(ENORMOUS_BYTES) if place == enormous_at else article.page_html().encode()
            writer.write_exchange(Exchange(article.url, datetime.now(UTC), b"GET / HTTP/1.1\r\n\r\n", HEAD, body))
    (path,) = (folder / "given").iterdir()
    return path


def import_file(settings: Settings, path: Path) -> RunReport:
    with open_archive(settings, writable=True) as archive:
        return import_paths(archive, [path])


def test_a_slow_database_is_waited_for_and_named(
    make_settings: MakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(step_time, "SLOW_SECONDS", DELAY_SECONDS)
    path = write_warc(tmp_path)
    expected = import_file(make_settings(data_dir=tmp_path / "fast"), path)
    with open_archive(make_settings(), writable=True) as archive, caplog.at_level(logging.WARNING):
        event.listen(archive.database.engine, "commit", lambda _: time.sleep(DELAY_SECONDS))
        report = import_paths(archive, [path])
    assert report.problems == ()
    assert report.outcomes == expected.outcomes
    assert report.waited_seconds["database"] >= DELAY_SECONDS
    assert any(one.endswith(" s for one step of a batch: database") for one in caplog.messages)


@pytest.fixture(scope="module")
def slow_store() -> Iterator[str]:
    """The URL of a store that takes half a second for each request."""
    with running_s3("slow") as proxy:
        proxy.delay_seconds = DELAY_SECONDS
        yield "s3://slow/archive"


def test_a_slow_store_is_waited_for_and_named(make_settings: MakeSettings, tmp_path: Path, slow_store: str) -> None:
    moved = import_file(make_settings(warc_url=slow_store), write_warc(tmp_path))
    assert moved.problems == ()
    assert moved.waited_seconds["offload"] >= DELAY_SECONDS
    # An archive made anew from the store reads every capture there.
    anew = make_settings(data_dir=tmp_path / "anew", warc_url=slow_store)
    with open_archive(anew, writable=True) as archive, running_run(archive, "import", None, {}) as run:
        load_unloaded(archive, run)
        loaded = finish_run(archive, run)
    assert loaded.problems == ()
    assert loaded.outcomes == moved.outcomes
    assert loaded.waited_seconds["files"] >= DELAY_SECONDS


def test_an_enormous_capture_has_its_outcome_and_neither_memory_nor_others_suffer(tmp_path: Path) -> None:
    path = write_warc(tmp_path, enormous_at=4)
    environment = os.environ | {"BROADSHEET_DATA_DIR": str(tmp_path / "data")}
    measured = measure_command([sys.executable, "-m", "cli", "import", str(path), "--json"], environment)
    report = RunReport.model_validate(json.loads(measured.output), strict=False)
    assert report.problems == ()
    assert report.outcomes["quarantined"] == 1
    assert report.outcomes["stored"] + report.outcomes.get("duplicate", 0) == ARTICLE_COUNT - 1
    assert measured.peak_bytes < MOST_BYTES
    with open_archive(Settings(data_dir=tmp_path / "data"), writable=False) as archive:
        [row] = list_quarantine_records(archive)
    assert row.reasons == ("too-large: larger than the limit for a page",)


class Given:
    """Yields the numbers from 1 on, and counts how many were taken."""

    def __init__(self, count: int) -> None:
        self.taken = 0
        self._count = count

    def __iter__(self) -> Iterator[int]:
        while self.taken < self._count:
            self.taken += 1
            yield self.taken


def double(_: ReaderContext, numbers: Sequence[int]) -> Iterator[int]:
    yield from (2 * number for number in numbers)


def test_a_slow_consumer_holds_up_the_reading_processes() -> None:
    count, process_count = 2_000, 2
    most, given = GROUP_COUNT * GROUPS_AHEAD * process_count, Given(count)
    with closing(Reader(ReaderContext(), process_count)) as reader:
        for received, found in enumerate(reader.read_each(double, given, lambda *_: -1), 1):
            assert found == 2 * received
            assert given.taken - received <= most
    assert received == count


def work(number: int) -> tuple[int, str]:
    """Take as long as this worker takes for a shard."""
    pace = os.environ["PACE"]
    time.sleep(SLOW_SECONDS if pace == "slow" else FAST_SECONDS)
    return number, pace


@pytest.fixture
def uneven(tmp_path: Path) -> Iterator[DaskCluster]:
    """A cluster of two workers, of which one takes ten times as long."""
    paths = os.pathsep.join([str(ROOT), os.environ["PYTHONPATH"]])
    found = DaskCluster(tmp_path / "dask", {"PYTHONPATH": paths})
    try:
        found.start_scheduler()
        found.start_worker(PACE="fast")
        found.start_worker(PACE="slow")
        yield found
    finally:
        found.close()


def test_a_worker_ten_times_slower_holds_up_only_its_own_items(uneven: DaskCluster) -> None:
    counts: Counter[str] = Counter()
    given = Given(ITEM_COUNT)
    with using(uneven.url, skip_heartbeat) as cluster:
        wait_until(lambda: cluster.count_workers() == 2)
        for received, (number, pace) in enumerate(cluster.map(work, given), 1):
            assert number == received
            assert given.taken - received < ITEMS_AHEAD * 2
            counts[pace] += 1
    assert counts.total() == ITEM_COUNT
    assert counts["fast"] >= 2 * counts["slow"]


def test_a_report_names_what_a_run_waited_for_if_it_was_long() -> None:
    waited = {"files": 0.4, "reading": 12.0, "database": 340.2, "offload": 3.0}
    assert step_time.describe_waits(waited) == "database 340 s, reading 12 s, offload 3 s"
    assert step_time.describe_waits({"reading": 9.9}) is None
    assert step_time.describe_waits({}) is None
