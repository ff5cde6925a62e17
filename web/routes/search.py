"""Search: the page, the feed of a query, and the export of what it finds."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from storage.search.query import find_unknown_fields
from storage.search.reading import read_page
from web.context import InContext, Link
from web.feed import FEED_TYPE, render_feed
from web.page import render_page, respond
from web.search_parameters import SearchParameters
from web.search_view import SearchView

router = APIRouter(include_in_schema=False)

MENU = Link("Search", "/", 1)

PAGE_COUNT = 20
FEED_COUNT = 50

Asked = Annotated[SearchParameters, Query()]


@router.get("/")
def show_search(request: Request, context: InContext, asked: Asked) -> Response:
    """Show a page of hits; without a query, of all articles, the newest first."""
    page = read_page(context.archive.database, context.columns, asked.query, asked.filter, PAGE_COUNT, asked.cursor)
    return render_page(
        request, "search.html", view=SearchView(asked, page), asked=asked, unknown=find_unknown_fields(asked.q)
    )


@router.get("/feed.atom")
def show_feed(request: Request, context: InContext, asked: Asked) -> Response:
    """Return the newest articles that match as an Atom feed."""
    newest = asked.newest
    page = read_page(context.archive.database, context.columns, newest.query, newest.filter, FEED_COUNT)
    return respond(request, render_feed(str(request.base_url), asked, page.hits), FEED_TYPE)
