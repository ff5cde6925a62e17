"""Importing WARC files on the workers of a cluster has the same result as in one process, whatever is killed."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from fsspec import filesystem

from pipeline import section
from pipeline.archive import open_archive
from pipeline.cluster import ClusterUnusable
from pipeline.file_import import import_paths
from pipeline.ingest import ingest_once
from pipeline.reprocess import shard
from pipeline.reprocess.reprocess import reprocess
from replica.server import running
from replica.site import Site
from schemas.outcome import Outcome
from schemas.report import RunReport
from schemas.reprocess import Change
from schemas.settings import Settings
from sites import PUBLISHERS
from spiders.warc import Exchange, WarcWriter
from tests.object_store import running_s3
from tests.pipeline.dask_cluster import DaskCluster, dump
from tests.pipeline.test_reader import make_hanging
from tests.postgresql import PostgreSQL

LIMIT_SECONDS = 3.0
"""Processor time for a capture: several times what a process needs for its first page."""

SITE = Site(42, kinds=("article", "opinion", "live", "archive"), duplicate_share=0.1)
SLOW = next(one.head.headline for one in SITE.articles if "/20" in one.url)
"""The headline of an article that our rules here never finish reading."""

RULES = f"""
from dataclasses import replace
from re import compile, escape
from sites.moscow_times import PUBLISHER as ORIGINAL

FOR_EVER = compile(rf"^(?={{escape({SLOW!r})}}$)(?:.|.)+!$")
PUBLISHER = replace(ORIGINAL, page=replace(ORIGINAL.page, title_suffix=FOR_EVER))
"""

URL = "s3://archive/warc"


class Imported(NamedTuple):
    """What an import in one process reports and writes."""

    report: RunReport
    tables: dict[str, Any]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Path]:
    """WARC files: of a crawl, and of later versions of its pages."""
    folder = tmp_path_factory.mktemp("files")
    with running(SITE) as server:
        crawled = Settings(data_dir=folder / "crawled", contact="test@example.org", origins=dict(server.origins))
        ingest_once(crawled.model_copy(update={"delay_seconds": 0}), "moscow-times", "sitemaps")
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    at = datetime.now(UTC)
    pages = [(one.url, one.page_html().replace(" the ", " that ")) for one in SITE.articles]
    with WarcWriter(folder / "later", site="test", run_id="later") as writer:
        for url, page in pages:
            writer.write_exchange(Exchange(url, at, b"GET / HTTP/1.1\r\n\r\n", head, page.encode()))
    return sorted([*(folder / "crawled" / "warc").glob("*.warc.gz"), *(folder / "later").glob("*.warc.gz")])


@pytest.fixture(autouse=True)
def _small_sections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some captures in each section, so that there are many."""
    monkeypatch.setattr(section, "BATCH_CAPTURES", 5)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of rules by which one article is too slow to be read."""
    folder = tmp_path_factory.mktemp("rules")
    (folder / "slow").mkdir()
    (folder / "slow" / "__init__.py").write_text(RULES)
    return folder


def import_files(settings: Settings, files: Sequence[Path], on: str | None = None) -> Imported:
    publishers = make_hanging(SLOW) if settings.sites_dir else PUBLISHERS
    opening = open_archive(settings, writable=True, reading_seconds=LIMIT_SECONDS, publishers=publishers)
    with opening as archive:
        report = import_paths(archive, files, on)
    return Imported(report, dump(settings))


@pytest.fixture(scope="module")
def alone(files: Sequence[Path], rules: Path, tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """What one process imports."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(section, "BATCH_CAPTURES", 5)
        return import_files(Settings(data_dir=tmp_path_factory.mktemp("alone"), sites_dir=rules), files)


def audit_same(found: Imported, expected: Imported) -> None:
    assert found.tables == expected.tables
    of_a_run = {"run_id", "started_at", "ended_at", "notes", "waited_seconds"}
    assert found.report.model_dump(exclude=of_a_run) == expected.report.model_dump(exclude=of_a_run)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder that the workers know: each test begins without it."""
    return tmp_path_factory.mktemp("workers") / "data"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, data: Path, rules: Path) -> Iterator[DaskCluster]:
    """A cluster of two workers."""
    environment = {"BROADSHEET_DATA_DIR": str(data), "BROADSHEET_SITES_DIR": str(rules)}
    found = DaskCluster(tmp_path_factory.mktemp("dask"), environment)
    try:
        found.start_scheduler()
        found.start_worker()
        found.start_worker()
        yield found
    finally:
        found.close()


@pytest.fixture
def settings(data: Path, rules: Path) -> Settings:
    shutil.rmtree(data, ignore_errors=True)
    return Settings(data_dir=data, sites_dir=rules)


def test_a_cluster_imports_what_one_process_imports(
    cluster: DaskCluster, settings: Settings, files: Sequence[Path], alone: Imported
) -> None:
    found = import_files(settings, files, cluster.url)
    audit_same(found, alone)
    assert alone.report.outcomes["revised"] > 10
    reasons = [reason for row in alone.tables["quarantine"] for reason in row["reasons"]]
    assert f"reader-failed: it took more than {LIMIT_SECONDS:g} s of processor time" in reasons
    again = import_files(settings, files, cluster.url)
    assert again.tables == alone.tables
    assert again.report.outcomes == {}


def test_an_interrupted_import_is_continued_on_a_cluster(
    cluster: DaskCluster,
    settings: Settings,
    files: Sequence[Path],
    alone: Imported,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts = iter(range(100))

    def interrupt(*_: object) -> list[Outcome]:
        if next(counts) == 4:
            raise KeyboardInterrupt
        return []

    with monkeypatch.context() as patch:
        patch.setattr("pipeline.load.read_former", interrupt)
        with pytest.raises(KeyboardInterrupt):
            import_files(settings, files)
    assert dump(settings)["capture"]
    assert import_files(settings, files, cluster.url).tables == alone.tables


@pytest.mark.parametrize("kill_count", [3, pytest.param(20, marks=pytest.mark.soak)])
def test_killed_workers_and_schedulers_change_nothing(
    tmp_path: Path, files: Sequence[Path], rules: Path, alone: Imported, kill_count: int
) -> None:
    settings = Settings(data_dir=tmp_path / "data", sites_dir=rules)
    environment = {"BROADSHEET_DATA_DIR": str(settings.data_dir), "BROADSHEET_SITES_DIR": str(rules)}
    own = DaskCluster(tmp_path / "dask", environment)
    own.start_scheduler()
    own.start_worker()
    own.start_worker()
    with own.being_killed(kill_count) as killed:
        found = import_files(settings, files, own.url)
    assert killed
    audit_same(found, alone)


def test_what_is_no_warc_file_any_more_is_a_problem_as_in_one_process(
    cluster: DaskCluster, settings: Settings, files: Sequence[Path], alone: Imported
) -> None:
    with open_archive(settings, writable=True):
        (settings.warc_dir / "import-0.warc.gz").write_bytes(b"no WARC file")
    found = import_files(settings, files, cluster.url)
    assert found.tables == alone.tables
    problem = "import-0.warc.gz is among the WARC files but is not one: import-0.warc.gz is not a WARC file"
    assert found.report.problems == (problem,)


@contextmanager
def started(folder: Path, **environment: object) -> Iterator[DaskCluster]:
    """Within the block, there is a cluster of one worker with these settings."""
    found = DaskCluster(
        folder / "dask", {f"BROADSHEET_{name.upper()}": str(value) for name, value in environment.items()}
    )
    try:
        found.start_scheduler()
        found.start_worker()
        yield found
    finally:
        found.close()


def test_a_worker_that_cannot_read_the_file_is_refused(tmp_path: Path, files: Sequence[Path]) -> None:
    database_url = f"sqlite:///{tmp_path}/archive.db"
    with started(tmp_path, data_dir=tmp_path / "nothing", database_url=database_url) as cluster:
        refused = pytest.raises(ClusterUnusable, match=r"the worker on .+: it cannot read import-.+: No such file")
        with refused:
            import_files(Settings(data_dir=tmp_path / "data", database_url=database_url), files, cluster.url)


@pytest.fixture(scope="module")
def s3() -> Iterator[None]:
    """Set up an S3 on loopback with an empty bucket; it is configured by the usual AWS variables."""
    with running_s3() as variables, pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        filesystem("s3").mkdir("archive")
        yield


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    server = PostgreSQL()
    yield server
    server.stop()


@pytest.mark.usefixtures("s3")
def test_workers_with_postgresql_and_s3_alone_read_the_same(
    tmp_path: Path, files: Sequence[Path], postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("alone", "shared"):
        postgresql.create(name)
    alone = import_files(Settings(data_dir=tmp_path / "alone", database_url=postgresql.url("alone")), files)
    settings = Settings(data_dir=tmp_path / "data", database_url=postgresql.url("shared"), warc_url=URL)
    shared = {"database_url": settings.database_url, "warc_url": URL}
    monkeypatch.setattr(shard, "SHARD_CAPTURES", 5)
    with started(tmp_path, data_dir=tmp_path / "nothing", **shared) as cluster:
        found = import_files(settings, files, cluster.url)
        assert found.tables == alone.tables
        assert list(settings.warc_dir.glob("*.warc.gz")) == []
        reports = [reprocess(settings, on=on, reading_seconds=LIMIT_SECONDS) for on in (cluster.url, None)]
    of_a_run = {"started_at", "ended_at"}
    assert reports[0].model_dump(exclude=of_a_run) == reports[1].model_dump(exclude=of_a_run)
    assert reports[0].changes[Change.UNCHANGED] > 10
    assert not (tmp_path / "nothing").exists()
