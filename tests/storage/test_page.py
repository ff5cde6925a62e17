"""Damaged database files are reported as such, and not as any other fault."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from schemas.search import SearchFilter
from storage.articles.selection import ArticleFilter, iterate_articles
from storage.copying.database_copy import copy_database
from storage.engine import Database, DatabaseDamaged, DatabaseUnreachable, open_database
from storage.integrity.page import audit_pages, is_index_sound, rebuild_search
from storage.ledger.batches import Storage
from storage.ledger.quarantine import list_quarantine
from storage.search.finding import search_articles
from storage.search.query import read_query
from tests.damage import damage_page
from tests.storage.sample import at, identify, read

NOW = datetime(2026, 11, 22, tzinfo=UTC)
COUNT = 200


@pytest.fixture
def path(tmp_path: Path, new_file: Path) -> Path:
    """A SQLite database with some articles, all in one file."""
    path = tmp_path / "archive.db"
    path.write_bytes(new_file.read_bytes())
    database = open_database(f"sqlite:///{path}")
    texts = [read(number, number, f"Text number {number}. {'A word of it. ' * 60}") for number in range(COUNT)]
    assert Storage(database, None).store(texts, NOW).problems == []
    database.close()
    return path


def execute(database: Database, *statements: str) -> None:
    with database.begin() as session:
        for statement in statements:
            session.execute(text(statement))


def list_ids(database: Database) -> list[str]:
    with database.read() as session:
        return [one.id for one in iterate_articles(session, ArticleFilter())]


def test_an_intact_database_passes(database: Database) -> None:
    audit_pages(database)
    assert is_index_sound(database)


@pytest.mark.parametrize("name", ["article", "ix_article_published", "lsh_key_level_0", "capture"])
def test_a_damaged_page_is_reported_in_one_line(path: Path, name: str) -> None:
    damage_page(path, name)
    database = open_database(f"sqlite:///{path}")
    with pytest.raises(DatabaseDamaged, match="is damaged") as raised:
        audit_pages(database)
    database.close()
    assert "\n" not in str(raised.value)
    assert "doctor --repair" in str(raised.value)


def test_any_access_to_a_damaged_page_reports_it(path: Path) -> None:
    damage_page(path, "article")
    database = open_database(f"sqlite:///{path}")
    with pytest.raises(DatabaseDamaged):
        list_ids(database)
    database.close()


def test_a_damaged_database_is_not_copied(path: Path) -> None:
    damage_page(path, "ix_article_day")
    target = path.with_name("copy.db")
    database = open_database(f"sqlite:///{path}")
    with pytest.raises(DatabaseDamaged):
        copy_database(database, f"sqlite:///{target}", lambda *_: None)
    database.close()
    assert not target.exists()


def test_a_batch_is_not_quarantined_for_the_damage(path: Path) -> None:
    damage_page(path, "ix_article_day")
    database = open_database(f"sqlite:///{path}")
    outcomes = [read(number, number, f"Another text, number {number}.") for number in range(COUNT, COUNT + 3)]
    with pytest.raises(DatabaseDamaged):
        Storage(database, None).store(outcomes, NOW)
    with database.read() as session:
        assert list(list_quarantine(session)) == []
    assert len(list_ids(database)) == COUNT
    database.close()


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_what_postgresql_calls_damaged_is_damaged(database: Database) -> None:
    execute(
        database,
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'invalid page in block 7' USING ERRCODE = 'XX001'; END $$",
        "CREATE TRIGGER fail BEFORE INSERT ON article FOR EACH ROW "
        f"WHEN (NEW.id = '{identify(2).key}') EXECUTE FUNCTION fail()",
    )
    with pytest.raises(DatabaseDamaged, match="invalid page in block 7"):
        Storage(database, None).store([read(1, 1), read(2, 2)], at(1))
    execute(database, "DROP FUNCTION fail CASCADE")
    assert list_ids(database) == []


def test_a_database_that_cannot_be_opened_is_reported_in_one_line_with_the_remedy(path: Path) -> None:
    damage_page(path, "sqlite_autoindex_alembic_version_1")
    with path.open("r+b") as file:
        file.seek(100)  # behind the file's header: the page with the names of the tables
        file.write(bytes(400))
    with pytest.raises(DatabaseUnreachable, match=r"malformed; restore a backup, or move it away") as raised:
        open_database(f"sqlite:///{path}")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE search_index_data SET block = zeroblob(length(block)) WHERE id > 10",
        "DELETE FROM search_index_data WHERE id > 10",
        "DELETE FROM search_index_idx",
        "INSERT INTO search_index (search_index) VALUES ('delete-all')",
        "UPDATE search SET document = 'other words'",
    ],
)
def test_an_inconsistent_search_index_is_rebuilt(path: Path, statement: str) -> None:
    database = open_database(f"sqlite:///{path}")
    found = _search(database)
    assert found
    assert is_index_sound(database)
    execute(database, statement)
    database.close()
    database = open_database(f"sqlite:///{path}")
    audit_pages(database)
    assert not is_index_sound(database)
    rebuild_search(database)
    assert is_index_sound(database)
    assert _search(database) == found
    database.close()


def test_any_access_to_a_broken_search_index_names_the_remedy(path: Path) -> None:
    database = open_database(f"sqlite:///{path}")
    execute(database, "INSERT INTO search_index (search_index) VALUES ('delete-all')")
    revised = [read(COUNT + number, number, f"Revised, number {number}.", hours=1) for number in range(COUNT)]
    with pytest.raises(
        DatabaseDamaged, match=r"the search index is damaged \(.*\): rebuild it with `broadsheet doctor --repair`"
    ):
        Storage(database, None).store(revised, NOW)
    rebuild_search(database)
    assert Storage(database, None).store(revised, NOW).problems == []
    database.close()


def test_the_search_index_is_not_checked_during_a_long_write(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("storage.engine.BUSY_TIMEOUT_MS", 20)
    database = open_database(f"sqlite:///{path}")
    with database.begin() as session:
        session.execute(text("SELECT 1"))  # with that, the transaction begins
        assert is_index_sound(database)
    database.close()
    assert "the search index was not checked" in caplog.text
    assert "locked" in caplog.text


def _search(database: Database) -> list[str]:
    return [hit.id for hit in search_articles(database, read_query("word"), SearchFilter(limit=10))]
