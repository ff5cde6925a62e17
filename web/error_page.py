"""Error pages: one page for people, the same as JSON under `/api/`."""

import http
from textwrap import shorten

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from pipeline.status import RecordRedacted, RecordUnknown
from schemas.failure import Failure, UsageFailure
from storage.engine import DatabaseLost
from storage.outage import QueryTimedOut
from storage.revisions.version import VersionUnknown
from storage.search.query import MAX_QUERY_LETTERS, QueryEmpty
from web.page import render_page

API_PREFIX = "/api/"
PROBLEM_TYPE = "application/problem+json"
"""RFC 9457."""

RETRY_SECONDS = 5
"""After which a client may try again when the database is away."""

MAX_LETTERS = 300
"""Of a message, which may repeat what was asked for."""

STATUSES: tuple[tuple[type[Failure], int], ...] = (
    (RecordRedacted, 410),
    (RecordUnknown, 404),
    (VersionUnknown, 404),
    (QueryEmpty, 400),
    (QueryTimedOut, 503),
    (DatabaseLost, 503),
    (UsageFailure, 400),
)
"""The first class that fits decides. What the messages of other failures say is not for readers."""

MESSAGES = {
    DatabaseLost: "The archive's database does not respond.",
    404: "There is no such page.",
    500: "This page could not be made: a defect of the program, which its log describes.",
}


def add_error_pages(app: FastAPI) -> None:
    """Let the application respond to errors with these pages."""
    app.add_exception_handler(Failure, _handle_failure)
    app.add_exception_handler(HTTPException, _handle_http)
    app.add_exception_handler(RequestValidationError, _handle_invalid)
    app.add_exception_handler(Exception, _handle_defect)


def render_error(request: Request, status: int, message: str) -> Response:
    """Return the page, or the JSON, that reports an error."""
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": str(RETRY_SECONDS)} if status == 503 else {})  # noqa: PLR2004 - HTTP
    title = http.HTTPStatus(status).phrase
    if request.url.path.startswith(API_PREFIX):
        problem = {"title": title, "status": status, "detail": message}
        return JSONResponse(problem, status, headers, PROBLEM_TYPE)
    query = request.query_params.get("q", "")[:MAX_QUERY_LETTERS]
    return render_page(request, "error.html", status=status, headers=headers, title=title, message=message, q=query)


def _handle_failure(request: Request, error: Exception) -> Response:
    status = next((status for kind, status in STATUSES if isinstance(error, kind)), 500)
    if isinstance(error, DatabaseLost) and not isinstance(error, QueryTimedOut):
        return render_error(request, status, MESSAGES[DatabaseLost])  # its own names the database's URL
    text = shorten(str(error), MAX_LETTERS, placeholder=" …")
    return render_error(request, status, _make_sentence(text) if status != 500 else MESSAGES[500])  # noqa: PLR2004 - HTTP


def _make_sentence(message: str) -> str:
    """Return a message as a sentence; a record id at its beginning stays as it is."""
    is_id = ":" in message.partition(" ")[0]
    text = message.removesuffix(".")
    return f"{text}." if is_id else f"{text[:1].upper()}{text[1:]}."


def _handle_http(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 500)
    detail = getattr(error, "detail", "")
    is_standard = detail == http.HTTPStatus(status).phrase
    response = render_error(request, status, MESSAGES.get(status, detail) if is_standard else detail)
    response.headers.update(getattr(error, "headers", None) or {})
    return response


def _handle_invalid(request: Request, error: Exception) -> Response:
    """Name the first parameter that cannot be read, but not its value."""
    found = error.errors()[0] if isinstance(error, RequestValidationError) else {}
    name = str(found.get("loc", ("", "request"))[-1])
    return render_error(request, 400, f"The parameter {name} cannot be read: {found.get('msg', 'it is invalid')}.")


def _handle_defect(request: Request, _error: Exception) -> Response:
    return render_error(request, 500, MESSAGES[500])
