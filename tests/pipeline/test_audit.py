"""What the doctor finds and repairs: a lost database, unknown or missing captures, wrong states."""

import gzip
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from pipeline.archive import open_archive
from pipeline.file_import import import_paths
from pipeline.ingest import ingest_once
from pipeline.integrity.audit import audit_archive
from pipeline.integrity.doctor import run_checks
from pipeline.integrity.repair import repair_archive
from replica.server import running
from replica.site import Site
from schemas.capture import MAX_HEAD_BYTES
from schemas.outcome import State
from schemas.search import SearchFilter
from schemas.settings import Settings
from storage.articles.selection import ArticleFilter, iterate_articles
from storage.engine import DatabaseDamaged
from storage.schema import tables
from storage.search.finding import search_articles
from storage.search.query import read_query
from tests.damage import damage_page
from tests.pipeline.killing import find_breaches
from tests.storage.warc_sample import make_record

Ledger = set[tuple[str, State]]


@pytest.fixture(scope="module")
def whole(site: Site, seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An archive of two WARC files: a crawl's, and one of imported texts."""
    with running(site) as server:
        settings = Settings(
            data_dir=tmp_path_factory.mktemp("whole"),
            contact="test@example.org",
            delay_seconds=0,
            concurrency=8,
            origins=dict(server.origins),
        )
        assert ingest_once(settings, "moscow-times", "sitemaps").problems == ()
        with open_archive(settings, writable=True) as archive:
            import_paths(archive, sorted(seeds.glob("*.txt")))
        yield settings


@pytest.fixture
def filled(whole: Settings, tmp_path: Path) -> Settings:
    """A copy of it."""
    data_dir = shutil.copytree(whole.data_dir, tmp_path / "data")
    return Settings.model_validate(whole.model_dump(exclude={"database_url"}) | {"data_dir": data_dir})


def read_records(settings: Settings) -> dict[str, dict[str, Any]]:
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        found = iterate_articles(session, ArticleFilter(include_duplicates=True))
        return {one.id: one.model_dump(mode="json") for one in found}


def list_ledger(settings: Settings) -> Ledger:
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        return {(row.key, row.state) for row in session.execute(select(tables.Entry.key, tables.Entry.state))}


def change(settings: Settings, *statements: Any) -> None:
    with open_archive(settings, writable=True) as archive, archive.database.begin() as session:
        for statement in statements:
            session.execute(statement)


def find_warc(settings: Settings, part: str) -> Path:
    [path] = settings.warc_dir.glob(f"*{part}*")
    return path


def test_a_sound_archive_needs_no_repair(filled: Settings) -> None:
    report = audit_archive(filled)
    assert report.problems == ()
    assert sum(one.capture_count for one in report.files) > 50
    repair = repair_archive(filled)
    assert (repair.repaired, repair.run.outcomes) == ((), {})


def test_a_lost_database_is_rebuilt_from_the_warc_files_alone(filled: Settings) -> None:
    records, ledger = read_records(filled), list_ledger(filled)
    for path in filled.data_dir.glob("broadsheet.db*"):
        path.unlink()
    repair = repair_archive(filled)
    assert repair.after.problems == ()
    assert read_records(filled) == records
    assert list_ledger(filled) == find_waiting(ledger)
    assert list(find_breaches(filled)) == []


def test_captures_missing_in_the_database_are_reloaded(filled: Settings) -> None:
    records = read_records(filled)
    article, capture = tables.Article, tables.Capture
    chosen = select(article.capture_id).order_by(article.id).limit(5)
    with open_archive(filled, writable=False) as archive, archive.database.read() as session:
        captures = set(session.scalars(chosen))
    change(
        filled,
        delete(article).where(article.capture_id.in_(captures)),
        delete(tables.RightsRow).where(tables.RightsRow.capture_id.in_(captures)),
        delete(capture).where(capture.id.in_(captures)),
    )
    problems = audit_archive(filled).problems
    assert any("5 captures are not in the database" in problem for problem in problems)
    assert any("stored entries without an article" in problem for problem in problems)
    repair = repair_archive(filled)
    assert repair.after.problems == ()
    assert repair.repaired[0] == "5 captures were loaded from WARC files"
    assert read_records(filled).keys() == records.keys()


def run_sql(settings: Settings, *statements: str) -> None:
    """Run SQL as if by hand in the database's shell, without foreign keys."""
    with closing(sqlite3.connect(settings.data_dir / "broadsheet.db")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize("numbers_are", ["free", "given to others"])
def test_dangling_references_to_captures_are_resolved(filled: Settings, numbers_are: str) -> None:
    records = read_records(filled)
    # Some of each kind, whatever their numbers are: articles', those of what was quarantined, the newest ones.
    run_sql(
        filled,
        "DELETE FROM capture WHERE id IN (SELECT capture_id FROM quarantine)",
        "DELETE FROM capture WHERE id % 5 = 0 OR id > (SELECT max(id) - 8 FROM capture)",
    )
    if numbers_are == "given to others":
        assert ingest_once(filled, "moscow-times", "feeds").problems == ()
    problems = audit_archive(filled).problems
    assert any("articles of which a revision's capture is unknown" in problem for problem in problems)
    assert any("rows whose capture is unknown" in problem for problem in problems)
    repair = repair_archive(filled)
    assert (repair.after.problems, repair.after.notes) == ((), ())
    assert read_records(filled) == records
    assert repair_archive(filled).repaired == ()


def test_lost_articles_are_reread_from_their_captures(filled: Settings) -> None:
    records = read_records(filled)
    change(filled, delete(tables.Article).where(tables.Article.entry_id.is_not(None)))
    repair = repair_archive(filled)
    assert repair.after.problems == ()
    assert read_records(filled) == records


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET state = 'failed' WHERE state = 'stored'",
        "UPDATE entry SET state = 'stored' WHERE state IN ('excluded', 'quarantined')",
        "UPDATE entry SET state = 'stored', rule = NULL WHERE state = 'excluded'",
        "UPDATE entry SET state = 'stored'",
    ],
)
def test_wrong_states_are_corrected(filled: Settings, statement: str) -> None:
    ledger = list_ledger(filled)
    run_sql(filled, statement)
    assert audit_archive(filled).problems
    repair = repair_archive(filled)
    assert repair.after.problems == ()
    assert list_ledger(filled) == (ledger if "WHERE" in statement else find_waiting(ledger))


def test_lost_entries_are_rebuilt(filled: Settings) -> None:
    records, ledger = read_records(filled), list_ledger(filled)
    due = list_due_times(filled)
    run_sql(filled, "DELETE FROM entry")
    assert any("entries that are not in the ledger" in problem for problem in audit_archive(filled).problems)
    repair = repair_archive(filled)
    assert repair.after.problems == ()
    assert read_records(filled) == records
    assert list_ledger(filled) == find_waiting(ledger)
    assert list_due_times(filled) == due


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM alias",
        "DELETE FROM sighting WHERE id % 3 = 0",
        "UPDATE alias SET advertised_site = NULL WHERE id % 3 = 0",
    ],
)
def test_lost_urls_are_rebuilt(filled: Settings, statement: str) -> None:
    addresses, ledger = list_urls(filled), list_ledger(filled)
    run_sql(filled, statement)
    assert any("URLs were advertised" in problem for problem in audit_archive(filled).problems)
    repair = repair_archive(filled)
    assert repair.after.problems == ()
    assert list_urls(filled) == addresses
    assert list_ledger(filled) == ledger


def list_urls(settings: Settings) -> tuple[set[Any], set[Any]]:
    """Return owner and advertised owner of each URL; which source names it, and what it says."""
    owners = select(tables.Alias.url, tables.Entry.key, tables.Alias.advertised_site).join(tables.Entry)
    sighting = tables.Sighting
    sightings = select(sighting.url, sighting.site, sighting.source_url, sighting.title, sighting.published_at)
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        return {tuple(row) for row in session.execute(owners)}, {tuple(row) for row in session.execute(sightings)}


def list_due_times(settings: Settings) -> dict[str, tuple[Any, ...]]:
    """Return the due times of entries with an article."""
    columns = select(tables.Entry).where(tables.Entry.state.in_({State.STORED, State.DUPLICATE}))
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        return {row.key: (row.next_try_at, row.url, row.published_at) for row in session.scalars(columns)}


def find_waiting(ledger: Ledger) -> Ledger:
    """Return the waiting entries; a blocked one leaves no trace but its state, which the next run finds again."""
    found: Ledger = {(key, State.PENDING if state is State.BLOCKED else state) for key, state in ledger}
    assert found != ledger
    return found


def test_a_record_of_the_crawl_that_was_never_read_is_reported_until_it_is_marked_as_lost(
    filled: Settings, site: Site
) -> None:
    path = find_warc(filled, "moscow-times-")
    # A head that no reader takes: as a crawl wrote it whose own limit was another.
    block = b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * MAX_HEAD_BYTES + b"\r\n\r\n<p>A page."
    path.write_bytes(path.read_bytes() + gzip.compress(make_record(block)))
    with running(site) as server:
        again = filled.model_copy(update={"origins": dict(server.origins)})
        assert any("damaged record skipped" in problem for problem in ingest_once(again, "moscow-times", None).problems)
    [problem] = audit_archive(filled).problems
    assert problem.startswith(f"{path.name}: 1 records of the crawl were never read: at ")
    repair = repair_archive(filled)
    assert repair.repaired == ("1 records of the crawl that were never read were marked as lost",)
    assert (repair.after.problems, len(repair.after.notes)) == ((), 1)


def test_an_article_that_differs_from_its_digest_is_reread(filled: Settings) -> None:
    records = read_records(filled)
    run_sql(filled, "UPDATE article SET body = 'tampered', headline = 'Tampered' WHERE rowid % 2 = 0")
    changed = {key for key, one in read_records(filled).items() if one != records[key]}
    [problem] = audit_archive(filled).problems
    assert problem.startswith(f"{len(changed)} articles whose body does not match its digest: ")
    repair = repair_archive(filled)
    assert (repair.repaired, repair.after.problems) == (
        (f"{len(changed)} articles were rebuilt from captures",),
        (),
    )
    assert read_records(filled) == records
    assert {key for key, one in records.items() if key.startswith("text:")} & changed


def test_a_damaged_capture_is_replaced_by_a_stored_one_with_the_same_content(filled: Settings, tmp_path: Path) -> None:
    copy = shutil.copy(find_warc(filled, "moscow-times-"), tmp_path / "copy.warc.gz")
    with open_archive(filled, writable=True) as archive:
        import_paths(archive, [Path(copy)])
    records = read_records(filled)
    victim = next(one for one in records.values() if one["capture"]["warc"].startswith("moscow-times-"))
    damage(filled, victim["capture"])
    change(filled, update(tables.Article).where(tables.Article.id == victim["id"]).values(body="tampered"))
    repair = repair_archive(filled)
    assert (repair.after.problems, len(repair.after.notes)) == ((), 1)
    present = read_records(filled)[victim["id"]]
    assert {name for name in present if present[name] != victim[name]} == {"capture"}


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM search WHERE number % 2 = 0",
        "UPDATE search SET revision = 7",
        "UPDATE search SET article_id = number",
    ],
)
def test_a_stale_search_index_is_rebuilt(filled: Settings, statement: str) -> None:
    found = find_all(filled)
    assert found
    run_sql(filled, statement)
    [problem] = audit_archive(filled).problems
    assert "articles that are missing or outdated in the search index" in problem
    repair = repair_archive(filled)
    assert (repair.after.problems, repair.repaired) == ((), ("the search index was rebuilt",))
    assert find_all(filled) == found


def test_lost_words_are_rebuilt(filled: Settings) -> None:
    run_sql(filled, "DELETE FROM search_word WHERE word > 'm'")
    [problem] = audit_archive(filled).problems
    assert "words that are not found by their other forms" in problem
    repair = repair_archive(filled)
    assert (repair.after.problems, len(repair.repaired)) == ((), 1)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM search_index_data WHERE id > 10",
        "UPDATE search_index_data SET block = zeroblob(length(block)) WHERE id > 10",
        "INSERT INTO search_index (search_index) VALUES ('delete-all')",
        "UPDATE search SET document = 'other words' WHERE number % 2 = 0",
    ],
)
def test_an_inconsistent_search_index_is_rebuilt_before_articles_are_repaired(filled: Settings, statement: str) -> None:
    records, found = read_records(filled), find_all(filled)
    assert found
    run_sql(filled, statement, "UPDATE article SET body = 'tampered' WHERE capture_id % 2 = 0")
    problems = audit_archive(filled).problems
    assert "the search index contradicts itself" in problems
    repair = repair_archive(filled)
    assert repair.after.problems == ()
    assert repair.repaired[0] == "the search index was rebuilt"
    assert read_records(filled) == records
    assert find_all(filled) == found


def test_a_damaged_database_is_not_touched_and_rebuilt_once_it_is_moved_away(filled: Settings) -> None:
    records = read_records(filled)
    database = filled.data_dir / "broadsheet.db"
    damage_page(database, "ix_article_fetched")
    damaged = database.read_bytes()
    for look in (audit_archive, repair_archive):
        with pytest.raises(DatabaseDamaged, match="or move it away"):
            look(filled)
    [check] = [check for check in run_checks(filled) if check.name == "integrity"]
    assert not check.ok
    assert "is damaged" in check.detail
    assert database.read_bytes() == damaged
    for path in filled.data_dir.glob("broadsheet.db*"):
        path.rename(filled.data_dir / f"aside-{path.name}")
    assert repair_archive(filled).after.problems == ()
    assert read_records(filled) == records


def test_texts_missing_from_the_comparison_are_all_compared_again(filled: Settings) -> None:
    records = read_records(filled)
    assert any(one["duplicate_of"] for one in records.values())
    tampered = "UPDATE article SET body = 'tampered' WHERE capture_id % 2 = 0"
    run_sql(filled, "DELETE FROM article_text WHERE id > 5", "DELETE FROM near_duplicate_pair", tampered)
    assert any(
        "articles whose text is missing from the LSH index" in problem for problem in audit_archive(filled).problems
    )
    repair = repair_archive(filled)
    assert repair.after.problems == ()
    assert "all texts were compared again for near-duplicates" in repair.repaired
    assert read_records(filled) == records


@pytest.mark.parametrize("statement", ["DELETE FROM lsh_key_level_0", "DELETE FROM article_text"])
def test_near_duplicate_keys_are_rebuilt(filled: Settings, statement: str) -> None:
    records = read_records(filled)
    run_sql(filled, statement)
    assert audit_archive(filled).problems
    repair = repair_archive(filled)
    assert (repair.after.problems, repair.repaired) == ((), ("all texts were compared again for near-duplicates",))
    assert read_records(filled) == records


def find_all(settings: Settings) -> list[str]:
    with open_archive(settings, writable=False) as archive:
        hits = search_articles(archive.database, read_query("the"), SearchFilter(limit=100))
        return [hit.id for hit in hits]


def test_missing_captures_are_fetched_again(filled: Settings) -> None:
    warc = find_warc(filled, "moscow-times-")
    whole = warc.read_bytes()
    warc.write_bytes(whole[: len(whole) // 2])
    found = audit_archive(filled)
    assert len(found.lost_articles) > 10
    assert "there is no such record" in found.problems[0]
    repair = repair_archive(filled)
    count = len(found.lost_articles)
    assert repair.repaired[1] == f"{count} pages whose capture is lost are due again"
    assert repair.after.lost_articles.keys() == found.lost_articles.keys()
    report = ingest_once(filled, "moscow-times", "feeds")
    assert report.page_count >= count
    assert audit_archive(filled).problems == ()
    (filled.data_dir / "elsewhere").mkdir()
    warc.rename(filled.data_dir / "elsewhere" / warc.name)
    assert "no such file" in audit_archive(filled).problems[0]


def damage(settings: Settings, capture: dict[str, Any]) -> None:
    """Make a record unreadable without changing the file's length."""
    path = settings.warc_dir / capture["warc"]
    data = bytearray(path.read_bytes())
    start = capture["offset"] + capture["length"] // 2
    data[start : start + 40] = bytes(byte ^ 0xFF for byte in data[start : start + 40])
    path.write_bytes(data)


def test_a_damaged_capture_is_replaced_by_a_new_one_with_the_same_content(filled: Settings) -> None:
    records = read_records(filled)
    victim = next(one for one in records.values() if one["capture"]["warc"].startswith("moscow-times-"))
    intact = (filled.warc_dir / victim["capture"]["warc"]).read_bytes()
    damage(filled, victim["capture"])
    assert list(audit_archive(filled).lost_articles) == [victim["id"]]
    assert list(repair_archive(filled).after.lost_articles) == [victim["id"]]
    outcomes = ingest_once(filled, "moscow-times", "feeds").outcomes  # which would ask for what it knows conditionally
    assert (outcomes["unchanged"], outcomes.get("revised")) == (1, None)
    report = audit_archive(filled)
    assert (report.problems, len(report.notes)) == ((), 1)
    present = read_records(filled)[victim["id"]]
    moved = {"capture", "fetched_at"}
    assert {name for name in present if present[name] != victim[name]} == moved
    assert repair_archive(filled).repaired == ()
    (filled.warc_dir / victim["capture"]["warc"]).write_bytes(intact)
    assert "1 captures that were lost are there again" in audit_archive(filled).problems[0]
    assert repair_archive(filled).after.notes == ()


MakeSettings = Callable[..., Settings]


def test_an_unloaded_file_is_not_a_fault(filled: Settings, make_settings: MakeSettings, tmp_path: Path) -> None:
    elsewhere = make_settings(data_dir=tmp_path / "elsewhere")
    with open_archive(elsewhere, writable=True):
        pass
    warc = find_warc(filled, "moscow-times-")
    (elsewhere.warc_dir / warc.name).write_bytes(warc.read_bytes())
    report = audit_archive(elsewhere)
    assert (report.problems, report.unloaded_count) == ((), 1)
