"""The newest fetched articles, and the readings that earlier runs reported."""

from datetime import date
from typing import Any

import pytest

from schemas.report import KindReading, RunReport
from storage.engine import Database
from storage.ledger.outcome import store_outcomes
from storage.reports.history import GROUP_COUNT, find_last_recurrence_report, iterate_newest, list_readings
from storage.runs.run import close_run, open_run
from storage.schema.tables import RunStatus
from tests.storage.sample import SITE, at, read

TEXT = "A text that two articles have from one agency, word for word and without any change."


def newest_ids(database: Database, count: int) -> list[tuple[str, ...]]:
    with database.read() as session:
        return [tuple(one.id.rpartition(":")[2] for one in group) for group in iterate_newest(session, SITE, count)]


def store(database: Database, *outcomes: Any) -> None:
    with database.begin() as session:
        store_outcomes(session, outcomes, run_id=None, now=at(9_000))


def test_the_newest_fetched_articles_come_first(database: Database) -> None:
    store(database, *(read(number, number, hours=hours) for number, hours in ((1, 2), (2, 3), (3, 1))))
    assert newest_ids(database, 2) == [("2",), ("1",)]


def test_duplicates_come_together(database: Database) -> None:
    store(database, read(1, 1, TEXT, 3), read(2, 2, hours=2), read(3, 3, TEXT, 1))
    assert newest_ids(database, 10) == [("1", "3"), ("2",)]


def test_no_article_is_lost_between_two_batches(database: Database) -> None:
    count = GROUP_COUNT + 7
    store(database, *(read(number, number, hours=number) for number in range(1, count + 1)))
    assert newest_ids(database, count) == [(str(number),) for number in range(count, 0, -1)]


def test_another_sites_articles_are_ignored(database: Database) -> None:
    store(database, read(1, 1, site="generic"), read(2, 2))
    assert newest_ids(database, 10) == [("2",)]


READING = {"article": KindReading(page_count=3, sources={"headline": {"json-ld": 3}})}


def record_run(database: Database, hours: float, kind: str = "ingest", **special: Any) -> str:
    given: dict[str, Any] = {
        "site": SITE,
        "kind": kind,
        "started_at": at(hours),
        "ended_at": at(hours),
        "outcomes": {},
        "advertised_count": 0,
        "advertised_new_count": 0,
        "request_count": 3,
        "page_count": 3,
        "ledger": {},
        "reading": READING,
    }
    with database.begin() as session:
        run_id = open_run(session, kind=kind, site=SITE, started_at=at(hours))
        report = RunReport(run_id=run_id, **(given | special))
        close_run(session, run_id, status=RunStatus.COMPLETED, ended_at=at(hours), report=report)
    return run_id


@pytest.mark.parametrize(
    "special", [{"kind": "import"}, {"page_count": 0}], ids=["of another kind", "that fetched no page"]
)
def test_runs_that_do_not_compare_are_left_out(database: Database, special: dict[str, Any]) -> None:
    record_run(database, 1, **special)
    with database.read() as session:
        assert list_readings(session, kind="ingest", site=SITE) == []


def test_readings_come_back_newest_first(database: Database) -> None:
    record_run(database, 1, kind="backfill", since=date(2020, 1, 1))
    record_run(database, 2, kind="backfill", since=date(2019, 12, 1), reading={})
    with database.read() as session:
        found = list_readings(session, kind="backfill", site=SITE)
    assert [(one.since, one.reading) for one in found] == [(date(2019, 12, 1), {}), (date(2020, 1, 1), READING)]


def test_the_newest_run_that_measured_is_found_behind_newer_ones(database: Database) -> None:
    record_run(database, 1, leak_rate=0.5)
    wanted = record_run(database, 2, leak_rate=0.0)
    record_run(database, 3)
    with database.read() as session:
        found = find_last_recurrence_report(session)
    assert found
    assert (found.run_id, found.leak_rate) == (wanted, 0.0)


def test_an_archive_without_a_measuring_run_has_no_report(database: Database) -> None:
    record_run(database, 1)
    with database.read() as session:
        assert find_last_recurrence_report(session) is None
