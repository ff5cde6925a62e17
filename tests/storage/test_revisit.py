from datetime import UTC, date, datetime, timedelta

import pytest

from schemas.outcome import ArticleRead, Kept, Outcome, State
from schemas.schedule import RevisitPlan
from storage.articles.article import find_article
from storage.engine import Database
from storage.ledger.frontier import find_due
from storage.ledger.outcome import FIRST_RETRY, LAST_RETRY
from storage.ledger.state import ARTICLE_STATES, FIRST_BLOCKED_RETRY, FIRST_PASSING_RETRY
from storage.schema.tables import Article
from tests.storage.sample import (
    START,
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
    say,
    see,
    write,
)
from tests.storage.test_outcome import entry, states, store
from tests.storage.test_return import due

DAY = 24
YEAR = 365 * DAY


@pytest.mark.parametrize(
    ("fetched", "expected"),
    [(1, 2), (2, 8), (7.9, 8), (8, 24), (30, 72), (100, 168), (168, 30 * DAY), (31 * DAY, 60 * DAY), (180 * DAY, None)],
    ids=str,
)
def test_an_article_is_revisited_by_its_age(database: Database, fetched: float, expected: float | None) -> None:
    store(database, advertise(0, identify(1)), read(1, 1, hours=fetched, published_at=START))
    assert entry(database, 1).next_try_at == (None if expected is None else at(expected))
    assert due(database, 10 * YEAR) == ([] if expected is None else [identify(1).url])


@pytest.mark.parametrize(
    ("offset", "outcome", "counted"),
    [
        (1, read(2, 1, hours=9, published_at=START), "unchanged"),
        (1, read(2, 1, "Another.", hours=9, published_at=START), "revised"),
        (1, confirm(2, 1, hours=9), "not-modified"),
    ],
    ids=["unchanged", "revised", "not-modified"],
)
def test_a_revisit_that_finds_the_article_plans_the_next_one(
    database: Database, offset: int, outcome: Outcome, counted: str
) -> None:
    store(database, read(offset, 1, hours=1, published_at=START), fail(1, 8))
    assert store(database, outcome) == {counted: 1}
    found = entry(database, 1)
    assert (found.attempts, found.last_error, found.next_try_at) == (0, None, at(24))
    with database.read() as session:
        row = session.get(Article, identify(1).key)
        assert row
        assert row.checked_at == at(9)


def test_an_old_capture_does_not_change_a_newer_plan(database: Database) -> None:
    store(database, read(1, 1, hours=9, published_at=START), fail(1, 10))
    store(database, read(2, 1, hours=3, published_at=START), confirm(3, 1, hours=4))
    found = entry(database, 1)
    assert (found.attempts, found.next_try_at) == (1, at(10) + FIRST_RETRY)


def test_an_imported_article_is_revisited_once(database: Database) -> None:
    store(database, read(1, 1, hours=-10 * YEAR, published_at=at(-10 * YEAR - 1)))
    assert due(database, 0) == [identify(1).url]
    store(database, confirm(2, 1))
    assert due(database, 10 * YEAR) == []


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, 2),
        ({"published_at": at(5)}, 2),
        ({"published_at": datetime(9999, 12, 31, tzinfo=UTC)}, 2),
        ({"published_month": "2026-11"}, 2),
        ({"published_on": date(2026, 10, 31)}, 3 * DAY - 12),
        ({"published_month": "2026-09"}, 60 * DAY + (28 - 62) * DAY - 12),
        ({"published_month": "2016-09"}, None),
    ],
    ids=str,
)
def test_without_a_publication_time_the_first_sighting_counts_unless_its_month_is_old(
    database: Database, said: dict[str, object], expected: float | None
) -> None:
    store(database, say(advertise(0, identify(1)), **said), read(1, 1, hours=1, published_at=None))
    assert entry(database, 1).next_try_at == (None if expected is None else at(expected))


WITHOUT_ARTICLE = [
    # fetch of an article 100 days after its publication -> next revisit
    (fail(1, 100 * DAY), FIRST_RETRY),
    (answer_503(2, 1, 100 * DAY), FIRST_RETRY),
    (quarantine(2, 1, hours=100 * DAY), FIRST_PASSING_RETRY),
    (forbid(1, 100 * DAY), FIRST_BLOCKED_RETRY),
    (forbid(1, 100 * DAY, "private-network"), FIRST_BLOCKED_RETRY),
    (miss(2, 1, 100 * DAY), RevisitPlan().gone_after),
    (redirect(2, identify(1), identify(2), 100 * DAY), FIRST_RETRY),
    (redirect(2, identify(1), identify(2), 100 * DAY, is_permanent=False), FIRST_PASSING_RETRY),
    (redirect(2, identify(1), identify_url("/", rule="home"), 100 * DAY), FIRST_PASSING_RETRY),
    (Kept(seen=see(2, identify(1).url, at(100 * DAY))), FIRST_RETRY),
]


@pytest.mark.parametrize(
    ("outcome", "wait"),
    WITHOUT_ARTICLE,
    ids=[
        "no answer",
        "503",
        "quarantined",
        "robots",
        "refused",
        "404",
        "to another article",
        "to another for now",
        "to no article",
        "kept",
    ],
)
def test_a_revisit_without_an_article_keeps_the_stored_one_and_is_retried(
    database: Database, outcome: Outcome, wait: timedelta
) -> None:
    store(database, advertise(0, identify(1)), read(1, 1, published_at=START), confirm(9, 1, 99 * DAY))
    store(database, outcome)
    found = entry(database, 1)
    assert (found.state, found.attempts, found.next_try_at) == (State.STORED, 1, at(100 * DAY) + wait)
    assert found.last_error
    assert states(database) == {State.STORED: 1}
    with database.read() as session:
        assert find_article(session, identify(1).key)


def test_an_article_whose_url_returns_another_article_is_kept(database: Database) -> None:
    store(database, advertise(0, identify(1)), read(1, 1, published_at=START))
    seen = see(2, identify(1).url, at(100 * DAY))
    store(database, ArticleRead(seen=seen, identity=identify(2), article=write(identify(2), seen, "Other.")))
    found = entry(database, 1)
    assert (found.last_error, found.next_try_at) == (f"answers as {identify(2).key}", at(100 * DAY) + FIRST_RETRY)


def test_failed_revisits_back_off_but_no_longer_than_the_plan(database: Database) -> None:
    store(database, read(1, 1, published_at=START))
    waits: list[timedelta | None] = []
    while (found := entry(database, 1)).next_try_at and len(waits) < 100:
        hours = (found.next_try_at - START) / timedelta(hours=1)
        store(database, fail(1, hours))
        again = entry(database, 1).next_try_at
        waits.append(again - found.next_try_at if again else None)
    dated = [wait for wait in waits if wait]
    assert dated[0] == FIRST_RETRY
    assert max(dated) <= LAST_RETRY
    assert waits[-1] is None  # half a year later
    assert at(180 * DAY) <= found.first_seen_at + sum(dated, timedelta()) + timedelta(hours=2)
    assert entry(database, 1).state == State.STORED


def test_failures_after_the_plan_are_retried_for_two_weeks_only(database: Database) -> None:
    store(database, read(1, 1, published_at=at(-YEAR)))
    store(database, fail(1, 1))
    assert entry(database, 1).next_try_at == at(1) + FIRST_RETRY
    count = 1
    while next_try_at := entry(database, 1).next_try_at:
        store(database, fail(1, (next_try_at - START) / timedelta(hours=1)))
        count += 1
    assert count == 11
    tried_until = entry(database, 1)
    assert tried_until.state == State.STORED
    store(database, confirm(2, 1, YEAR))
    assert entry(database, 1).attempts == 0


def test_without_an_article_no_conditional_request_is_made(database: Database) -> None:
    store(database, advertise(0, identify(1)))
    assert store(database, confirm(1, 1, 1)) == {"not-modified": 1}
    found = entry(database, 1)
    assert (found.state, found.next_try_at) == (State.FAILED, at(1) + FIRST_RETRY)


def test_the_delay_before_a_missing_page_is_gone_is_a_setting(database: Database) -> None:
    plan = RevisitPlan(gone_after=timedelta(hours=3))
    store(database, advertise(0, identify(1)))
    assert store(database, miss(1, 1), plan=plan) == {"missing": 1}
    assert entry(database, 1).next_try_at == at(3)
    assert store(database, miss(2, 1, 3), plan=plan) == {"gone": 1}


def test_an_empty_plan_never_revisits(database: Database) -> None:
    plan = RevisitPlan(revisit_ages=(), revisit_months=0)
    store(database, read(1, 1, hours=1, published_at=START), plan=plan)
    assert entry(database, 1).next_try_at is None


def test_urls_without_an_article_come_first(database: Database) -> None:
    store(database, advertise(0, identify(1), identify(2), identify(3)))
    store(database, read(1, 1, published_at=at(-1)), read(2, 2, published_at=at(-2)))
    assert due(database, 100) == [identify(3).url, identify(1).url, identify(2).url]
    with database.read() as session:
        revisits = find_due(session, None, at(100), states=ARTICLE_STATES)
    assert [address.url for address in revisits] == [identify(1).url, identify(2).url]


SPAN = [
    # since, until -> numbers of the due URLs
    (None, None, [5, 4, 3, 2, 6, 1, 7]),
    (date(2026, 9, 10), None, [5, 4, 3, 2, 6]),
    (date(2026, 9, 10), date(2026, 9, 20), [3, 2, 6]),
    (date(2026, 9, 10), date(2026, 9, 10), [2, 6]),
    (None, date(2026, 9, 9), [6, 1]),
    (date(2026, 10, 1), date(2026, 10, 1), [4]),
    (date(2025, 1, 1), date(2025, 12, 31), []),
]


@pytest.mark.parametrize(("since", "until", "numbers"), SPAN, ids=str)
def test_a_span_filters_by_day_or_by_month_where_the_day_is_unknown(
    database: Database, since: date | None, until: date | None, numbers: list[int]
) -> None:
    days = {1: date(2026, 9, 1), 2: date(2026, 9, 10), 3: date(2026, 9, 20), 4: date(2026, 10, 1)}
    for number, day in days.items():
        store(database, say(advertise(number, identify(number)), published_on=day, published_month="2026-12"))
    store(database, say(advertise(5, identify(5)), published_at=datetime(2026, 10, 2, tzinfo=UTC)))
    store(database, say(advertise(6, identify(6)), published_month="2026-09"), advertise(7, identify(7)))
    with database.read() as session:
        found = find_due(session, None, START, since=since, until=until)
    order = [5, 4, 3, 2, 1, 6, 7]
    assert [address.key for address in found] == [identify(number).key for number in order if number in numbers]
