"""The pages that a static site has in place of the server's: its start page, its feed, and what it leaves out."""

from collections import Counter
from collections.abc import Iterator

from fastapi import APIRouter, Request
from fastapi.responses import Response

from pipeline.release import list_left_out
from schemas.export import RIGHTS, ArticleFilter
from schemas.release import LeftOutReason
from storage.articles.calendar import count_months, list_newest
from storage.articles.selection import count_matching
from storage.search.finding import read_hits
from web.context import InContext, Published
from web.feed import FEED_TYPE, render_feed
from web.page import render_page, respond
from web.routes.browse import list_years
from web.search_parameters import SearchParameters
from web.static_site.client import BASE_URL

router = APIRouter(include_in_schema=False)

PUBLISHED = (
    Published("/about", is_of_article=False),
    Published("/left-out.jsonl", "", is_of_article=False),
    Published("/feed.atom", "", is_of_article=False),
    Published("/static", "", is_of_article=False),
)

NEWEST_COUNT = 10
FEED_COUNT = 50

REASONS = {
    LeftOutReason.DUPLICATE: "duplicates of articles that are here",
    LeftOutReason.MISSING: "advertised by the publisher, but not in the archive",
    LeftOutReason.REDACTED: "taken down",
    LeftOutReason.TDM_RESERVED: "reserved from text and data mining by the publisher",
    LeftOutReason.RIGHTS_UNKNOWN: "of unknown rights",
    LeftOutReason.CONFIDENCE_LOW: "of a confidence below the one asked for",
    LeftOutReason.CONFIDENCE_UNKNOWN: "of unknown confidence",
}


@router.get("/")
def show_start(request: Request, context: InContext) -> Response:
    """Show the search, the years, and the newest articles."""
    with context.archive.database.read() as session:
        counts = count_months(session, context.selection)
        ids = list_newest(session, context.selection, NEWEST_COUNT)
        hits = read_hits(session, None, {}, dict.fromkeys(ids))
    count = sum(counts.months.values()) + counts.undated_count
    return render_page(request, "start.html", years=list(list_years(counts)), hits=hits, article_count=count)


@router.get("/feed.atom")
def show_feed(request: Request, context: InContext) -> Response:
    """Return the newest articles as an Atom feed."""
    with context.archive.database.read() as session:
        ids = list_newest(session, context.selection, FEED_COUNT)
        hits = read_hits(session, None, {}, dict.fromkeys(ids))
    return respond(request, render_feed(BASE_URL, SearchParameters(), hits), FEED_TYPE)


@router.get("/about")
def show_selection(request: Request, context: InContext) -> Response:
    """Say what is here, and what is left out and why."""
    wanted = context.selection
    with context.archive.database.read() as session:
        count = count_matching(session, wanted)
        left_out = Counter(one.reason for one in list_left_out(session, wanted))
    reasons = [(reason.value, meaning, left_out[reason]) for reason, meaning in REASONS.items() if left_out[reason]]
    return render_page(
        request, "about.html", article_count=count, reasons=reasons, rights=RIGHTS, conditions=list(_describe(wanted))
    )


@router.get("/left-out.jsonl")
def list_what_is_left_out(request: Request, context: InContext) -> Response:
    """List what is left out, as a release does."""
    with context.archive.database.read() as session:
        lines = "".join(f"{one.model_dump_json()}\n" for one in list_left_out(session, context.selection))
    return respond(request, lines.encode(), "application/jsonl; charset=utf-8")


def _describe(wanted: ArticleFilter) -> Iterator[str]:
    """Yield the conditions of the selection in words."""
    for name, value in wanted.model_dump(mode="json", exclude_defaults=True).items():
        words = {"since": "from", "until": "to", "site": "publisher"}.get(name, name.replace("_", " "))
        yield words if value is True else f"{words}: {value}"
