"""Lost captures, and what replaces them."""

from contextlib import closing

import pytest
from sqlalchemy import select

from schemas.outcome import ArticleRead, State
from schemas.schedule import STANDARD_PLAN
from storage.articles.article import find_article
from storage.captures.imported import find_imported_digests
from storage.engine import Database
from storage.integrity.content import list_lost, restore_articles, schedule_refetch
from storage.integrity.entry import audit_entries, has_lost_sightings, restore_aliases, restore_entries
from storage.integrity.lost_capture import (
    assign_lost_captures,
    audit_references,
    count_unknown,
    delete_unused_captures,
    mark_lost,
    relink_references,
)
from storage.integrity.state import rebuild_states
from storage.ledger.frontier import find_due
from storage.ledger.unit_of_work import UnitOfWork
from storage.reports.audit import audit_ledger
from storage.revisions.version import list_revisions
from storage.schema.tables import Alias, Article
from tests.storage.sample import advertise, at, identify, read, read_text, redirect, tag
from tests.storage.test_outcome import store

ID = identify(1).key
BODY = "The “text” that was stored."


UNLOCK = {"sqlite": "PRAGMA foreign_keys = OFF", "postgresql": "SET session_replication_role = replica"}
LOCK = {"sqlite": "PRAGMA foreign_keys = ON", "postgresql": "RESET session_replication_role"}


def run_sql(database: Database, statement: str) -> None:
    """Execute SQL without foreign key checks, as a user might in the database's shell."""
    kind = database.engine.dialect.name
    with closing(database.engine.raw_connection()) as connection:
        cursor = connection.cursor()
        for one in (UNLOCK[kind], statement, LOCK[kind]):
            cursor.execute(one)
            connection.commit()


def lose(database: Database, warc: str, offset: int) -> None:
    with database.begin() as session:
        mark_lost(session, warc, [offset])


@pytest.mark.parametrize(
    ("later", "offset", "revision"),
    [
        pytest.param(read(9, 1, BODY, hours=2), 9, 1, id="the same, of a newer capture"),
        pytest.param(read(9, 1, BODY, hours=-2), 9, 1, id="the same, of an older capture"),
        pytest.param(read(9, 1, 'The "text" that was stored.', hours=2), 9, 1, id="what no reader would call a change"),
        pytest.param(read(9, 1, "Something else altogether.", hours=2), 9, 2, id="a change"),
        pytest.param(read(9, 1, "Something else altogether.", hours=-2), 1, 1, id="another text, of an older capture"),
    ],
)
def test_another_capture_replaces_a_lost_one(
    database: Database, later: ArticleRead, offset: int, revision: int
) -> None:
    store(database, read(1, 1, BODY))
    lose(database, "a.warc.gz", 1)
    store(database, later)
    with database.read() as session:
        found = find_article(session, ID)
        assert found
        assert (found.capture.offset, found.revision) == (offset, revision)
        assert found.body == (later.article.body if offset == 9 else BODY)
        assert found.fetched_at == (at(0) if offset == 1 else later.article.fetched_at)
        assert list_lost(session) == ({ID: "a.warc.gz"} if offset == 1 else {})
        versions = list_revisions(session, ID)
    assert [one.capture.length for one in versions] == ([0, 10] if revision == 2 else [0 if offset == 1 else 10])


def test_a_lost_capture_is_due_at_once_and_unconditionally(database: Database) -> None:
    store(database, tag(read(1, 1)), tag(read(2, 2, "Another text.")), hours=1)
    lose(database, "a.warc.gz", 1)
    with database.begin() as session:
        assert schedule_refetch(session, at(2)) == 1
        due = [(one.key, one.validators) for one in find_due(session, None, at(2))]
        assert due == [(ID, None)]


def test_a_text_whose_capture_is_lost_can_be_imported_again(database: Database) -> None:
    first, again = read_text(1, BODY), read_text(9, BODY)
    store(database, first)
    digest = first.seen.ref.sha256
    with database.read() as session:
        assert find_imported_digests(session, {digest}) == {digest}
    lose(database, "texts.warc.gz", 1)
    with database.read() as session:
        assert find_imported_digests(session, {digest}) == set()
    store(database, again)
    with database.read() as session:
        assert list_lost(session) == {}


def test_a_revision_whose_capture_has_no_row_is_relinked(database: Database) -> None:
    first, second = read(1, 1, BODY), read(2, 1, "A text that replaced it.", hours=1)
    store(database, first, second)
    with database.read() as session:
        before = list_revisions(session, ID)
    run_sql(database, "DELETE FROM capture")
    with database.begin() as session:
        assert len(audit_references(session)) == 1
        assert assign_lost_captures(session) == 2
        assert (audit_references(session), count_unknown(session)) == ([], 2)
    store(database, first, second)
    with database.begin() as session:
        relink_references(session)
        delete_unused_captures(session)
        assert (list_revisions(session, ID), count_unknown(session)) == (before, 0)


def test_references_to_a_lost_entry_move_to_its_recreated_one(database: Database) -> None:
    store(database, read(1, 1, BODY))
    run_sql(database, "DELETE FROM entry")
    with database.begin() as session:
        batch = UnitOfWork(session, None, at(2))
        batch.add_entry(identify(1), at(2)).id = 99
        batch.write()
    with database.begin() as session:
        assert len(audit_entries(session)) == 1
        assert restore_entries(session, at(2), STANDARD_PLAN) == 1
        assert rebuild_states(session, at(2)) == {ID: State.STORED}
        assert (audit_entries(session), audit_ledger(session)) == ([], [])
        assert session.scalars(select(Article.entry_id)).all() == [99]


def test_a_lost_alias_is_restored_with_its_entry_and_advertised_site(database: Database) -> None:
    moved = identify(1, "another-headline")
    store(database, advertise(1, moved, identify(2)), redirect(2, moved, identify(1)), read(3, 1, BODY))
    addresses = select(Alias.url, Alias.entry_id, Alias.advertised_site, Alias.first_seen_at)
    with database.read() as session:
        before = sorted(tuple(row) for row in session.execute(addresses))
    run_sql(database, "DELETE FROM alias")
    with database.begin() as session:
        assert audit_ledger(session)
        assert restore_aliases(session, at(2), STANDARD_PLAN) == len(before)
        assert audit_ledger(session) == []
        assert sorted(tuple(row) for row in session.execute(addresses)) == before
        assert (restore_aliases(session, at(2), STANDARD_PLAN), has_lost_sightings(session)) == (0, False)
    run_sql(database, "DELETE FROM sighting")
    with database.begin() as session:
        assert restore_aliases(session, at(2), STANDARD_PLAN) == 0
        assert has_lost_sightings(session)
        assert sorted(tuple(row) for row in session.execute(addresses)) == before  # it is not forgotten


def test_the_newest_capture_with_the_same_content_replaces_a_lost_one(database: Database) -> None:
    others = [read(number, 1, BODY, hours=number) for number in (2, 3)]
    changed = read(4, 1, "Something else altogether.", hours=-4)
    store(database, read(1, 1, BODY), *others, changed)
    lose(database, "a.warc.gz", 1)
    with database.begin() as session:
        assert restore_articles(session, [changed, *others], {ID}, run_id=None, now=at(9)) == {ID}
        found = find_article(session, ID)
    assert found
    assert (found.capture.offset, found.fetched_at, found.revision) == (3, at(3), 1)
