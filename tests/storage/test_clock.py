"""Times recorded by a clock 400 days ahead, once it is set back: they neither delay nor overtake anything."""

from datetime import timedelta

import pytest

from schemas.outcome import Outcome, State
from storage.articles.article import find_article
from storage.engine import Database
from storage.ledger.frontier import find_due
from storage.ledger.sighting import list_listing_reads, record_listing_read
from storage.ledger.validator import find_source_validators
from storage.runs.lease import acquire_lease
from storage.runs.run import list_runs, mark_interrupted, open_run
from tests.storage.sample import (
    FEED,
    SITE,
    START,
    advertise,
    answer_503,
    at,
    confirm,
    fail,
    forbid,
    identify,
    miss,
    quarantine,
    read,
    redirect,
    tag,
)
from tests.storage.test_outcome import entry, states, store
from tests.storage.test_validator import PLAN

AHEAD = 400 * 24
"""How far the clock was ahead, in hours."""

BACK = 1
"""When the clock is correct again, in hours."""


def find_due_keys(database: Database, hours: float = BACK) -> list[str]:
    with database.read() as session:
        return [address.key for address in find_due(session, SITE, at(hours))]


def begin_run(database: Database, hours: float) -> str:
    with database.begin() as session:
        return open_run(session, kind="ingest", site=SITE, started_at=at(hours))


@pytest.mark.parametrize(
    "outcome",
    [
        read(1, 1, hours=AHEAD),
        fail(1, AHEAD),
        answer_503(1, 1, AHEAD),
        forbid(1, AHEAD),
        miss(1, 1, AHEAD),
        quarantine(1, 1, hours=AHEAD, is_transient=True),
        redirect(1, identify(1), identify(2), AHEAD, is_permanent=False),
    ],
    ids=["read", "no answer", "503", "robots", "404", "quarantined", "to another for now"],
)
def test_a_url_is_due_and_its_fetch_is_recorded(database: Database, outcome: Outcome) -> None:
    begin_run(database, AHEAD)
    store(database, advertise(0, identify(1)), outcome, hours=AHEAD)
    assert find_due_keys(database) == [identify(1).key]
    store(database, fail(1, BACK), hours=BACK)
    assert find_due_keys(database) == []
    store(database, read(9, 1, "Another.", hours=BACK + 1), hours=BACK + 1)
    assert entry(database, 1).state == State.STORED
    with database.read() as session:
        found = find_article(session, identify(1).key)
        assert found
        assert found.body == "Another."
    assert find_due_keys(database, BACK + 1) == []


def test_a_clock_that_is_hours_ahead_changes_nothing(database: Database) -> None:
    store(database, fail(1, BACK + 3), hours=BACK + 3)
    assert find_due_keys(database) == []


def test_an_article_dropped_from_the_plan_is_revisited(database: Database) -> None:
    begin_run(database, AHEAD)
    store(database, read(1, 1, published_at=START), confirm(2, 1, hours=AHEAD), hours=AHEAD)
    assert entry(database, 1).next_try_at is None
    assert find_due_keys(database) == [identify(1).key]
    store(database, confirm(3, 1, hours=BACK), hours=BACK)
    assert entry(database, 1).next_try_at == at(2)


def test_a_gone_url_that_is_still_advertised_is_due(database: Database) -> None:
    store(database, advertise(0, identify(1)), miss(1, 1), miss(2, 1, AHEAD), hours=AHEAD)
    assert states(database) == {State.GONE: 1}
    store(database, advertise(3, identify(1), hours=BACK), hours=BACK)
    assert find_due_keys(database) == [identify(1).key]


def test_a_missing_page_is_gone_after_a_second_fetch(database: Database) -> None:
    store(database, advertise(0, identify(1)), miss(1, 1, AHEAD), hours=AHEAD)
    store(database, miss(2, 1, BACK), hours=BACK)
    assert entry(database, 1).next_try_at == at(BACK + 24)
    store(database, miss(3, 1, BACK + 24), hours=BACK + 24)
    assert states(database) == {State.GONE: 1}


def test_validators_are_not_trusted_until_recorded_again(database: Database) -> None:
    store(database, tag(advertise(0, identify(1), hours=AHEAD)), hours=AHEAD)
    for hours, names in ((BACK, {}), (BACK + 1, {FEED})):
        with database.read() as session:
            assert set(find_source_validators(session, SITE, at(hours), PLAN)) == set(names)
        store(database, tag(advertise(int(hours), identify(1), hours=hours)), hours=hours)


def test_a_listing_is_read_to_its_end_again(database: Database) -> None:
    with database.begin() as session:
        record_listing_read(session, FEED, at(AHEAD))
        assert list_listing_reads(session, at(BACK)) == {}
        record_listing_read(session, FEED, at(BACK))
        assert list_listing_reads(session, at(BACK)) == {FEED: at(BACK)}


def test_a_lease_from_the_future_does_not_exclude_others(database: Database) -> None:
    dead = begin_run(database, AHEAD)
    with database.begin() as session:
        acquire_lease(session, "crawl", run_id=dead, now=at(AHEAD), seconds=300, host="a", pid=1)
    with database.begin() as session:
        assert mark_interrupted(session, at(BACK)) == [dead]
        assert acquire_lease(session, "crawl", run_id="b", now=at(BACK), seconds=300, host="b", pid=2).run_id == "b"


def test_runs_are_listed_as_of_a_time(database: Database) -> None:
    runs = [begin_run(database, hours) for hours in (0, AHEAD)]
    with database.read() as session:
        assert [run.id for run in list_runs(session)] == runs[::-1]
        assert [run.id for run in list_runs(session, until=START + timedelta(hours=BACK))] == runs[:1]
