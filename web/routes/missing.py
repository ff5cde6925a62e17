"""What is missing and why, and the quarantine."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from pipeline.coverage import find_quarantined, read_quarantine, read_unstored
from pipeline.report import STATE_MEANINGS
from storage.ledger.quarantine import LARGEST_NUMBER
from web.context import InContext, Published
from web.coverage_page import render_coverage
from web.coverage_parameters import MissingParameters, QuarantineParameters
from web.coverage_reader import CoverageReader

router = APIRouter(include_in_schema=False, prefix="/coverage")

PUBLISHED = (
    Published("/coverage/missing", is_of_article=False),
    Published("/coverage/quarantine", is_of_article=False),
)


@router.get("/missing")
def show_missing(request: Request, context: InContext, asked: Annotated[MissingParameters, Query()]) -> Response:
    """Show a page of what is not stored, and how much is for which reason."""
    reader = CoverageReader(context, asked.site)
    page = read_unstored(context.archive, asked.filter, asked.limit, asked.cursor)
    reasons = reader.read_reasons()
    return render_coverage(
        request, "missing.html", reader, asked=asked, page=page, reasons=reasons, meanings=STATE_MEANINGS
    )


@router.get("/quarantine")
def show_quarantine(request: Request, context: InContext, asked: Annotated[QuarantineParameters, Query()]) -> Response:
    """Show a page of quarantined captures, and how many there are for which reason."""
    reader = CoverageReader(context, asked.site)
    page = read_quarantine(context.archive, asked.limit, site=asked.site, reason=asked.reason, cursor=asked.cursor)
    reasons = reader.read_quarantine_reasons()
    return render_coverage(request, "quarantine.html", reader, asked=asked, page=page, reasons=reasons)


@router.get("/quarantine/{number}")
def show_quarantined(
    request: Request, context: InContext, number: Annotated[int, Path(ge=0, le=LARGEST_NUMBER)]
) -> Response:
    """Show what is known of a quarantined capture."""
    record = find_quarantined(context.archive, number)
    return render_coverage(request, "quarantined.html", CoverageReader(context), record=record)
