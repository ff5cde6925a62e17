"""The history of an article: its versions, and what changed between any two of them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BeforeValidator, Field

from pipeline.status import compare_revisions
from web.context import InContext, Link, Published
from web.history_view import HistoryView
from web.page import render_page
from web.search_parameters import read_empty

router = APIRouter(include_in_schema=False)

ARTICLE_TAB = Link("History", "/history", 2)
PUBLISHED = (Published("/history"),)

Number = Annotated[Annotated[int, Field(ge=1, le=2**31 - 1)] | None, BeforeValidator(read_empty), Query()]


@router.get("/history/{article_id:path}")
def show_history(
    request: Request,
    context: InContext,
    article_id: str,
    before: Annotated[Number, Query(alias="from")] = None,
    after: Annotated[Number, Query(alias="to")] = None,
) -> Response:
    """Show the versions of an article, and the difference between two of them; by default the last two."""
    details = context.articles.find_details(article_id)
    is_asked_twice = before is not None and before == after
    is_changed = len(details.revisions) > 1
    difference = None
    if not is_asked_twice and (is_changed or before or after):
        difference = compare_revisions(context.archive, details.record.id, before, after)
    view = HistoryView(details.record, details.revisions, difference)
    return render_page(
        request, "history.html", record=details.record, view=view, number=before if is_asked_twice else None
    )
