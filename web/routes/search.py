"""The search page."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from web.context import Link
from web.page import render_page

router = APIRouter(include_in_schema=False)

MENU = Link("Search", "/", 1)


@router.get("/")
def show_search(request: Request) -> Response:
    """Show the form."""
    return render_page(request, "search.html")
