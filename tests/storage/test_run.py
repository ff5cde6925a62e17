from datetime import timedelta

import pytest
from sqlalchemy import text as sql_text

from schemas.outcome import Outcome
from schemas.report import RunReport
from storage.captures.capture import find_position, list_positions, store_position
from storage.captures.imported import find_imported_digests
from storage.engine import Database
from storage.ledger.outcome import store_outcomes
from storage.ledger.quarantine import count_quarantine, find_quarantine, list_quarantine
from storage.runs.run import close_run, list_runs, mark_interrupted, open_run
from storage.schema.tables import RunStatus
from tests.storage.sample import SITE, START, advertise, at, fail, identify, quarantine, read, read_text


def report_of(run_id: str) -> RunReport:
    return RunReport(
        run_id=run_id,
        kind="ingest",
        site=SITE,
        started_at=at(0),
        ended_at=at(1),
        outcomes={"stored": 1},
        advertised_count=1,
        advertised_new_count=1,
        request_count=2,
        page_count=1,
        ledger={"stored": 1},
        notes=("a note",),
    )


def test_a_run_is_listed_with_its_report(database: Database) -> None:
    with database.begin() as session:
        run_id = open_run(session, kind="ingest", site=SITE, started_at=at(0), parameters={"limit": 3})
    with database.begin() as session:
        close_run(session, run_id, status=RunStatus.COMPLETED, ended_at=at(1), report=report_of(run_id))
    with database.read() as session:
        (run,) = list_runs(session)
    assert run.report == report_of(run_id)
    assert run.parameters == {"limit": 3}
    assert (run.status, run.started_at, run.ended_at) == (RunStatus.COMPLETED, at(0), at(1))
    assert run.started_at.utcoffset() == timedelta(0)


def test_only_runs_that_never_ended_are_interrupted(database: Database) -> None:
    with database.begin() as session:
        runs = [open_run(session, kind="ingest", site=SITE, started_at=at(hour)) for hour in range(3)]
        close_run(session, runs[1], status=RunStatus.FAILED, ended_at=at(5))
        assert mark_interrupted(session, at(6), site="generic") == []
        assert mark_interrupted(session, at(6)) == [runs[0], runs[2]]
        assert mark_interrupted(session, at(7)) == []
        assert [run.status for run in list_runs(session)] == ["interrupted", "failed", "interrupted"]
        assert [run.id for run in list_runs(session, 1)] == [runs[2]]


def test_an_unknown_run_cannot_be_closed(database: Database) -> None:
    with database.begin() as session, pytest.raises(KeyError):
        close_run(session, "none", status=RunStatus.COMPLETED, ended_at=START)


def test_requests_and_pages_are_counted_once(database: Database) -> None:
    outcomes: list[Outcome] = [
        advertise(0, identify(1)),
        read(1, 1),
        quarantine(2, 2),
        read_text(3, "A text."),
        fail(4),
    ]
    with database.begin() as session:
        counts = store_outcomes(session, outcomes, run_id=None, now=START)
        assert (counts["request"], counts["page"]) == (4, 2)
        assert store_outcomes(session, outcomes, run_id=None, now=START) == {}


def test_an_imported_file_is_known_by_its_digest_and_a_fetched_response_is_not(database: Database) -> None:
    text, page = read_text(1, "A text."), read(2, 1)
    with database.begin() as session:
        store_outcomes(session, [text, page], run_id=None, now=START)
        digests = [text.seen.ref.sha256, page.seen.ref.sha256, "0" * 64]
        assert find_imported_digests(session, digests) == {text.seen.ref.sha256}
        asked = "SELECT 1 FROM capture WHERE sha256 = 'x' AND url IS NULL"
        explain = f"EXPLAIN QUERY PLAN {asked}"
        if session.get_bind().dialect.name == "postgresql":
            session.execute(sql_text("SET LOCAL enable_seqscan = off"))  # otherwise a table of two rows is scanned
            explain = f"EXPLAIN {asked}"
        plan = session.execute(sql_text(explain))
        assert "ix_capture_imported" in str(plan.all())


def test_positions_only_increase_and_are_stored_with_the_outcomes(database: Database) -> None:
    with database.begin() as session:
        assert find_position(session, "a.warc.gz") == 0
        store_position(session, "a.warc.gz", 100, cut_at=100)
    with pytest.raises(KeyboardInterrupt):
        _die_after_position(database)
    with database.begin() as session:
        assert find_position(session, "a.warc.gz") == 100
        store_position(session, "a.warc.gz", 200)
        store_position(session, "a.warc.gz", 150)
        store_position(session, "b.warc.gz", 5)
        assert list_positions(session) == {"a.warc.gz": 200, "b.warc.gz": 5}
        assert list_positions(session, ["b.warc.gz", "unknown.warc.gz"]) == {"b.warc.gz": 5}
        assert list_positions(session, []) == {}


def test_a_quarantined_capture_is_found_by_number_key_and_url(database: Database) -> None:
    with database.begin() as session:
        store_outcomes(session, [quarantine(1, 1), quarantine(2, 2)], run_id=None, now=at(1))
        first, second = list_quarantine(session)
        assert find_quarantine(session, str(second.id)) == second
        assert find_quarantine(session, identify(1).key) == first
        assert find_quarantine(session, identify(1).url) == first
        for digits in ("99", "9" * 19, "9" * 20, "9" * 5000):
            assert find_quarantine(session, digits) is None
        assert find_quarantine(session, "moscow-times:en:99") is None
        assert list_quarantine(session, "generic") == []
        assert list_quarantine(session, limit=1) == [first]
        assert list_quarantine(session, since=at(2)) == []
        assert count_quarantine(session) == 2
    assert (first.url, first.created_at, first.resolved_at) == (identify(1).url, at(1), None)
    assert first.capture.offset == 1


def _die_after_position(database: Database) -> None:
    with database.begin() as session:
        store_position(session, "a.warc.gz", 300)
        raise KeyboardInterrupt
