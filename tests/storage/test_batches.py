"""A record that the database rejects does not block the others."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storage.articles.selection import ArticleFilter, iterate_articles
from storage.captures.capture import find_position, store_position
from storage.engine import Database
from storage.ledger.batches import Storage
from storage.ledger.frontier import find_entry
from storage.ledger.quarantine import list_quarantine
from tests.storage.sample import advertise, at, identify, read

REFUSED = identify(2)

REFUSALS = {
    "sqlite": "CREATE TRIGGER refuse BEFORE INSERT ON {table} WHEN NEW.{column} = '{value}' "
    "BEGIN SELECT RAISE(ABORT, 'it is refused'); END",
    "postgresql": "ALTER TABLE {table} ADD CONSTRAINT refuse CHECK ({column} <> '{value}') NOT VALID",
}
UNDO = {"sqlite": "DROP TRIGGER refuse", "postgresql": "ALTER TABLE {table} DROP CONSTRAINT refuse"}


def execute(database: Database, statements: dict[str, str], table: str, column: str = "id", value: str = "") -> None:
    statement = statements[database.engine.dialect.name].format(table=table, column=column, value=value)
    with database.begin() as session:
        session.execute(text(statement))


def finish(session: Session) -> None:
    store_position(session, "a.warc.gz", 99)


def list_ids(database: Database) -> list[str]:
    with database.read() as session:
        return [one.id for one in iterate_articles(session, ArticleFilter(include_duplicates=True))]


def test_a_rejected_record_is_quarantined_and_the_others_are_stored(database: Database) -> None:
    outcomes = [read(number, number, f"Text number {number}.") for number in (1, 2, 3)]
    storage = Storage(database, None)
    execute(database, REFUSALS, "article", value=REFUSED.key)
    stored = storage.store(outcomes, at(10), finish=finish)
    assert stored.counts == {"stored": 2, "quarantined": 1, "request": 3, "page": 3}
    [problem] = stored.problems
    assert f"{REFUSED.url} (a.warc.gz at 2) could not be stored" in problem
    assert list_ids(database) == [identify(1).key, identify(3).key]
    with database.read() as session:
        [aside] = list_quarantine(session)
        assert find_position(session, "a.warc.gz") == 99
    assert aside.url == REFUSED.url
    assert aside.reasons[0].startswith("not-stored: IntegrityError")
    execute(database, UNDO, "article")
    assert storage.store(outcomes, at(20)).counts == {}
    assert storage.store([read(4, 2, "Text number 2.", hours=1)], at(20)).counts["stored"] == 1


def test_a_rejected_source_is_stored_as_broken(database: Database) -> None:
    execute(database, REFUSALS, "alias", "url", REFUSED.url)
    stored = Storage(database, None).store([advertise(1, identify(1)), advertise(5, REFUSED)], at(10), finish=finish)
    assert (stored.counts["source-read"], stored.counts["source-broken"], len(stored.problems)) == (1, 1, 1)
    with database.read() as session:
        assert find_entry(session, identify(1).url)
        assert find_entry(session, REFUSED.url) is None
    execute(database, UNDO, "alias")


def test_a_batch_that_is_rejected_as_a_whole_raises_and_stores_nothing(database: Database) -> None:
    outcomes = [read(number, number, f"Text number {number}.") for number in (1, 2, 3)]
    execute(database, REFUSALS, "article", "site", "moscow-times")
    with pytest.raises(IntegrityError):
        Storage(database, None).store(outcomes, at(10), finish=finish)
    execute(database, UNDO, "article")
    with database.read() as session:
        assert find_position(session, "a.warc.gz") == 0
    assert list_ids(database) == []
