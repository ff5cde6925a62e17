import tracemalloc

from sqlalchemy import event, select

from schemas.outcome import SourceRead
from storage import sighting
from storage.database import Database
from storage.ledger import audit_ledger, count_advertised, find_entry
from storage.outcome import store_outcomes
from storage.tables import Sighting
from tests.storage.sample import advertise, at, identify, read


def store(database: Database, outcome: SourceRead) -> list[str]:
    """Store it; answers the statements that wrote."""
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


def test_a_mere_repetition_is_noted_once_a_day(database: Database) -> None:
    store(database, advertise(0, identify(1)))
    assert store(database, advertise(1, identify(1), hours=23)) == []
    assert seen_times(database) == [(at(0), at(0))]
    (statement,) = store(database, advertise(2, identify(1), hours=24))
    assert statement.startswith("UPDATE sighting")
    assert seen_times(database) == [(at(0), at(24))]


def test_an_earlier_sight_and_a_new_title_are_noted_at_once(database: Database) -> None:
    store(database, advertise(0, identify(1)))
    store(database, advertise(1, identify(1), hours=-1))
    assert seen_times(database) == [(at(-1), at(0))]
    outcome = advertise(2, identify(1), hours=1)
    titled = [(identity, seen.model_copy(update={"title": "A title"})) for identity, seen in outcome.sightings]
    store(database, outcome.model_copy(update={"sightings": tuple(titled)}))
    assert seen_times(database) == [(at(-1), at(1))]


def test_a_date_that_a_source_tells_later_is_the_entrys(database: Database) -> None:
    store(database, advertise(0, identify(1)))
    outcome = advertise(1, identify(1), hours=1)
    dated = [(identity, seen.model_copy(update={"published_at": at(-5)})) for identity, seen in outcome.sightings]
    store(database, outcome.model_copy(update={"sightings": tuple(dated)}))
    with database.read() as session:
        found = find_entry(session, identify(1).key)
    assert found
    assert found.published_at == at(-5)


def test_more_sightings_than_a_part_are_stored_with_repetitions_across_parts(database: Database) -> None:
    identities = [identify(number) for number in range(sighting.PART_COUNT + 300)]
    with database.begin() as session:
        first, again = advertise(0, *identities, *identities[:10]), advertise(1, *identities[::-1], hours=1)
        counts = store_outcomes(session, [read(2, 5), first, again, read(3, 6)], run_id=None, now=at(0))
    assert counts["sighted-new"] == len(identities)
    with database.read() as session:
        assert count_advertised(session) == len(identities)
        assert audit_ledger(session) == []


def test_many_sightings_at_once_are_held_a_part_at_a_time(database: Database) -> None:
    outcome = advertise(0, *(identify(number) for number in range(8 * sighting.PART_COUNT)))
    tracemalloc.start()
    store(database, outcome)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # A part's rows take some 5 kB a sighting while they are written; all eight would take 80 MB.
    assert peak < 25_000_000
