from datetime import timedelta

import pytest
from sqlalchemy import select

from schemas.article import Kind
from schemas.capture import Validators
from schemas.outcome import Kept, Outcome, RobotsRead, SourceBroken
from schemas.schedule import RevisitPlan
from storage.engine import Database
from storage.ledger.frontier import find_due
from storage.ledger.outcome import store_outcomes
from storage.ledger.unit_of_work import IN_COUNT
from storage.ledger.validator import find_source_validators, find_validators
from storage.runs.run import open_run
from storage.schema.tables import Capture, Robots
from tests.storage.sample import (
    FEED,
    HOST,
    SITE,
    START,
    advertise,
    answer_503,
    at,
    confirm,
    confirm_source,
    fail,
    forbid,
    identify,
    identify_url,
    miss,
    quarantine,
    read,
    redirect,
    see,
    tag,
)
from tests.storage.test_outcome import store

PAGE = identify(1).url
PLAN = RevisitPlan(conditional_count=3)
TAGGED = Validators(etag='"1"')
DAY = 24


def known(database: Database, hours: float = 0, plan: RevisitPlan = PLAN) -> dict[str, Validators]:
    with database.read() as session:
        return find_validators(session, [PAGE, FEED], at(hours), plan)


def test_validators_of_pages_and_of_sources_are_stored_unchanged(database: Database) -> None:
    store(
        database, tag(read(1, 1), 'W/"x"', "Sun, 01 Nov 2026 12:00:00 GMT"), tag(advertise(2, identify(1)), None, "x")
    )
    assert known(database) == {
        PAGE: Validators(etag='W/"x"', last_modified="Sun, 01 Nov 2026 12:00:00 GMT"),
        FEED: Validators(last_modified="x"),
    }


def test_the_validators_of_sources_are_found_by_site(database: Database) -> None:
    child = "https://static.themoscowtimes.com/sitemap/2026-9.xml"
    foreign = "https://example.org/feed"
    sources = [tag(advertise(number, source_url=url)) for number, url in enumerate((FEED, child, foreign))]
    store(database, *sources, tag(read(4, 1)))
    with database.read() as session:
        assert set(find_source_validators(session, SITE, START, PLAN)) == {FEED, child}
        assert set(find_source_validators(session, "generic", START, PLAN)) == {foreign}
        assert find_source_validators(session, SITE, at(7.1 * DAY), PLAN) == {}


@pytest.mark.parametrize(
    "outcome",
    [
        read(9, 1, hours=1),
        tag(read(9, 1, hours=1, kind=Kind.LIVE)),
        tag(quarantine(9, 1, hours=1)),
        tag(miss(9, 1, 1)),
        tag(redirect(9, identify(1), identify(2), 1)),
        tag(Kept(seen=see(9, PAGE, at(1)))),
    ],
    ids=["none", "live", "quarantined", "missing", "redirected", "kept"],
)
def test_an_outcome_other_than_an_article_deletes_the_pages_validators(database: Database, outcome: Outcome) -> None:
    store(database, tag(read(1, 1)))
    assert known(database) == {PAGE: TAGGED}
    store(database, outcome)
    assert known(database) == {}
    store(database, outcome.model_copy(update={"seen": see(10, PAGE, at(2))}))
    assert known(database) == {}


@pytest.mark.parametrize("outcome", [fail(1, 1), tag(answer_503(9, 1, 1), '"error"'), forbid(1, 1)], ids=str)
def test_an_outcome_that_says_nothing_about_a_page_keeps_its_validators(database: Database, outcome: Outcome) -> None:
    store(database, tag(read(1, 1)), outcome)
    assert known(database) == {PAGE: TAGGED}


@pytest.mark.parametrize(
    "outcome",
    [tag(SourceBroken(seen=see(9, FEED, at(1)), reason="html")), advertise(9, hours=1)],
    ids=["broken", "none"],
)
def test_an_unreadable_source_is_fetched_unconditionally(database: Database, outcome: Outcome) -> None:
    store(database, tag(advertise(1, identify(1))))
    store(database, outcome)
    assert known(database) == {}


@pytest.mark.parametrize("is_one_batch", [False, True])
@pytest.mark.parametrize(
    ("newer", "older", "expected"),
    [
        (
            tag(read(1, 1, hours=2), '"new"'),
            tag(read(2, 1, "Old.", hours=1), '"old"'),
            {PAGE: Validators(etag='"new"')},
        ),
        (tag(read(1, 1, hours=2), '"new"'), quarantine(2, 1, hours=1), {PAGE: Validators(etag='"new"')}),
        (quarantine(1, 1, hours=2), tag(read(2, 1, "Old.", hours=1), '"old"'), {}),
        (tag(advertise(1, hours=2), '"new"'), tag(advertise(2, hours=1), '"old"'), {FEED: Validators(etag='"new"')}),
    ],
    ids=["pages", "older quarantined", "newer quarantined", "sources"],
)
def test_an_older_capture_overwrites_nothing(
    database: Database,
    newer: Outcome,
    older: Outcome,
    expected: dict[str, Validators],
    is_one_batch: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    for batch in [[newer, older]] if is_one_batch else [[newer], [older]]:
        store(database, *batch)
    assert known(database) == expected


def test_not_modified_is_trusted_for_a_limited_count_and_time(database: Database) -> None:
    store(database, tag(read(1, 1)), tag(advertise(2)))
    assert known(database, 7 * DAY) == {PAGE: TAGGED, FEED: TAGGED}
    assert known(database, 7.1 * DAY) == {}
    assert known(database, plan=RevisitPlan(conditional_count=0)) == {}
    assert known(database, 1.1, RevisitPlan(conditional_for=timedelta(hours=1))) == {}
    for number in (1, 2, 3):
        assert known(database) == {PAGE: TAGGED, FEED: TAGGED}
        confirmations = [confirm(10 + number, 1, number), confirm_source(10 + number, number)]
        assert store(database, *confirmations) == {"not-modified": 2}
        assert store(database, *confirmations) == {}
    assert known(database) == {}
    store(database, tag(read(20, 1, hours=4)), tag(advertise(21, hours=4)))
    assert known(database) == {PAGE: TAGGED, FEED: TAGGED}


def test_each_confirmation_in_a_batch_is_counted(database: Database) -> None:
    store(database, tag(read(1, 1)), *(confirm(10 + number, 1, number) for number in (1, 2, 3)))
    assert known(database) == {}


def test_a_merge_does_not_change_validators(database: Database) -> None:
    old = identify_url("/stories/2008/01/02/003.html")
    store(database, tag(read(1, 1)), advertise(2, old), redirect(3, old, identify(1), 1))
    assert known(database) == {PAGE: TAGGED}


def test_more_urls_than_fit_in_one_statement_are_looked_up(database: Database) -> None:
    count = 2 * IN_COUNT + 1
    store(database, *(tag(read(number, number)) for number in range(count)))
    with database.read() as session:
        urls = [identify(number).url for number in range(40_000)]
        assert len(find_validators(session, urls, START, PLAN)) == count


def test_revisits_have_validators_and_urls_without_an_article_have_none(database: Database) -> None:
    store(database, tag(read(1, 1, published_at=START)), tag(read(2, 2, published_at=START)), advertise(3, identify(3)))
    store(database, *(confirm(10 + number, 2, number / 10) for number in range(3)))
    with database.read() as session:
        found = {address.url: address.validators for address in find_due(session, SITE, at(3), plan=PLAN)}
    assert found == {PAGE: TAGGED, identify(2).url: None, identify(3).url: None}


def test_robots_txt_is_stored_as_each_run_read_it(database: Database) -> None:
    url = f"{HOST}/robots.txt"
    with database.begin() as session:
        runs = [open_run(session, kind="ingest", site=SITE, started_at=at(hour)) for hour in (0, 1)]
        for number, (run_id, status, text) in enumerate([(runs[0], 200, "User-agent: *"), (runs[1], 404, "")]):
            seen = see(number, url, at(number), status)
            outcome = tag(RobotsRead(seen=seen, text=text))
            assert store_outcomes(session, [outcome], run_id=run_id, now=START) == {"robots": 1, "request": 1}
            assert store_outcomes(session, [outcome], run_id=run_id, now=START) == {}
        rows = select(Capture.run_id, Capture.url, Capture.status, Robots.text).join(Robots.capture)
        assert [tuple(row) for row in session.execute(rows.order_by(Capture.id))] == [
            (runs[0], url, 200, "User-agent: *"),
            (runs[1], url, 404, ""),
        ]
        assert find_validators(session, [url], START, PLAN) == {}
