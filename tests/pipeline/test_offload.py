"""An archive with its WARC files in S3: moved at the end of a run, read from there, rebuilt from there alone."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fsspec import filesystem

from pipeline.archive import Archive, open_archive
from pipeline.file_import import import_paths
from pipeline.ingest import ingest_once
from pipeline.integrity.audit import audit_archive
from pipeline.integrity.doctor import run_checks
from pipeline.integrity.repair import repair_archive
from pipeline.load import LoadedBatch, load_batch, load_unloaded
from pipeline.recording import record_page
from pipeline.redaction import list_redactions, redact
from pipeline.reprocess.reprocess import reprocess
from pipeline.run import running as running_run
from replica.server import running
from replica.site import Site
from schemas.capture import CaptureRef
from schemas.reprocess import Change
from schemas.settings import Settings
from storage.articles.selection import ArticleFilter, iterate_articles
from storage.warc.remote import StoreUnusable
from tests.pipeline.s3 import running_s3
from tests.proxy import Proxy

MakeSettings = Callable[..., Settings]

URL = "s3://archive/the-moscow-times"


@pytest.fixture(scope="module")
def s3() -> Iterator[Proxy]:
    """Set up an S3 on loopback with an empty bucket; it is configured by the usual AWS variables."""
    with running_s3("archive") as proxy:
        yield proxy


@pytest.fixture(scope="module")
def whole(s3: Proxy, seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:  # noqa: ARG001 - it is there
    """An archive of a crawl and of imported texts; all of their WARC files were moved."""
    with running(Site(24, duplicate_share=0.1)) as server:
        given = {"data_dir": tmp_path_factory.mktemp("whole"), "contact": "test@example.org", "delay_seconds": 0}
        settings = Settings.model_validate(given | {"origins": dict(server.origins), "warc_url": URL})
        report = ingest_once(settings, "moscow-times", "sitemaps")
        assert report.problems == ()
        assert f"1 WARC files were moved to {URL}" in report.notes
        with open_archive(settings, writable=True) as archive:
            assert import_paths(archive, sorted(seeds.glob("*.txt"))).problems == ()
    assert list_here(settings) == []
    return settings


@pytest.fixture(autouse=True)
def _store_as_it_was(whole: Settings) -> Iterator[None]:  # noqa: ARG001 - it has moved its files
    """Remove what a test added to the store, so the next one finds only what the module's archive moved."""
    store = filesystem("s3")
    before = set(store.find("archive"))
    yield
    store.invalidate_cache()
    for path in set(store.find("archive")) - before:
        store.rm_file(path)


@pytest.fixture
def filled(whole: Settings, tmp_path: Path) -> Settings:
    """A copy of its data folder; the store is the same."""
    return take_folder(whole, shutil.copytree(whole.data_dir, tmp_path / "data"))


def list_here(settings: Settings) -> list[Path]:
    return sorted(settings.warc_dir.glob("*.warc.gz"))


def take_folder(settings: Settings, data_dir: Path) -> Settings:
    return Settings.model_validate(settings.model_dump(exclude={"database_url"}) | {"data_dir": data_dir})


def read_records(settings: Settings) -> dict[str, dict[str, object]]:
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        found = {one.id: one.model_dump() for one in iterate_articles(session, ArticleFilter())}
    assert len(found) > 15
    return found


def test_captures_are_read_from_the_store(filled: Settings, tmp_path: Path) -> None:
    assert audit_archive(filled).problems == ()
    report = reprocess(filled, process_count=2)
    assert (report.problems, report.changes.keys() <= {Change.UNCHANGED, Change.QUARANTINED}) == ((), True)
    record_id = next(key for key in read_records(filled) if key.startswith("moscow-times:"))
    with open_archive(filled, writable=False) as archive:
        assert (record_page(archive, record_id, tmp_path / "pages") / "page.html.gz").exists()
    [check] = [one for one in run_checks(filled, is_quick=True) if one.name == "store"]
    assert check.detail.startswith(f"{URL} responds: 2 WARC files")


def test_an_archive_is_rebuilt_from_the_store_alone(whole: Settings, tmp_path: Path) -> None:
    elsewhere = take_folder(whole, tmp_path / "elsewhere")
    repair = repair_archive(elsewhere)
    assert (repair.run.problems, repair.after.problems) == ((), ())
    assert read_records(elsewhere) == read_records(whole)
    assert list_here(elsewhere) == []


def test_a_store_that_fails_while_files_are_loaded_is_one_problem_and_no_loss(
    s3: Proxy, whole: Settings, tmp_path: Path
) -> None:
    elsewhere = take_folder(whole, tmp_path / "elsewhere")

    def load(archive: Archive, run_id: str, name: str) -> LoadedBatch:
        with s3.refusing():
            return load_batch(archive, run_id, name)

    with open_archive(elsewhere, writable=True) as archive, running_run(archive, "repair", None, {}) as run:
        load_unloaded(archive, run, load)
        [problem] = run.problems
        assert problem.startswith(f"2 WARC files in the store are still to be loaded: {URL} does not answer")
    assert repair_archive(elsewhere).after.problems == ()
    assert read_records(elsewhere) == read_records(whole)


def test_an_archive_whose_files_were_moved_is_not_opened_without_the_store(filled: Settings) -> None:
    forgetful = filled.model_copy(update={"warc_url": ""})
    with pytest.raises(StoreUnusable, match=f"BROADSHEET_WARC_URL is not set.*{URL}"):
        repair_archive(forgetful)


def test_two_data_folders_share_a_store_and_a_database(whole: Settings, seeds: Path, tmp_path: Path) -> None:
    store = (tmp_path / "store").as_uri()
    shared = {"database_url": f"sqlite:///{tmp_path / 'shared.db'}", "warc_url": store}
    both = [
        Settings.model_validate(whole.model_dump() | shared | {"data_dir": tmp_path / name}) for name in ("one", "two")
    ]
    for settings, seed in zip(both, sorted(seeds.glob("*.txt")), strict=False):
        with open_archive(settings, writable=True) as archive:
            assert import_paths(archive, [seed]).problems == ()
    for settings in both:
        assert (audit_archive(settings).problems, reprocess(settings, process_count=1).read_count) == ((), 2)


def test_files_wait_for_an_unresponsive_store_and_nothing_counts_as_lost(
    s3: Proxy, filled: Settings, seeds: Path, tmp_path: Path
) -> None:
    text = tmp_path / "text.txt"
    text.write_text(next(seeds.glob("001*")).read_text(encoding="utf-8").replace("Moscow", "Moskva"), encoding="utf-8")
    with s3.refusing():
        with open_archive(filled, writable=True) as archive:
            report = import_paths(archive, [text])
        assert len(report.problems) == 2
        assert all(f"{URL} does not answer" in problem for problem in report.problems)
        assert (report.outcomes["duplicate"], len(list_here(filled))) == (1, 1)
        again = reprocess(filled, process_count=1)
        assert (len(again.problems), again.changes[Change.UNREADABLE]) == (1, again.read_count - 1)
        repair = repair_archive(filled)
        assert (repair.repaired, repair.after.lost_articles) == ((), {})
        assert "2 WARC files, the first of them" in "; ".join(repair.after.problems)
        assert not next(one for one in run_checks(filled, is_quick=True) if one.name == "store").ok
    assert audit_archive(filled).problems == ()
    [waiting] = list_here(filled)
    data = waiting.read_bytes()
    with open_archive(filled, writable=True) as archive:
        assert import_paths(archive, [text]).problems == ()
        with archive.warcs.open(waiting.name) as moved:
            assert moved.read() == data
    assert not waiting.exists()


@pytest.mark.usefixtures("s3")
def test_a_missing_bucket_is_named_and_not_created(make_settings: MakeSettings, seeds: Path) -> None:
    settings = make_settings(warc_url="s3://misspelt/x")
    with open_archive(settings, writable=True) as archive:
        report = import_paths(archive, [next(seeds.glob("001*"))])
    assert [problem.rpartition(": ")[2] for problem in report.problems] == ["there is no misspelt"] * 2
    assert len(list_here(settings)) == 1
    assert not filesystem("s3").exists("misspelt")


def test_a_redaction_lies_in_the_store_too_and_erases_there(whole: Settings, filled: Settings, tmp_path: Path) -> None:
    store = filesystem("s3")
    kept = {path: store.cat_file(path) for path in store.find("archive")}
    try:
        record_id, article = next((key, one) for key, one in read_records(filled).items() if key.startswith("moscow"))
        ref = CaptureRef.model_validate(article["capture"])
        report = redact(filled, record_id, "a request", erase=True)
        assert (report.problems, report.erased_count > 0) == ((), True)
        store.invalidate_cache()
        path = f"{URL.removeprefix('s3://')}/{ref.warc}"
        before, after = kept[path], store.cat_file(path)
        assert len(after) == len(before)
        assert after[ref.offset : ref.offset + ref.length] != before[ref.offset : ref.offset + ref.length]
        assert article["url"] not in store.cat_file(f"{path}.cdxj").decode()
        assert list_here(filled) == []
        elsewhere = take_folder(whole, tmp_path / "elsewhere")
        repair = repair_archive(elsewhere)
        assert (repair.run.problems, repair.after.problems) == ((), ())
        assert read_records(elsewhere).keys() == read_records(filled).keys()
        assert [one.id for one in list_redactions(elsewhere)] == [record_id]
    finally:
        for path, data in kept.items():
            store.pipe_file(path, data)


def test_an_erasure_that_the_store_interrupts_is_completed_later(s3: Proxy, filled: Settings) -> None:
    store = filesystem("s3")
    kept = {path: store.cat_file(path) for path in store.find("archive")}
    try:
        record_id = next(key for key in read_records(filled) if key.startswith("moscow"))
        with s3.refusing():
            report = redact(filled, record_id, "a request", erase=True)
        assert len(report.problems) > 1
        assert record_id not in read_records(filled)
        report = redact(filled, record_id, None, erase=True)
        assert report.problems == ()
        assert audit_archive(filled).problems == ()
        assert list_here(filled) == []
    finally:
        for path, data in kept.items():
            store.pipe_file(path, data)
