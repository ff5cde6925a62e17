"""What the coverage pages, their plots and the API read: from the archive, or kept from a moment ago."""

from collections.abc import Callable, Hashable
from datetime import datetime
from typing import TypeVar

from pipeline.coverage import (
    MonthsReport,
    SourcesReport,
    Totals,
    check_site,
    read_redacted,
    report_months,
    report_problems,
    report_quarantine,
    report_reasons,
    report_runs,
    report_sections,
    report_sites,
    report_sources,
    report_totals,
    report_year,
    report_years,
)
from storage.reports.calendar import YearCount
from storage.reports.completeness import SectionCount
from storage.reports.run_history import RunSummary
from storage.reports.unstored import ReasonCount
from web.context import Context

Value = TypeVar("Value")


class CoverageReader:
    """The counts of a publisher, or of all.

    Those that take long in a large archive may be some seconds old, but none is older than the last redaction.
    """

    def __init__(self, context: Context, site: str | None = None) -> None:
        check_site(context.archive, site)
        self.site = site
        self._archive = context.archive
        self._patient = context.patient_archive
        self._keeper = context.keeper
        self._redacted = read_redacted(context.archive)

    def _get(self, name: Hashable, count: Callable[[], Value]) -> Value:
        return self._keeper.get(name, count, self._redacted)

    def _get_soon(self, name: Hashable, count: Callable[[], Value]) -> tuple[Value, datetime]:
        return self._keeper.get_soon(name, count, self._redacted)

    def read_sites(self) -> list[str]:
        """Return the publishers that the archive has anything of."""
        return self._get("sites", lambda: report_sites(self._archive))

    def read_totals(self) -> Totals:
        """Return what the archive holds."""
        return self._get("totals", lambda: report_totals(self._archive))

    def read_problems(self) -> list[str]:
        """Return what is wrong with the ledger."""
        return self._get_soon("problems", lambda: report_problems(self._patient))[0]

    def read_months(self) -> MonthsReport:
        """Return the ledger by state and by month."""
        return self._get(("months", self.site), lambda: report_months(self._archive, self.site))

    def read_years(self) -> list[int]:
        """Return the years that have anything."""
        return self._get("years", lambda: report_years(self._archive))

    def read_year(self, year: int) -> YearCount:
        """Return a year by day."""
        return report_year(self._archive, year, self.site)

    def read_sections(self) -> tuple[list[SectionCount], datetime]:
        """Return the stored articles by month and section, and when they were counted."""
        return self._get_soon(("sections", self.site), lambda: report_sections(self._patient, self.site))

    def read_year_sections(self, year: int) -> list[SectionCount]:
        """Return those of a year."""
        return report_sections(self._archive, self.site, year)

    def read_sources(self) -> tuple[SourcesReport, datetime]:
        """Return the sources, and when they were counted."""
        return self._get_soon(("sources", self.site), lambda: report_sources(self._patient, self.site))

    def read_reasons(self) -> list[ReasonCount]:
        """Return what is not stored, by state and reason."""
        return self._get(("reasons", self.site), lambda: report_reasons(self._archive, self.site))

    def read_quarantine_reasons(self) -> dict[str, int]:
        """Return the quarantined captures by reason."""
        return report_quarantine(self._archive, self.site)

    def read_runs(self) -> list[RunSummary]:
        """Return the newest runs, oldest first."""
        return self._get(("runs", self.site), lambda: report_runs(self._archive, self.site))
