"""The completeness report: what the publisher advertised, what of it is stored, and why the rest is not.

It has the archive's own times, not the time at which it is made: the same archive gives the same bytes.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from pipeline.archive import Archive
from pipeline.run import measure_completeness
from pipeline.template import render
from schemas.model import Count, Record
from schemas.outcome import State
from storage.engine import Session
from storage.export.file import check_path
from storage.export.sink import opening
from storage.reports.audit import audit_ledger, count_states
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
from storage.runs.run import find_last_end

PLOT_WIDTH = 880
PLOT_HEIGHT = 160
"""In pixels; the month with the most URLs is that high."""
MIN_BAR_WIDTH, MAX_BAR_WIDTH = 2, 24


class ReportFormat(StrEnum):
    """The format of a written report."""

    HTML = "html"
    MARKDOWN = "md"


class Bar(Record):
    """A month's bar of the plot, in pixels from the top left."""

    title: str
    x: int
    width: int
    parts: tuple[tuple[str, float, float], ...]
    """What is counted, its top and its height; from the bottom upwards."""


class CompletenessReport(Record):
    """The advertised URLs of an archive by month, source and section.

    Every advertised URL is in exactly one state, and in the row of exactly one month. By source, it counts once for
    each source that advertised it. Stored articles have a section; that of the others is not known.
    """

    site: str | None
    """The publisher; None for all."""
    as_of: datetime | None
    """When the last run ended; None before the first."""
    advertised_count: Count
    states: dict[State, Count]
    missing_count: Count
    """URLs that are available but not stored: pending, captured, failed, blocked and quarantined."""
    completeness: float | None
    """Stored (with duplicates) / advertised articles, without those that are gone."""
    months: tuple[MonthCount, ...]
    source_kinds: tuple[SourceCount, ...]
    sources: tuple[SourceCount, ...]
    sections: tuple[SectionCount, ...]
    problems: tuple[str, ...]
    """What is wrong with the ledger itself; empty if the counts can be trusted."""


def make_completeness_report(archive: Archive, site: str | None = None) -> CompletenessReport:
    """Count the advertised URLs of a publisher, or of all. All counts are of one moment.

    Raises:
        UnknownSite: there is no publisher of this name.
    """
    if site is not None:
        archive.publishers.get(site)
    with archive.database.read_snapshot() as session:
        return count_completeness(session, site)


def count_completeness(session: Session, site: str | None) -> CompletenessReport:
    """Return the report on a snapshot of the database."""
    states = count_states(session, site)
    return CompletenessReport(
        site=site,
        as_of=find_last_end(session),
        advertised_count=sum(states.values()),
        states=states,
        missing_count=sum(states.get(state, 0) for state in MISSING_STATES),
        completeness=measure_completeness({state.value: count for state, count in states.items()}),
        months=tuple(count_months(session, site)),
        source_kinds=tuple(count_source_kinds(session, site)),
        sources=tuple(count_sources(session, site)),
        sections=tuple(count_sections(session, site)),
        problems=tuple(audit_ledger(session, site)),
    )


def render_report(report: CompletenessReport, file_format: ReportFormat) -> str:
    """Return the report as one HTML page that needs nothing else, or as Markdown."""
    return render(
        f"completeness.{file_format}",
        report=report,
        reasons=_count_reasons,
        years=_list_years(report.sections),
        bars=_draw_bars(report.months),
    )


def write_report(archive: Archive, path: Path, text: str) -> None:
    """Write a rendered report to a file, atomically.

    Raises:
        ExportUnwritable: it cannot be written, or is one of the archive's own.
    """
    check_path(archive.database, path, archive.settings.own_dirs)
    with opening(path) as sink:
        sink.write(text.encode())


def _count_reasons(month: MonthCount) -> list[tuple[str, int]]:
    """Return why URLs of a month are not stored; reasons that none has are left out."""
    states = {
        "pending": month.pending_count,
        "failed": month.failed_count,
        "forbidden by robots.txt": month.blocked_count,
        "gone": month.gone_count,
    }
    quarantined = {f"quarantined: {name}": count for name, count in month.quarantined_counts.items()}
    excluded = {f"no article: {name}": count for name, count in month.excluded_counts.items()}
    return [(name, count) for name, count in (states | quarantined | excluded).items() if count]


def _list_years(sections: Sequence[SectionCount]) -> dict[str, dict[str, int]]:
    """Return section -> year -> stored articles, the largest section first."""
    found: dict[str, dict[str, int]] = {}
    for one in sections:
        years = found.setdefault(one.section or "(none)", {})
        year = one.month[: len("YYYY")] if one.month else "undated"
        years[year] = years.get(year, 0) + one.stored_count
    return dict(sorted(found.items(), key=lambda item: (-sum(item[1].values()), item[0])))


def _draw_bars(months: Sequence[MonthCount]) -> list[Bar]:
    """Return the bars of the months, oldest first, without the unknown one. A month without URLs leaves a gap."""
    dated = {_number(month.month): month for month in reversed(months) if month.month}
    if not dated:
        return []
    first, last = min(dated), max(dated)
    width = max(MIN_BAR_WIDTH, min(MAX_BAR_WIDTH, PLOT_WIDTH // (last - first + 1)))
    scale = PLOT_HEIGHT / max(month.advertised_count for month in dated.values())
    return [_draw_bar(month, (number - first) * width, width, scale) for number, month in dated.items()]


def _number(month: str) -> int:
    """Return a number for `YYYY-MM` that is one larger for each month."""
    year, number = month.split("-")
    return int(year) * 12 + int(number)


def _draw_bar(month: MonthCount, x: int, width: int, scale: float) -> Bar:
    counts = {
        "stored": month.stored_count + month.duplicate_count,
        "missing": month.missing_count,
        "gone": month.gone_count,
        "excluded": sum(month.excluded_counts.values()),
    }
    parts, top = [], float(PLOT_HEIGHT)
    for name, count in counts.items():
        top -= count * scale
        parts.append((name, top, count * scale))
    title = f"{month.month}: {', '.join(f'{count} {name}' for name, count in counts.items())}"
    return Bar(title=title, x=x, width=width, parts=tuple(parts))
