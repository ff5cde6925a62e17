"""What the archive covers: the ledger, a calendar of days, sections, sources."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from pipeline.report import STATE_MEANINGS
from web.calendar_view import WEEKDAYS, CalendarView
from web.context import InContext, Link, Published
from web.coverage_page import render_coverage
from web.coverage_parameters import CoverageParameters, Year
from web.coverage_reader import CoverageReader
from web.month_plot import make_month_plot
from web.section_view import SectionView

router = APIRouter(include_in_schema=False, prefix="/coverage")

MENU = Link("Coverage", "/coverage", 3)

PUBLISHED = (
    Published("/coverage", is_of_article=False, is_exact=True),
    Published("/coverage/days", is_of_article=False),
    Published("/coverage/sections", is_of_article=False),
    Published("/coverage/sources", is_of_article=False),
)

Asked = Annotated[CoverageParameters, Query()]


@router.get("")
def show_coverage(request: Request, context: InContext, asked: Asked) -> Response:
    """Show the ledger by state and by month."""
    reader = CoverageReader(context, asked.site)
    found = reader.read_months()
    return render_coverage(
        request,
        "coverage.html",
        reader,
        found=found,
        totals=reader.read_totals(),
        problems=reader.read_problems(),
        meanings=STATE_MEANINGS,
        plot=make_month_plot(found.months),
    )


@router.get("/days")
def show_newest_year(request: Request, context: InContext, asked: Asked) -> Response:
    """Show the calendar of the newest year."""
    return _show_year(request, CoverageReader(context, asked.site), None)


@router.get("/days/{year}")
def show_year(request: Request, context: InContext, year: Year, asked: Asked) -> Response:
    """Show the calendar of a year."""
    return _show_year(request, CoverageReader(context, asked.site), year)


def _show_year(request: Request, reader: CoverageReader, year: int | None) -> Response:
    years = reader.read_years()
    shown = year or (years[0] if years else None)
    view = CalendarView(reader.read_year(shown), reader.site) if shown else None
    return render_coverage(request, "days.html", reader, years=years, view=view, weekdays=WEEKDAYS)


@router.get("/sections")
def show_sections(request: Request, context: InContext, asked: Asked) -> Response:
    """Show the stored articles by section and year."""
    reader = CoverageReader(context, asked.site)
    counts, at = reader.read_sections()
    view = SectionView(counts, reader.site, len("YYYY"))
    return render_coverage(request, "sections.html", reader, years=reader.read_years(), view=view, year=None, at=at)


@router.get("/sections/{year}")
def show_year_sections(request: Request, context: InContext, year: Year, asked: Asked) -> Response:
    """Show the stored articles of a year by section and month."""
    reader = CoverageReader(context, asked.site)
    view = SectionView(reader.read_year_sections(year), reader.site, len("YYYY-MM"))
    return render_coverage(request, "sections.html", reader, years=reader.read_years(), view=view, year=year, at=None)


@router.get("/sources")
def show_sources(request: Request, context: InContext, asked: Asked) -> Response:
    """Show the sources, what each advertised, and when it was last read."""
    reader = CoverageReader(context, asked.site)
    found, at = reader.read_sources()
    return render_coverage(request, "sources.html", reader, found=found, at=at)
