"""Rereading stored captures with the current rules: each change is written once."""

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import func, select

from schemas.outcome import ArticleRead, CaptureQuarantined, Outcome, State
from storage.articles.article import find_article
from storage.engine import Database
from storage.ledger.frontier import audit_ledger
from storage.ledger.outcome import store_outcomes
from storage.ledger.quarantine import list_quarantine
from storage.revisions.version import list_revisions
from storage.schema.tables import Article, Base, Capture, Entry, Revision
from tests.storage.sample import (
    advertise,
    at,
    confirm,
    fail,
    identify,
    miss,
    quarantine,
    read,
    read_text,
    see,
    write,
)
from tests.storage.test_outcome import entry, states, store

ID = identify(1).key
TIMES = ("tried_at", "next_try_at", "attempts", "last_error", "missing_at", "state_at")


def again(database: Database, *outcomes: Outcome, hours: float = 1000) -> Counter[str]:
    """Reread the captures, and once more, which must change nothing."""
    with database.begin() as session:
        counts = store_outcomes(session, outcomes, run_id=None, now=at(hours), is_reread=True)
    before = dump(database)
    with database.begin() as session:
        repeated = store_outcomes(session, outcomes, run_id=None, now=at(hours + 1), is_reread=True)
    assert dump(database) == before
    assert set(repeated) <= {"unchanged"}
    with database.read() as session:
        assert audit_ledger(session) == []
    return counts


def dump(database: Database) -> dict[str, list[Any]]:
    with database.read() as session:
        return {
            table.name: [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))]
            for table in Base.metadata.sorted_tables
        }


def times(database: Database) -> list[Any]:
    with database.read() as session:
        return [getattr(session.scalars(select(Entry)).one(), name) for name in TIMES]


def classes(database: Database) -> list[tuple[int, str | None]]:
    with database.read() as session:
        return [(version.number, version.revision_class) for version in list_revisions(session, ID)]


def test_an_unchanged_reading_writes_nothing(database: Database) -> None:
    store(database, advertise(0, identify(1)), read(1, 1), read(2, 1, hours=1), fail(1, 2), quarantine(3, 2))
    before = dump(database)
    outcomes = (
        read(1, 1, extractor="test 2"),
        read(2, 1, hours=1, sources={"headline": "meta"}),
        quarantine(3, 2),
    )
    assert again(database, *outcomes) == {"unchanged": 3}
    assert dump(database) == before


def test_a_changed_reading_is_a_reprocessed_revision_of_the_same_capture(database: Database) -> None:
    store(database, advertise(0, identify(1)), read(1, 1, "Text. Sign up!"), fail(1, 2))
    tried = times(database)
    with database.read() as session:
        capture_count = session.scalar(select(func.count()).select_from(Capture))
    assert again(database, read(1, 1, "Text.", extractor="test 2")) == {"revised": 1}
    assert classes(database) == [(1, None), (2, "reprocessed")]
    assert times(database) == tried
    with database.read() as session:
        found = find_article(session, ID)
        assert session.get_one(Revision, (ID, 1)).body == "Text. Sign up!"
        assert session.scalar(select(func.count()).select_from(Capture)) == capture_count
    assert found
    assert (found.body, found.extractor, found.capture.offset, found.fetched_at) == ("Text.", "test 2", 1, at(0))


def test_a_changed_reading_of_quotation_marks_is_written(database: Database) -> None:
    store(database, read(1, 1, "Some\u00a0text."))
    assert again(database, read(1, 1, "Some text.")) == {"revised": 1}


@pytest.mark.parametrize(
    "special",
    [
        {"sources": {"headline": "meta"}},
        {"flags": ("container-missing",)},
        {"confidence": 0.57},
        {"modified_at": at(-1)},
    ],
    ids=["sources", "flags", "confidence", "modified_at"],
)
def test_fields_about_the_reading_are_updated_in_place(database: Database, special: dict[str, Any]) -> None:
    store(database, read(1, 1))
    assert again(database, read(1, 1, **special)) == {"annotated": 1}
    with database.read() as session:
        found = find_article(session, ID)
    assert found
    assert {name: getattr(found, name) for name in special} == special
    assert classes(database) == [(1, None)]


def test_an_older_capture_never_replaces_a_newer_one(database: Database) -> None:
    store(database, read(1, 1, "One."), read(2, 1, "Two.", hours=1), read(3, 1, "Two.", hours=2))
    assert again(database, read(1, 1, "One, again.")) == {"unchanged": 1}
    assert again(database, read(2, 1, "Two, again.", hours=1), read(3, 1, "Two, again.", hours=2)) == {
        "revised": 1,
        "unchanged": 1,
    }
    assert classes(database) == [(1, None), (2, "substantive"), (3, "reprocessed")]


def test_a_removed_article_with_a_changed_reading_stays_removed(database: Database) -> None:
    store(database, read(1, 1, "One."), miss(2, 1, hours=1), miss(3, 1, hours=30))
    assert again(database, read(1, 1, "One, again.", flags=("x",))) == {"revised": 1}
    with database.read() as session:
        found, versions = find_article(session, ID), list_revisions(session, ID)
    assert found
    assert found.flags == ("removed", "x")
    assert versions[-1].removed_capture
    assert again(database, read(1, 1, "One, again.", flags=())) == {"annotated": 1}
    assert store(database, read(4, 1, "One, again.", hours=60)) == {"restored": 1}


@pytest.mark.parametrize("is_missing", [False, True])
def test_an_article_that_is_no_longer_valid_is_withdrawn_and_its_group_rebuilt(
    database: Database, *, is_missing: bool
) -> None:
    store(database, advertise(0, identify(1), identify(2)), read(1, 1, "Same."), read(2, 2, "Same.", hours=1))
    assert entry(database, 2).state == State.DUPLICATE
    outcome = miss(1, 1) if is_missing else quarantine(1, 1, "block-page")
    assert again(database, outcome) == {"withdrawn": 1}
    assert states(database) == {State.QUARANTINED: 1, State.STORED: 1}
    assert entry(database, 1).next_try_at == (at(1000) if is_missing else None)
    with database.read() as session:
        assert find_article(session, ID) is None
        second = find_article(session, identify(2).key)
        (row,) = list_quarantine(session)
    assert second
    assert second.duplicate_of is None
    assert (row.key, row.capture.offset) == (ID, 1)
    assert classes(database) == [(1, None)]


@pytest.mark.parametrize(
    ("body", "expected"), [("Same.", "restored"), ("Another text.", "substantive")], ids=["same", "another"]
)
def test_a_withdrawn_article_returns_with_the_next_number(database: Database, body: str, expected: str) -> None:
    store(database, advertise(0, identify(1)), read(1, 1, "Same."))
    again(database, quarantine(1, 1))
    assert again(database, read(1, 1, body)) == {"cured": 1}
    assert classes(database) == [(1, None), (2, expected)]
    assert states(database) == {State.STORED: 1}
    with database.read() as session:
        assert list_quarantine(session) == []


def test_a_fetch_restores_a_withdrawn_article(database: Database) -> None:
    store(database, read(1, 1, "Same."), read(2, 1, "Other.", hours=1))
    again(database, quarantine(2, 1, hours=1))
    assert again(database, read(1, 1, "Same.")) == {"unchanged": 1}  # the withdrawn version was newer
    assert store(database, read(3, 1, "Other.", hours=2)) == {"stored": 1}
    assert classes(database) == [(1, None), (2, "substantive"), (3, "restored")]


@pytest.mark.parametrize(
    "first",
    [quarantine(1, 1), quarantine(1, 1, is_transient=True), miss(1, 1), fail(1)],
    ids=["quarantined", "passing", "missing", "no capture"],
)
def test_a_capture_that_is_valid_under_current_rules_is_cured(database: Database, first: Outcome) -> None:
    store(database, advertise(0, identify(1)), first)
    tried_at = times(database)[0]
    is_stored = not (hasattr(first, "seen") and first.seen is None)
    assert again(database, read(1, 1)) == ({"cured": 1} if is_stored else {})
    if is_stored:
        found = entry(database, 1)
        assert (found.state, found.attempts, found.last_error) == (State.STORED, 0, None)
        assert times(database)[0] == tried_at
        assert found.next_try_at
        with database.read() as session:
            assert list_quarantine(session) == []


def test_a_newer_quarantined_page_of_a_stored_article_is_cured(database: Database) -> None:
    store(database, advertise(0, identify(1)), read(1, 1, "One."), quarantine(2, 1, hours=1))
    assert again(database, read(1, 1, "One."), read(2, 1, "Two.", hours=1)) == {"unchanged": 1, "cured": 1}
    with database.read() as session:
        found = find_article(session, ID)
        assert list_quarantine(session) == []
    assert found
    assert (found.body, found.revision) == ("Two.", 2)


def test_a_changed_reason_is_recorded_in_the_open_row(database: Database) -> None:
    store(database, quarantine(1, 1, "body: empty"))
    assert again(database, quarantine(1, 1, "block-page")) == {"annotated": 1}
    with database.read() as session:
        assert [row.reasons for row in list_quarantine(session)] == [("block-page",)]


def test_a_text_whose_id_changes_with_its_body_replaces_its_former_article(database: Database) -> None:
    old = read_text(1, "A text. Sign up!")
    seen = old.seen
    new = ArticleRead(seen=seen, identity=None, article=write(None, seen, "A text."))
    store(database, old)
    assert again(database, new) == {"revised": 1}
    with database.read() as session:
        assert session.scalars(select(Article.id)).all() == [new.article.id]
        assert list_quarantine(session) == []
        assert session.scalars(select(Revision.article_id)).all() == [old.article.id]
    broken = CaptureQuarantined(seen=seen, identity=None, reasons=("body: empty",))
    assert again(database, broken) == {"withdrawn": 1}
    assert again(database, new) == {"cured": 1}


def test_a_page_that_now_belongs_to_another_record_takes_its_urls_along(database: Database) -> None:
    store(database, advertise(0, identify(1)), read(1, 1, "One."))
    seen = see(1, identify(1).url)
    moved = ArticleRead(seen=seen, identity=identify(2), article=write(identify(2), seen, "One."))
    assert again(database, moved) == {"revised": 1}
    assert entry(database, 2).state == State.STORED
    assert states(database) == {State.STORED: 1}
    with database.read() as session:
        assert find_article(session, ID) is None
    assert classes(database) == [(1, None)]


def test_unknown_captures_and_sources_are_skipped(database: Database) -> None:
    store(database, advertise(0, identify(1)), read(1, 1), confirm(2, 1, hours=1), fail(1, 2))
    before = dump(database)
    outcomes = (advertise(0, identify(1)), confirm(2, 1, hours=1), fail(1, 2), read(50, 3))
    assert again(database, *outcomes) == {"unchanged": 2}
    assert dump(database) == before
