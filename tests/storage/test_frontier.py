from datetime import datetime, timedelta, timezone

import pytest

from schemas.outcome import Outcome
from schemas.url import Identity, Sighting, SourceKind
from storage.engine import Database
from storage.ledger.frontier import add_urls, find_due, find_entry, find_known
from storage.ledger.outcome import store_outcomes
from tests.storage.sample import HOST, SITE, START, advertise, fail, identify, identify_url, quarantine, read


def sight(identity: Identity, published_at: datetime | None = None) -> tuple[Identity, Sighting]:
    sighting = Sighting(
        url=identity.url, source_url="list.txt", source_kind=SourceKind.LIST, seen_at=START, published_at=published_at
    )
    return identity, sighting


def test_the_newest_publication_is_due_first_and_undated_urls_last_in_order_of_discovery(
    database: Database,
) -> None:
    days = {5: None, 1: 1, 2: 3, 3: 2, 4: None}
    sightings = [sight(identify(number), START - timedelta(days=day) if day else None) for number, day in days.items()]
    with database.begin() as session:
        assert add_urls(session, sightings, START) == 5
        assert add_urls(session, sightings, START) == 0
    with database.read() as session:
        due = find_due(session, SITE, START)
        assert [address.record_id for address in due] == [identify(number).id for number in (1, 3, 2, 5, 4)]
        assert find_due(session, SITE, START, 2) == due[:2]
        assert find_due(session, None, START) == due
        assert find_due(session, "generic", START) == []


def test_a_failed_url_is_due_after_its_backoff_and_a_settled_one_never(database: Database) -> None:
    with database.begin() as session:
        outcomes: list[Outcome] = [
            fail(1),
            read(1, 2),
            quarantine(2, 3),
            advertise(3, identify_url("/podcasts", rule="podcasts")),
        ]
        store_outcomes(session, outcomes, run_id=None, now=START)
        (waiting,) = [entry for entry in [find_entry(session, identify(1).key)] if entry]
        assert waiting.next_try_at
        assert find_due(session, SITE, waiting.next_try_at - timedelta(seconds=1)) == []
        assert [address.key for address in find_due(session, SITE, waiting.next_try_at)] == [identify(1).key]


def test_an_entry_is_found_by_its_key_and_by_each_url(database: Database) -> None:
    with database.begin() as session:
        store_outcomes(session, [advertise(0, identify(1, "old")), read(1, 1)], run_id=None, now=START)
        by_key = find_entry(session, identify(1).key)
        assert by_key
        assert by_key.aliases == (identify(1, "old").url,)
        assert find_entry(session, identify(1).url) == by_key
        assert find_entry(session, identify(1, "old").url) == by_key
        assert find_entry(session, f"{HOST}/unknown") is None
        assert find_known(session, [identify(1).url, f"{HOST}/unknown"]) == {identify(1).url}


def test_a_time_without_a_zone_is_no_publication_time(database: Database) -> None:
    naive = datetime(2026, 9, 5)  # noqa: DTZ001 - that is the point
    with database.begin() as session:
        add_urls(session, [sight(identify(1), naive)], START)
        entry = find_entry(session, identify(1).key)
    assert entry
    assert entry.published_at is None


@pytest.mark.parametrize("offset_hours", [-12, 0, 12])
@pytest.mark.parametrize("year", [1, 9999])
def test_a_time_at_the_calendars_ends_does_not_raise(database: Database, year: int, offset_hours: int) -> None:
    zone = timezone(timedelta(hours=offset_hours))
    extreme = datetime(1, 1, 1, tzinfo=zone) if year == 1 else datetime(9999, 12, 31, 23, 59, tzinfo=zone)
    with database.begin() as session:
        add_urls(session, [sight(identify(1), extreme)], START)
        entry = find_entry(session, identify(1).key)
    assert entry
    assert entry.published_at is None or entry.published_at == extreme
