"""Reads what the archive covers: years, days, sections, sources, what is missing, and the runs."""

from collections.abc import Mapping

from pipeline.archive import Archive
from pipeline.run import measure_completeness
from pipeline.status import RecordUnknown
from schemas.model import Count, Record
from schemas.outcome import State
from storage.articles.article import count_articles
from storage.ledger.quarantine import (
    QuarantineRecord,
    count_quarantine,
    count_quarantine_reasons,
    find_quarantine,
    list_newest_quarantine,
)
from storage.redactions.state import RedactionState, read_redaction_state
from storage.redactions.synchronization import list_tombstones
from storage.reports.audit import audit_ledger, count_states
from storage.reports.calendar import YearCount, count_days, list_sites, list_years
from storage.reports.completeness import (
    MISSING_STATES,
    MonthCount,
    SectionCount,
    SourceCount,
    count_months,
    count_sections,
    count_source_kinds,
    count_sources,
)
from storage.reports.run_history import RunSummary, list_summaries
from storage.reports.sources import SourceReading, SourceState, list_source_readings
from storage.reports.unstored import ReasonCount, UnstoredFilter, UnstoredPage, count_reasons, list_unstored
from storage.runs.run import RunRecord, find_run, list_earlier_runs


class MonthsReport(Record):
    """The ledger of a publisher, or of all: by state, and by month."""

    states: dict[State, Count]
    advertised_count: Count
    missing_count: Count
    completeness: float | None
    months: tuple[MonthCount, ...]
    """Newest first, the unknown month last."""


class Totals(Record):
    """What the archive holds, of all publishers."""

    article_count: Count
    """Articles in a default export, including imported ones."""
    duplicate_count: Count
    quarantined_count: Count
    redacted_count: Count


class SourcesReport(Record):
    """The sources of a publisher, or of all, by kind."""

    kinds: tuple[SourceCount, ...]
    sources: tuple[SourceState, ...]
    silent: dict[str, SourceReading]
    """Sources that were read, but have advertised nothing."""


class QuarantinePage(Record):
    """A page of quarantined captures, newest first."""

    records: tuple[QuarantineRecord, ...]
    next_cursor: int | None
    """The number of the last one, below which the next page begins; None on the last page."""


class RunPage(Record):
    """A page of runs, newest first."""

    runs: tuple[RunRecord, ...]
    next_cursor: str | None
    """The id of the last one; None on the last page."""


def check_site(archive: Archive, site: str | None) -> None:
    """Check that a publisher is known.

    Raises:
        UnknownSite: there is none of this name.
    """
    if site is not None:
        archive.publishers.get(site)


def read_redacted(archive: Archive) -> RedactionState:
    """Read what tells whether any article was redacted, or let in again."""
    with archive.database.read() as session:
        return read_redaction_state(session)


def report_months(archive: Archive, site: str | None = None) -> MonthsReport:
    """Count the advertised URLs by state and by publication month."""
    with archive.database.read_snapshot() as session:
        states = count_states(session, site)
        months = tuple(count_months(session, site))
    return MonthsReport(
        states=states,
        advertised_count=sum(states.values()),
        missing_count=sum(states.get(state, 0) for state in MISSING_STATES),
        completeness=measure_completeness(name_states(states)),
        months=months,
    )


def name_states(states: Mapping[State, int]) -> dict[str, int]:
    """Return the counts by the names of the states."""
    return {state.value: count for state, count in states.items()}


def report_totals(archive: Archive) -> Totals:
    """Count what the archive holds."""
    with archive.database.read_snapshot() as session:
        articles = count_articles(session)
        return Totals(
            article_count=articles.article_count,
            duplicate_count=articles.duplicate_count,
            quarantined_count=count_quarantine(session),
            redacted_count=len(list_tombstones(session)),
        )


def report_problems(archive: Archive) -> list[str]:
    """Return what is wrong with the ledger itself; nothing if its counts can be trusted."""
    with archive.database.read_snapshot() as session:
        return audit_ledger(session)


def report_sites(archive: Archive) -> list[str]:
    """Return the publishers that the archive has anything of."""
    with archive.database.read() as session:
        return list_sites(session)


def report_year(archive: Archive, year: int, site: str | None = None) -> YearCount:
    """Count the URLs and articles of a year by publication day."""
    with archive.database.read_snapshot() as session:
        return count_days(session, year, site)


def report_years(archive: Archive) -> list[int]:
    """Return the years that have anything, newest first."""
    with archive.database.read_snapshot() as session:
        return list_years(session)


def report_sections(archive: Archive, site: str | None = None, year: int | None = None) -> list[SectionCount]:
    """Return the stored articles by month and section, of a year or of all."""
    with archive.database.read() as session:
        return count_sections(session, site, year)


def report_sources(archive: Archive, site: str | None = None) -> SourcesReport:
    """Return every source with what it advertised, and when it was last read."""
    with archive.database.read_snapshot() as session:
        kinds, counts = count_source_kinds(session, site), count_sources(session, site)
        readings = list_source_readings(session, site)
    sources = tuple(
        SourceState(count=count, reading=readings.get(count.source_url or "", SourceReading())) for count in counts
    )
    advertising = {count.source_url for count in counts}
    silent = {url: reading for url, reading in readings.items() if url not in advertising}
    return SourcesReport(kinds=tuple(kinds), sources=sources, silent=silent)


def report_reasons(archive: Archive, site: str | None = None) -> list[ReasonCount]:
    """Count what is not stored by state and reason."""
    with archive.database.read() as session:
        return count_reasons(session, site)


def read_unstored(archive: Archive, wanted: UnstoredFilter, limit: int, cursor: str | None = None) -> UnstoredPage:
    """Return a page of what is not stored.

    Raises:
        CursorInvalid: no page named this cursor.
    """
    with archive.database.read() as session:
        return list_unstored(session, wanted, limit, cursor)


def report_quarantine(archive: Archive, site: str | None = None) -> dict[str, int]:
    """Return reason -> quarantined captures."""
    with archive.database.read() as session:
        return count_quarantine_reasons(session, site)


def read_quarantine(
    archive: Archive, limit: int, *, site: str | None = None, reason: str | None = None, cursor: int | None = None
) -> QuarantinePage:
    """Return a page of quarantined captures."""
    with archive.database.read() as session:
        found = list_newest_quarantine(session, limit + 1, site=site, reason=reason, before=cursor)
    shown = found[:limit]
    return QuarantinePage(records=tuple(shown), next_cursor=shown[-1].id if len(found) > limit else None)


def find_quarantined(archive: Archive, number: int) -> QuarantineRecord:
    """Return a quarantined capture by its number, also one that is settled by now.

    Raises:
        RecordUnknown: there is none.
    """
    with archive.database.read() as session:
        found = find_quarantine(session, str(number))
    if found is None:
        raise RecordUnknown(f"nothing has the number {number} in the quarantine")
    return found


def report_runs(archive: Archive, site: str | None = None) -> list[RunSummary]:
    """Return the newest runs that have ended, oldest first, for plots."""
    with archive.database.read() as session:
        return list_summaries(session, site)


def read_runs(archive: Archive, limit: int, *, site: str | None = None, cursor: str | None = None) -> RunPage:
    """Return a page of runs. A cursor that is no run's id gives an empty one."""
    with archive.database.read() as session:
        found = list_earlier_runs(session, limit + 1, site=site, before=cursor)
    shown = found[:limit]
    return RunPage(runs=tuple(shown), next_cursor=shown[-1].id if len(found) > limit else None)


def find_run_record(archive: Archive, run_id: str) -> RunRecord:
    """Return a run.

    Raises:
        RecordUnknown: there is none with this id.
    """
    with archive.database.read() as session:
        found = find_run(session, run_id)
    if found is None:
        raise RecordUnknown(f"there is no run {run_id}")
    return found
