"""Rereading on the workers of a cluster has the same result as in one process, whatever is killed."""

import logging
import shutil
from collections.abc import Iterator
from itertools import pairwise
from logging.handlers import BufferingHandler
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from pipeline import cluster as clusters
from pipeline.archive import open_archive
from pipeline.cluster import Cluster, ClusterUnusable, find_address
from pipeline.ingest import ingest_once
from pipeline.reprocess import shard
from pipeline.reprocess.reprocess import reprocess
from replica.server import running
from replica.site import Site
from schemas.failure import UsageFailure
from schemas.reprocess import Change, ReprocessReport
from schemas.settings import Settings
from storage.captures.capture import EVERYTHING
from storage.schema.tables import Article, Capture
from tests.pipeline.dask_cluster import DaskCluster, dump


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a small archive, in which every third headline is another than its page has."""
    folder = tmp_path_factory.mktemp("cluster") / "data"
    with running(Site(42, kinds=("article", "opinion", "live", "archive"))) as server:
        settings = Settings(data_dir=folder, contact="test@example.org", delay_seconds=0, origins=dict(server.origins))
        ingest_once(settings, "moscow-times", "sitemaps")
    with open_archive(settings, writable=True) as archive, archive.database.begin() as session:
        session.execute(update(Article).where(Article.capture_id % 3 == 0).values(headline="Planted"))
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder that the workers know: each test puts its own archive there."""
    return tmp_path_factory.mktemp("workers") / "data"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Iterator[DaskCluster]:
    """A cluster of two workers."""
    folder = tmp_path_factory.mktemp("dask")
    found = DaskCluster(folder, {"BROADSHEET_DATA_DIR": str(data)})
    try:
        found.start_scheduler()
        found.start_worker()
        found.start_worker()
        yield found
    finally:
        found.close()


@pytest.fixture
def given(filled: Path, data: Path) -> Settings:
    """The settings that lead to a fresh copy of the archive."""
    shutil.rmtree(data, ignore_errors=True)
    shutil.copytree(filled, data)
    return Settings(data_dir=data)


@pytest.fixture
def alone(filled: Path, tmp_path: Path) -> tuple[ReprocessReport, dict[str, Any]]:
    """What one process reports and writes."""
    folder = tmp_path / "alone"
    shutil.copytree(filled, folder)
    settings = Settings(data_dir=folder)
    return reprocess(settings, apply=True, process_count=1), dump(settings)


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some captures in each shard, so that there are many."""
    monkeypatch.setattr(shard, "SHARD_CAPTURES", 5)


def summarize(report: ReprocessReport) -> dict[str, Any]:
    """Return what a report says of the captures."""
    return report.model_dump(exclude={"started_at", "ended_at", "run"})


@pytest.mark.usefixtures("small_shards")
def test_a_cluster_writes_what_one_process_writes(
    cluster: DaskCluster, given: Settings, alone: tuple[ReprocessReport, dict[str, Any]]
) -> None:
    before = dump(given)
    dry = reprocess(given, on=cluster.url)
    assert dry.changes[Change.CHANGED] > 3
    assert dump(given) == before
    applied = reprocess(given, apply=True, on=cluster.url)
    assert summarize(applied) == summarize(alone[0])
    assert summarize(applied) | {"applied": False} == summarize(dry)
    assert dump(given) == alone[1]
    assert reprocess(given, on=cluster.url).changes.keys() <= {Change.UNCHANGED, Change.QUARANTINED}


def test_shards_are_cut_by_captures_and_bytes_within_a_file(given: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_archive(given, writable=False) as archive:
        with archive.database.read() as session:
            warc_count = session.scalar(select(func.count(func.distinct(Capture.warc)))) or 0
            largest = session.scalar(select(func.max(Capture.length))) or 0
        whole = list(shard.cut_shards(archive, EVERYTHING))
        monkeypatch.setattr(shard, "SHARD_CAPTURES", 7)
        by_count = list(shard.cut_shards(archive, EVERYTHING))
        monkeypatch.setattr(shard, "SHARD_BYTES", largest - 1)
        by_bytes = list(shard.cut_shards(archive, EVERYTHING))
    assert len(whole) <= warc_count < len(by_count) < len(by_bytes)
    assert any(one.first == one.last for one in by_bytes), "a record above the limit is a shard of its own"
    for cut in (by_count, by_bytes):
        assert all(one.first <= one.last < after.first for one, after in pairwise(cut))


@pytest.mark.usefixtures("small_shards")
@pytest.mark.parametrize("kill_count", [3, pytest.param(30, marks=pytest.mark.soak)])
def test_killed_workers_and_schedulers_change_nothing(
    tmp_path: Path, filled: Path, alone: tuple[ReprocessReport, dict[str, Any]], kill_count: int
) -> None:
    data = tmp_path / "data"
    shutil.copytree(filled, data)
    own = DaskCluster(tmp_path / "dask", {"BROADSHEET_DATA_DIR": str(data)})
    own.start_scheduler()
    own.start_worker()
    own.start_worker()
    logged = BufferingHandler(1_000)
    logging.getLogger("distributed.client").addHandler(logged)
    with own.being_killed(kill_count) as killed:
        report = reprocess(Settings(data_dir=data), apply=True, on=own.url)
    assert killed
    assert logged.buffer == [], "no stack is printed: what was lost is said in a line of ours"
    assert summarize(report) == summarize(alone[0])
    assert dump(Settings(data_dir=data)) == alone[1]


def test_a_worker_with_other_rules_is_refused(tmp_path: Path, given: Settings) -> None:
    other_rules = tmp_path / "sites"
    (other_rules / "mine").mkdir(parents=True)
    (other_rules / "mine" / "notes.py").write_text("EXAMPLE = 1\n")
    own = DaskCluster(tmp_path / "dask", {"BROADSHEET_DATA_DIR": str(given.data_dir)})
    try:
        own.start_scheduler()
        own.start_worker(BROADSHEET_SITES_DIR=str(other_rules))
        with pytest.raises(ClusterUnusable, match="other rules"):
            reprocess(given, on=own.url)
    finally:
        own.close()


def make_installation(folder: Path, *, has_metadata: bool) -> str:
    """Return a folder that Python looks into first, with another version of the program, or with other code alone."""
    (folder / "pipeline").mkdir(parents=True)
    (folder / "pipeline" / "__init__.py").touch()
    if has_metadata:
        metadata = folder / "broadsheet-9.9.dist-info" / "METADATA"
        metadata.parent.mkdir()
        metadata.write_text("Metadata-Version: 2.1\nName: broadsheet\nVersion: 9.9\n")
    return str(folder)


@pytest.mark.parametrize(
    ("part", "has_metadata", "told"),
    [
        ("scheduler", True, r"its scheduler has Broadsheet 9\.9"),
        ("worker", True, r"its worker tcp://\S+ has Broadsheet 9\.9"),
        ("scheduler", False, "its scheduler has other code"),
    ],
)
def test_another_program_on_the_cluster_is_refused(
    tmp_path: Path, given: Settings, *, part: str, has_metadata: bool, told: str
) -> None:
    other = {"PYTHONPATH": make_installation(tmp_path / "other", has_metadata=has_metadata)}
    own = DaskCluster(tmp_path / "dask", {"BROADSHEET_DATA_DIR": str(given.data_dir)})
    try:
        own.start_scheduler(**(other if part == "scheduler" else {}))
        own.start_worker(1, **(other if part == "worker" else {}))
        with pytest.raises(ClusterUnusable, match=told):
            reprocess(given, on=own.url)
    finally:
        own.close()


def test_a_worker_with_another_archive_or_none_is_refused(
    cluster: DaskCluster, data: Path, filled: Path, tmp_path: Path
) -> None:
    own = Settings(data_dir=tmp_path / "data")
    shutil.copytree(filled, own.data_dir)
    shutil.rmtree(data, ignore_errors=True)
    with pytest.raises(ClusterUnusable, match="nothing is stored yet in"):
        reprocess(own, on=cluster.url)
    with open_archive(Settings(data_dir=data), writable=True):
        pass
    with pytest.raises(ClusterUnusable, match="lead to another archive"):
        reprocess(own, on=cluster.url)


def test_a_worker_without_the_warc_files_is_refused(tmp_path: Path, given: Settings) -> None:
    database_url = f"sqlite:///{given.data_dir}/broadsheet.db"
    environment = {"BROADSHEET_DATA_DIR": str(tmp_path / "nothing"), "BROADSHEET_DATABASE_URL": database_url}
    own = DaskCluster(tmp_path / "dask", environment)
    try:
        own.start_scheduler()
        own.start_worker()
        with pytest.raises(ClusterUnusable, match=r"worker on .+: it cannot read the WARC file .+: no such file"):
            reprocess(given, on=own.url)
    finally:
        own.close()


@pytest.mark.usefixtures("small_shards")
def test_a_file_that_the_archive_has_lost_is_reported_as_by_one_process(cluster: DaskCluster, given: Settings) -> None:
    next(iter(given.warc_dir.iterdir())).unlink()
    found, expected = reprocess(given, on=cluster.url), reprocess(given, process_count=1)
    assert found.changes[Change.UNREADABLE]
    assert (found.changes, found.problems) == (expected.changes, expected.problems)


def shorten_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "SILENT_SECONDS", 0.5)
    monkeypatch.setattr(clusters, "CONNECT_SECONDS", 1.0)


def test_a_cluster_that_is_not_there_is_told(
    given: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shorten_waits(monkeypatch)
    with pytest.raises(UsageFailure, match=r"no Dask scheduler responds at dask://127\.0\.0\.1:1:"):
        reprocess(given, on="dask://127.0.0.1:1")
    assert "no Dask scheduler responds at dask://127.0.0.1:1 yet: waiting for up to 1 s" in caplog.messages


def test_a_cluster_without_workers_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    own = DaskCluster(tmp_path / "dask", {})
    try:
        own.start_scheduler()
        with Cluster(own.url, lambda: None) as connected:
            shorten_waits(monkeypatch)
            with pytest.raises(UsageFailure, match="has no worker: start one with `dask worker tcp://"):
                connected.wait_for_workers()
    finally:
        own.close()
    assert f"{own.url} has no worker yet: waiting for up to 1 s" in caplog.messages


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("dask://example.org", "tcp://example.org:8786"),
        ("dask://example.org:99/", "tcp://example.org:99"),
        ("dask+tls://[::1]:99", "tls://[::1]:99"),
    ],
)
def test_the_address_of_a_scheduler(url: str, address: str) -> None:
    assert find_address(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "http://example.org:8786",
        "dask://",
        "dask://a:x",
        "dask://a:0",
        "dask://a/b",
        "dask://a?b=c",
        "dask://a#b",
        "dask://me:secret@a",
    ],
)
def test_what_is_no_url_of_a_cluster_is_refused(url: str) -> None:
    with pytest.raises(ClusterUnusable, match="names no cluster"):
        find_address(url)
