"""What is counted and listed for the coverage pages, on both databases."""

from datetime import date

import pytest

from schemas.outcome import State
from storage.engine import Database
from storage.ledger.quarantine import count_quarantine_reasons, list_newest_quarantine
from storage.reports.audit import count_states
from storage.reports.calendar import count_days, list_sites, list_years
from storage.reports.completeness import count_sections, list_missing
from storage.reports.run_history import list_summaries
from storage.reports.sources import list_source_readings
from storage.reports.unstored import CursorInvalid, UnstoredFilter, UnstoredUrl, count_reasons, list_unstored
from storage.runs.run import find_run, list_earlier_runs
from storage.schema.tables import RunStatus
from tests.storage.coverage_sample import RULE, fill, record_run
from tests.storage.sample import FEED, SITE, START, identify


def test_each_url_that_is_not_stored_is_counted_under_one_reason(database: Database) -> None:
    fill(database)
    with database.read() as session:
        states = count_states(session, SITE)
        reasons = count_reasons(session, SITE)
        assert count_reasons(session, "meduza") == []
    counted = {(one.state, one.reason): one.url_count for one in reasons}
    assert counted[State.QUARANTINED, "body"] == 1
    assert counted[State.BLOCKED, "robots.txt"] == 1
    assert counted[State.EXCLUDED, RULE] == 1
    by_state = {state: 0 for state, _ in counted}
    for (state, _), count in counted.items():
        by_state[state] += count
    assert by_state == {state: count for state, count in states.items() if state is not State.STORED}
    assert {one.state for one in reasons if not one.is_missing} == {State.EXCLUDED, State.GONE} & by_state.keys()


def test_what_is_missing_is_listed_page_by_page_with_its_reasons(database: Database) -> None:
    fill(database)
    found: list[UnstoredUrl] = []
    cursor = None
    with database.read() as session:
        expected = {one.url for one in list_missing(session)}
        for _ in range(len(expected)):
            page = list_unstored(session, UnstoredFilter(), 2, cursor)
            found += page.urls
            cursor = page.next_cursor
            if cursor is None:
                break
    assert {one.url for one in found} == expected
    assert len(found) == len(expected) > 3
    quarantined = next(one for one in found if one.state is State.QUARANTINED)
    assert quarantined.reason == "body: empty"
    assert quarantined.quarantine_number is not None


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (UnstoredFilter(state=State.QUARANTINED), {3}),
        (UnstoredFilter(reason="body"), {3}),
        (UnstoredFilter(reason="bod"), set()),
        (UnstoredFilter(reason="%"), set()),
        (UnstoredFilter(site="meduza"), set()),
        (UnstoredFilter(state=State.BLOCKED, site=SITE), {5}),
        (UnstoredFilter(state=State.BLOCKED, month="2020-01"), set()),
    ],
)
def test_a_filter_selects_what_is_missing(database: Database, wanted: UnstoredFilter, numbers: set[int]) -> None:
    fill(database)
    with database.read() as session:
        found = {one.url for one in list_unstored(session, wanted, 50).urls}
    assert found == {identify(number).url for number in numbers}


@pytest.mark.parametrize(
    "cursor", ["x", "2026-10.2026-13-01.5", "'; DROP TABLE entry", "2026-10.2026-10-01.1" + "0" * 30]
)
def test_a_cursor_of_no_page_is_refused(database: Database, cursor: str) -> None:
    with database.read() as session, pytest.raises(CursorInvalid):
        list_unstored(session, UnstoredFilter(), 2, cursor)


def test_days_are_those_of_the_publisher(database: Database) -> None:
    fill(database)
    with database.read() as session:
        years = list_years(session)
        days = {one.day: one for one in count_days(session, 2026, SITE).days}
        sections = count_sections(session, SITE, 2026)
        assert count_days(session, 2025).days == ()
        assert list_sites(session) == [SITE]
    assert years[0] == 2026
    assert days[date(2026, 1, 1)].article_count == 1  # late in the evening in UTC
    assert days[date(2026, 10, 1)].stored_count == 1
    assert {(one.month, one.section, one.stored_count) for one in sections} == {
        ("2026-01", "business", 1),
        ("2026-10", "news", 1),
    }


def test_sources_say_when_they_were_read(database: Database) -> None:
    fill(database)
    with database.read() as session:
        reading = list_source_readings(session, SITE)[FEED]
        assert list_source_readings(session, "meduza") == {}
    assert (reading.read_at, reading.status) == (START, 200)


def test_the_quarantine_is_counted_and_listed_by_reason(database: Database) -> None:
    fill(database)
    with database.read() as session:
        assert count_quarantine_reasons(session, SITE) == {"body": 1}
        assert count_quarantine_reasons(session, "meduza") == {}
        (record,) = list_newest_quarantine(session, 5, site=SITE, reason="body")
        assert list_newest_quarantine(session, 5, reason="bod") == []
        assert list_newest_quarantine(session, 5, before=record.id) == []


def test_runs_are_listed_backwards_from_any_of_them(database: Database) -> None:
    ids = [record_run(database, hours) for hours in (1, 2, 2, 3)]
    failed = record_run(database, 4, status=RunStatus.FAILED, problems=("a problem",), leak_rate=0.25)
    with database.read() as session:
        newest = [run.id for run in list_earlier_runs(session, 2, site=SITE)]
        rest = [run.id for run in list_earlier_runs(session, 9, before=newest[-1])]
        summaries = list_summaries(session, SITE, limit=3)
        assert find_run(session, ids[0]) is not None
        assert find_run(session, "nothing") is None
        assert list_earlier_runs(session, 9, before="nothing") == []
        assert list_summaries(session, "meduza") == []
    assert newest[0] == failed
    assert sorted([*newest, *rest]) == sorted([*ids, failed])
    assert summaries[-1].id == failed
    assert (summaries[-1].problems, summaries[-1].leak_rate, summaries[-1].seconds) == (("a problem",), 0.25, 1800)
