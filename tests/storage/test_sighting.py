import tracemalloc
from datetime import date

import pytest
from sqlalchemy import event, select

from schemas.outcome import Outcome, SourceRead, State
from storage.engine import Database
from storage.ledger import sighting
from storage.ledger.frontier import audit_ledger, count_advertised, count_states, find_entry
from storage.ledger.outcome import store_outcomes
from storage.schema.tables import Sighting
from tests.storage.sample import SITE, advertise, at, identify, read, redirect, say


def store(database: Database, outcome: SourceRead) -> list[str]:
    """Store an outcome; return the statements that wrote rows."""
    statements: list[str] = []

    def _note(*arguments: object) -> None:
        statement = str(arguments[2])
        if statement.startswith(("INSERT", "UPDATE", "DELETE")) and "capture" not in statement:
            statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", _note)
    with database.begin() as session:
        store_outcomes(session, [outcome], run_id=None, now=at(0))
    event.remove(database.engine, "before_cursor_execute", _note)
    return statements


def seen_times(database: Database) -> list[tuple[object, object]]:
    with database.read() as session:
        rows = session.scalars(select(Sighting).order_by(Sighting.id))
        return [(row.first_seen_at, row.last_seen_at) for row in rows]


def test_a_repeated_sighting_is_recorded_once_a_day(database: Database) -> None:
    store(database, advertise(0, identify(1)))
    assert store(database, advertise(1, identify(1), hours=23)) == []
    assert seen_times(database) == [(at(0), at(0))]
    (statement,) = store(database, advertise(2, identify(1), hours=24))
    assert statement.startswith("UPDATE sighting")
    assert seen_times(database) == [(at(0), at(24))]


def test_an_earlier_sighting_is_recorded_at_once(database: Database) -> None:
    store(database, advertise(0, identify(1)))
    store(database, advertise(1, identify(1), hours=-1))
    assert seen_times(database) == [(at(-1), at(0))]


@pytest.mark.parametrize("said", [{"title": "Another"}, {"published_at": at(-5)}], ids=str)
def test_a_changed_title_or_date_is_another_sighting_of_the_same_url(
    database: Database, said: dict[str, object]
) -> None:
    store(database, say(advertise(0, identify(1)), title="A title"))
    store(database, say(advertise(1, identify(1), hours=1), **({"title": "A title"} | said)))
    assert seen_times(database) == [(at(0), at(0)), (at(1), at(1))]
    # Repetitions of the two are recorded separately.
    assert store(database, say(advertise(2, identify(1), hours=2), title="A title")) == []
    store(database, say(advertise(3, identify(1), hours=24), title="A title"))
    assert seen_times(database) == [(at(0), at(24)), (at(1), at(1))]
    with database.read() as session:
        assert count_advertised(session) == 1
        assert audit_ledger(session) == []


def test_a_url_belongs_to_the_site_that_it_was_first_advertised_for(database: Database) -> None:
    before = identify(1).model_copy(update={"site": "generic"})
    store(database, advertise(0, before))
    store(database, advertise(1, identify(1), source_url="another", hours=1))
    with database.read() as session:
        assert [count_advertised(session, site) for site in ("generic", SITE, None)] == [1, 0, 1]
        assert [audit_ledger(session, site) for site in ("generic", SITE, None)] == [[], [], []]


def test_a_url_found_by_a_redirect_counts_once_a_source_advertises_it(database: Database) -> None:
    store(database, advertise(0, identify(1, "old")))
    with database.begin() as session:
        outcomes: list[Outcome] = [redirect(1, identify(1, "old"), identify(1, "new")), read(2, 1)]
        store_outcomes(session, outcomes, run_id=None, now=at(0))
        assert count_states(session) == {State.STORED: 1}
    store(database, advertise(3, identify(1, "new"), hours=1))
    with database.read() as session:
        assert count_states(session) == {State.STORED: 2}
        assert audit_ledger(session) == []


MONTHS = [
    # what is advertised first and later -> the entry's day and month
    ({"published_month": "2026-09"}, {}, None, "2026-09"),
    ({"published_month": "2026-09"}, {"published_on": date(2026, 8, 31)}, date(2026, 8, 31), "2026-08"),
    ({"published_month": "2026-9"}, {"published_month": "2026-08"}, None, "2026-08"),
    ({"published_month": "2026-13"}, {"published_month": "index"}, None, None),
    ({"published_on": date(2026, 8, 31)}, {"published_month": "2026-09"}, date(2026, 8, 31), "2026-08"),
    ({"published_on": date(2026, 8, 31)}, {"published_on": date(2026, 9, 1)}, date(2026, 8, 31), "2026-08"),
    # in Moscow, it is the next month
    ({"published_on": date(2026, 8, 1)}, {"published_at": at(-32 * 24 + 10)}, date(2026, 10, 1), "2026-10"),
    ({"published_at": at(-32 * 24 + 10)}, {"published_on": date(2026, 8, 1)}, date(2026, 10, 1), "2026-10"),
]


@pytest.mark.parametrize(("first", "then", "day", "month"), MONTHS, ids=str)
def test_a_day_takes_precedence_over_a_month_and_a_time_over_both(
    database: Database, first: dict[str, object], then: dict[str, object], day: date | None, month: str | None
) -> None:
    store(database, say(advertise(0, identify(1)), **first))
    store(database, say(advertise(1, identify(1), hours=1), **then))
    with database.read() as session:
        found = find_entry(session, identify(1).key)
    assert found
    assert (found.published_on, found.published_month) == (day, month)


def test_the_articles_own_time_takes_precedence_over_its_url_and_sitemap(database: Database) -> None:
    store(database, say(advertise(0, identify(1)), published_on=date(2026, 8, 1), published_month="2026-08"))
    with database.begin() as session:
        store_outcomes(session, [read(1, 1)], run_id=None, now=at(0))
    store(database, say(advertise(2, identify(1), hours=1), published_on=date(2026, 8, 1), published_month="2026-08"))
    with database.read() as session:
        found = find_entry(session, identify(1).key)
    assert found
    assert (found.published_on, found.published_month) == (date(2026, 10, 1), "2026-10")


def test_a_date_advertised_later_is_recorded_in_the_entry(database: Database) -> None:
    store(database, advertise(0, identify(1)))
    store(database, say(advertise(1, identify(1), hours=1), published_at=at(-5)))
    with database.read() as session:
        found = find_entry(session, identify(1).key)
    assert found
    assert found.published_at == at(-5)


def test_more_sightings_than_a_batch_are_stored_with_repetitions_across_batches(database: Database) -> None:
    identities = [identify(number) for number in range(sighting.PART_COUNT + 300)]
    with database.begin() as session:
        first, again = advertise(0, *identities, *identities[:10]), advertise(1, *identities[::-1], hours=1)
        counts = store_outcomes(session, [read(2, 5), first, again, read(3, 6)], run_id=None, now=at(0))
    assert counts["sighted-new"] == len(identities)
    with database.read() as session:
        assert count_advertised(session) == len(identities)
        assert audit_ledger(session) == []


@pytest.mark.parametrize("database_kind", ["sqlite"])  # memory use does not depend on the database
def test_many_sightings_are_in_memory_one_batch_at_a_time(database: Database) -> None:
    outcome = advertise(0, *(identify(number) for number in range(3 * sighting.PART_COUNT)))
    tracemalloc.start()
    store(database, outcome)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # A batch's rows take about 5 kB per sighting while they are written; all three batches would take 30 MB.
    assert peak < 20_000_000
