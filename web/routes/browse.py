"""The articles by date: years, the months of a year, the articles of a month."""

from collections.abc import Iterator
from typing import NamedTuple

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from storage.articles.calendar import MonthCounts, count_months, list_month, list_undated
from storage.ledger.publication_date import is_month
from web.context import InContext, Link, Published
from web.page import render_page

router = APIRouter(include_in_schema=False)

MENU = Link("Browse", "/browse", 2)

PUBLISHED = (Published("/browse", is_of_article=False),)

PAGE_COUNT = 500
"""Articles of a page: most months have fewer."""

UNDATED = "undated"
MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


class Part(NamedTuple):
    """A year, a month or a page of one, with a link."""

    label: str
    url: str
    article_count: int = 0


def list_years(counts: MonthCounts) -> Iterator[Part]:
    """Yield the years, the newest first, and what has no date."""
    years: dict[str, int] = {}
    for month, count in counts.months.items():
        years[month[:4]] = years.get(month[:4], 0) + count
    for year, count in sorted(years.items(), reverse=True):
        yield Part(year, f"/browse/{year}", count)
    if counts.undated_count:
        yield Part("Without a date", f"/browse/{UNDATED}", counts.undated_count)


@router.get("/browse")
def show_years(request: Request, context: InContext) -> Response:
    """List the years."""
    with context.archive.database.read() as session:
        counts = count_months(session, context.selection)
    return render_page(request, "browse.html", title="By date", parts=list(list_years(counts)), up=None)


@router.get("/browse/{period}")
def show_period(request: Request, context: InContext, period: str) -> Response:
    """List the months of a year (`2024`), or the articles of a month (`2024-05`)."""
    if is_month(period) or period == UNDATED:
        return _show_articles(request, context, period, 1)
    with context.archive.database.read() as session:
        counts = count_months(session, context.selection)
    months = [
        Part(MONTH_NAMES[int(month[5:]) - 1], f"/browse/{month}", count)
        for month, count in counts.months.items()
        if month[:4] == period
    ]
    if not months:
        raise HTTPException(404)
    return render_page(request, "browse.html", title=period, parts=months, up=Part("All years", "/browse"))


@router.get("/browse/{period}/{number}")
def show_articles(request: Request, context: InContext, period: str, number: int) -> Response:
    """List a further page of the articles of a month."""
    if number < 1 or number > 1_000_000 or not (is_month(period) or period == UNDATED):  # noqa: PLR2004 - far enough
        raise HTTPException(404)
    return _show_articles(request, context, period, number)


def _show_articles(request: Request, context: InContext, period: str, number: int) -> Response:
    offset, limit = (number - 1) * PAGE_COUNT, PAGE_COUNT + 1
    with context.archive.database.read() as session:
        if period == UNDATED:
            found = list_undated(session, context.selection, offset, limit)
        else:
            found = list_month(session, context.selection, period, offset, limit)
    if not found:
        raise HTTPException(404)
    return render_page(
        request,
        "browse_articles.html",
        title="Without a date" if period == UNDATED else f"{MONTH_NAMES[int(period[5:]) - 1]} {period[:4]}",
        up=Part("All years", "/browse") if period == UNDATED else Part(period[:4], f"/browse/{period[:4]}"),
        articles=found[:PAGE_COUNT],
        previous_url=_link(period, number - 1) if number > 1 else None,
        next_url=_link(period, number + 1) if len(found) > PAGE_COUNT else None,
    )


def _link(period: str, number: int) -> str:
    return f"/browse/{period}" if number == 1 else f"/browse/{period}/{number}"
