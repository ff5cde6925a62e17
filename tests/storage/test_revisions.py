"""Articles that change, disappear and come back, stored through a unit of work."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from schemas.article import Image, content_sha256
from schemas.outcome import Kept, Outcome, State
from schemas.revision import RevisionClass
from schemas.schedule import RevisitPlan
from storage.articles.article import find_article
from storage.engine import Database
from storage.revisions.version import VersionUnknown, find_difference, list_revisions
from storage.schema.tables import Article, Base, Revision
from tests.storage.sample import (
    advertise,
    answer_503,
    at,
    confirm,
    fail,
    forbid,
    identify,
    identify_url,
    miss,
    quarantine,
    read,
    redirect,
    see,
)
from tests.storage.test_outcome import entry, states, store

ID = identify(1).key
BODY = "The ministry said on Monday that talks would go on.\n\nNobody answered a request for comment."


def classes(database: Database) -> list[str | None]:
    with database.read() as session:
        return [version.revision_class for version in list_revisions(session, ID)]


def flags(database: Database) -> tuple[str, ...]:
    with database.read() as session:
        found = find_article(session, ID)
    assert found
    return found.flags


@pytest.mark.parametrize(
    ("special", "expected"),
    [
        ({"body": BODY.replace("ministry", "minisrty")}, "typo"),
        ({"headline": "Another headline"}, "headline"),
        ({"body": f"{BODY}\n\nCorrection: the talks were on Tuesday."}, "correction"),
        ({"body": BODY.replace("Monday", "Tuesday")}, "substantive"),
        ({"section": "opinion"}, "metadata"),
    ],
    ids=str,
)
def test_a_change_is_a_classified_revision_and_both_captures_stay(
    database: Database, special: dict[str, Any], expected: str
) -> None:
    store(database, read(1, 1, BODY))
    assert store(database, read(2, 1, hours=1, **({"body": BODY} | special))) == {"revised": 1}
    with database.read() as session:
        first, second = list_revisions(session, ID)
        former = session.get_one(Revision, (ID, 1))
        assert (former.body, former.headline, former.checked_at) == (BODY, "A headline", at(0))
    assert (first.number, first.revision_class, first.revised_at, first.capture.offset) == (1, None, at(0), 1)
    assert (second.number, second.revision_class, second.revised_at, second.capture.offset) == (2, expected, at(1), 2)


@pytest.mark.parametrize(
    "special",
    [
        {"tags": ("B", "A")},
        {"images": (Image(url="https://a.org/image/640/x.jpg?w=2"),)},
        {"headline": "A  “headline”"},
        {"body": BODY.replace(" ", "\u00a0", 1)},
        {"extractor": "test 2", "sources": {}, "flags": ("container-missing",)},
    ],
    ids=str,
)
def test_an_unchanged_article_writes_nothing(database: Database, special: dict[str, Any]) -> None:
    same: dict[str, Any] = {
        "body": BODY,
        "tags": ("A", "B"),
        "headline": 'A "headline"',
        "images": (Image(url="https://a.org/image/1920/x.jpg"),),
    }
    store(database, read(1, 1, **same))
    with database.read() as session:
        before = find_article(session, ID)
    assert store(database, read(2, 1, hours=1, **(same | special))) == {"unchanged": 1}
    with database.read() as session:
        assert find_article(session, ID) == before
        assert session.scalar(select(func.count()).select_from(Revision)) == 0


def test_a_new_modification_time_alone_is_written_in_place(database: Database) -> None:
    store(database, read(1, 1, modified_at=at(-1)))
    sources = {"headline": "elsewhere", "modified_at": "json-ld"}
    assert store(database, read(2, 1, hours=2, modified_at=at(1), sources=sources)) == {"unchanged": 1}
    store(database, read(3, 1, hours=3, modified_at=None))
    with database.read() as session:
        found = find_article(session, ID)
    assert found
    assert (found.modified_at, found.revision, found.sources["modified_at"]) == (at(1), 1, "json-ld")
    assert found.sources["headline"] == "json-ld"


def test_each_change_in_a_batch_is_a_revision(database: Database) -> None:
    bodies = ["One is here.", "Two are here.", "Three are here."]
    store(database, *(read(at_, 1, body, hours=at_) for at_, body in enumerate(bodies)))
    with database.read() as session:
        assert [session.get_one(Revision, (ID, number)).body for number in (1, 2)] == bodies[:2]
        assert session.get_one(Article, ID).body == bodies[2]


def test_a_page_missing_twice_a_day_apart_is_removed_and_keeps_its_text(database: Database) -> None:
    store(database, advertise(0, identify(1)), read(1, 1, BODY))
    assert store(database, miss(2, 1, hours=1), miss(3, 1, hours=24)) == {"missing": 2}
    assert classes(database) == [None]
    assert store(database, miss(4, 1, hours=25)) == {"removed": 1}
    assert store(database, miss(5, 1, hours=60)) == {"missing": 1}
    assert (classes(database), flags(database)) == ([None, "removed"], ("removed",))
    assert states(database) == {State.STORED: 1}
    with database.read() as session:
        found = find_article(session, ID)
        removed = list_revisions(session, ID)[-1]
    assert found
    assert (found.body, found.capture.offset) == (BODY, 1)
    assert removed.removed_capture
    assert (removed.capture.offset, removed.removed_capture.offset, removed.revised_at) == (1, 4, at(25))


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (read(9, 1, BODY, hours=99), "restored"),
        (confirm(9, 1, hours=99), "restored"),
        (read(9, 1, BODY, hours=99, headline="Another"), "headline"),
        (read(9, 1, "Something else.", hours=99), "substantive"),
    ],
    ids=["as it was", "not modified", "another headline", "another text"],
)
def test_a_removed_article_that_comes_back_loses_its_flag(database: Database, outcome: Outcome, expected: str) -> None:
    store(database, read(1, 1, BODY), miss(2, 1, hours=1), miss(3, 1, hours=30))
    store(database, outcome)
    assert (classes(database), flags(database)) == ([None, "removed", expected], ())
    with database.read() as session:
        assert [version.removed_capture is None for version in list_revisions(session, ID)] == [True, False, True]
    assert store(database, miss(10, 1, hours=100)) == {"missing": 1}  # a new pair is needed
    assert store(database, miss(11, 1, hours=130)) == {"removed": 1}


NO_REMOVAL = [
    fail(1, 40),
    answer_503(3, 1, 40),
    forbid(1, 40),
    forbid(1, 40, "private-network"),
    quarantine(3, 1, hours=40),
    redirect(3, identify(1), identify(2), 40),
    redirect(3, identify(1), identify_url("/", rule="home"), 40),
    Kept(seen=see(3, identify(1).url, at(40))),
    miss(3, 1, 40, slug="former"),
]


@pytest.mark.parametrize(
    "outcome",
    NO_REMOVAL,
    ids=["timeout", "503", "robots", "refused", "quarantined", "to another", "to home", "kept", "former URL"],
)
def test_a_failed_fetch_never_removes(database: Database, outcome: Outcome) -> None:
    store(database, advertise(0, identify(1), identify(1, "former")), read(1, 1, BODY), miss(2, 1, hours=1))
    store(database, outcome)
    assert (classes(database), flags(database)) == ([None], ())


@pytest.mark.parametrize("outcome", [answer_503(3, 1, 10), quarantine(3, 1, hours=10), read(3, 1, BODY, hours=10)])
def test_a_response_between_two_checks_restarts_the_count(database: Database, outcome: Outcome) -> None:
    store(database, read(1, 1, BODY), miss(2, 1, hours=1), outcome)
    assert store(database, miss(4, 1, hours=30)) == {"missing": 1}
    assert store(database, miss(5, 1, hours=54)) == {"removed": 1}


def test_a_timeout_between_two_checks_is_ignored(database: Database) -> None:
    store(database, read(1, 1, BODY), miss(2, 1, hours=1), fail(1, 10))
    assert store(database, miss(4, 1, hours=30)) == {"removed": 1}


def test_an_older_capture_loaded_after_the_removal_restores_nothing(database: Database) -> None:
    store(database, read(1, 1, BODY), miss(2, 1, hours=1), miss(3, 1, hours=30))
    assert store(database, read(4, 1, "Other.", hours=0.5)) == {"unchanged": 1}
    assert flags(database) == ("removed",)


def test_the_second_check_is_scheduled_even_after_the_last_planned_revisit(database: Database) -> None:
    plan = RevisitPlan(revisit_ages=(), revisit_months=0, gone_after=timedelta(days=10))
    store(database, read(1, 1, BODY), plan=plan)
    store(database, miss(2, 1, hours=1), plan=plan)
    assert entry(database, 1).next_try_at == at(241)
    assert store(database, miss(3, 1, hours=241), plan=plan) == {"removed": 1}


def test_unknown_revisions_are_named(database: Database) -> None:
    store(database, read(1, 1, BODY))
    with database.read() as session:
        unchanged = find_difference(session, ID)
        assert (unchanged.before.number, unchanged.after.number, unchanged.fields) == (1, 1, {})
    store(database, read(2, 1, "Another.", hours=1))
    with database.read() as session:
        found = find_difference(session, ID)
        assert (found.before.number, found.after.number) == (1, 2)
        assert find_difference(session, ID, 2, 1).paragraphs[0].before == "Another."
        for before, after in ((1, 3), (0, 2), (None, 1), (9, None)):
            with pytest.raises(VersionUnknown, match="known are 1, 2"):
                find_difference(session, ID, before, after)


BODIES = st.lists(st.sampled_from(["One.", "Two.", "Three.", "One", "“Two.”"]), min_size=1, max_size=8)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=BODIES, size=st.integers(1, 4))
def test_revisions_are_exactly_the_distinct_former_contents(database: Database, bodies: list[str], size: int) -> None:
    with database.begin() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())
    outcomes = [read(place, 1, body, hours=place) for place, body in enumerate(bodies)]
    for start in range(0, len(outcomes), size):
        store(database, *outcomes[start : start + size])
    distinct = [body for place, body in enumerate(bodies) if place == 0 or body != bodies[place - 1]]
    with database.read() as session:
        article = session.get_one(Article, ID)
        former = session.scalars(select(Revision).order_by(Revision.number)).all()
    assert [*(row.body for row in former), article.body] == distinct
    assert [row.number for row in former] == list(range(1, len(distinct)))
    assert article.revision == len(distinct)
    assert article.content_sha256 == content_sha256(distinct[-1])
    assert all((row.revision_class is None) == (row.number == 1) for row in former)
    assert RevisionClass.REPROCESSED not in [row.revision_class for row in former]
