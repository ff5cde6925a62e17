"""The captures of an article: raw pages, shown inert, with their heads and their WARC records."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response

from pipeline.replay import ArchivedCapture, choose_capture, find_version, read_archived
from schemas.article import ArticleRecord
from schemas.capture import Capture
from web.capture_frame import render_capture
from web.capture_view import CaptureView
from web.captured_document import decode_source
from web.context import Context, InContext, Link, Published
from web.page import render_page, respond
from web.record_response import PROBLEMS

router = APIRouter(include_in_schema=False)

ARTICLE_TAB = Link("Capture", "/capture", 3)
PUBLISHED = (
    Published("/capture", is_capture=True),
    Published("/capture-page", is_capture=True),
    Published("/capture-source", ".txt", is_capture=True),
)

FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; sandbox; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
"""Nothing is loaded, nothing runs, no link and no form leads away; it is shown in our own pages alone."""

FRAME_HEADERS = {"Content-Security-Policy": FRAME_POLICY, "X-Frame-Options": "SAMEORIGIN"}

PLACES = BoundedSemaphore(2)
"""Held by each page that is prepared: the largest that is shown takes 100 MB."""

WAIT_SECONDS = 10
"""For a place. Most pages take some milliseconds."""

Warc = Annotated[str | None, Query(max_length=1_000)]
Offset = Annotated[int | None, Query(ge=0, le=2**63 - 1)]


@router.get("/capture/{article_id:path}")
def show_captures(
    request: Request, context: InContext, article_id: str, warc: Warc = None, offset: Offset = None
) -> Response:
    """Show the captures of an article, and one of them: by default the one that it was read from."""
    record = context.articles.find_record(article_id)
    captures, summary = choose_capture(context.archive, record, warc, offset)
    with _place():
        shown = read_archived(context.archive, summary)._replace(capture=None)
    version, _ = find_version(context.archive, record, summary)
    view = CaptureView(record, captures, shown)
    return render_page(request, "capture.html", record=record, view=view, version=version)


@router.get("/capture-page/{article_id:path}")
def show_page(
    request: Request, context: InContext, article_id: str, warc: Warc = None, offset: Offset = None
) -> Response:
    """Show a captured page by itself, inert."""
    with _place():
        record, shown, capture = _read(context, article_id, warc, offset)
        version, body = find_version(context.archive, record, shown.summary)
        frame = render_capture(capture, body)
    return render_page(
        request, "capture_frame.html", headers=FRAME_HEADERS, frame=frame, record=record, version=version
    )


@router.get("/capture-source/{article_id:path}")
def show_source(
    request: Request, context: InContext, article_id: str, warc: Warc = None, offset: Offset = None
) -> Response:
    """Return the source of a captured page, as plain text."""
    with _place():
        _, _, capture = _read(context, article_id, warc, offset)
        source = decode_source(capture)
    return respond(request, source.encode("utf-8", "replace"), "text/plain; charset=utf-8", headers=FRAME_HEADERS)


def _read(
    context: Context, article_id: str, warc: str | None, offset: int | None
) -> tuple[ArticleRecord, ArchivedCapture, Capture]:
    record = context.articles.find_record(article_id)
    _, summary = choose_capture(context.archive, record, warc, offset)
    shown = read_archived(context.archive, summary)
    if shown.capture is None:
        raise HTTPException(*PROBLEMS[shown.state])
    return record, shown, shown.capture


@contextmanager
def _place() -> Iterator[None]:
    if not PLACES.acquire(timeout=WAIT_SECONDS):
        raise HTTPException(503, "Other captures are being prepared: try again in a minute.", {"Retry-After": "60"})
    try:
        yield
    finally:
        PLACES.release()
