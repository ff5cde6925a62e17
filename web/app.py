"""Makes the application: routes, templates, error pages, security."""

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, cast

from anyio.to_thread import current_default_thread_limiter
from fastapi import APIRouter, FastAPI
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from pipeline.archive import Archive
from schemas.export import ArticleFilter
from schemas.settings import Settings
from storage.search.column_cache import ColumnCache
from web.access import Access
from web.article_source import ArticleSource
from web.context import Context
from web.error_page import add_error_pages
from web.guard import Guard
from web.kept import Keeper
from web.page import make_templates
from web.rate_limit import RateLimit
from web.routes import list_links, list_modules

STATIC = Path(__file__).parent / "static"

THREAD_COUNT = 8
"""Requests handled at a time: each may have a database connection, and SQLite's cache of 4 MB."""

SWITCH_SECONDS = 0.001
"""How long a thread may compute while others wait for the interpreter; Python's own is 5 ms. An article's page asks the
database ten times, and each time would wait that long for the pages that are being counted."""

EXPORT_COUNT = 2
"""Exports made at a time: each reads a large part of the archive, and takes a thread."""

EXPORT_SECONDS = 600
"""The time limit of an export's statements."""


def create_app(
    archive: Archive,
    access: Access | None = None,
    *,
    selection: ArticleFilter | None = None,
    first_routers: Sequence[APIRouter] = (),
) -> ASGIApp:
    """Return the ASGI application that shows an archive, which stays open as long as the application runs.

    With a selection, its pages are made for a static site, whose routers come first.
    """
    app = FastAPI(
        title="Broadsheet",
        version=version("broadsheet"),
        description="The archive as JSON. Everything here reads.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # both load scripts from elsewhere
        redoc_url=None,
        lifespan=_start,
    )
    app.state.context = _make_context(archive, selection)
    for router in (*first_routers, *(module.router for module in list_modules())):
        app.include_router(router)
    _describe_api(app)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    add_error_pages(app)
    return _trust_proxies(Guard(app, access or Access()), archive.settings)


def _make_context(archive: Archive, selection: ArticleFilter | None) -> Context:
    patient = _limit_time(archive, EXPORT_SECONDS)
    limited = _limit_time(archive, archive.settings.serve_query_seconds)
    is_static = selection is not None
    return Context(
        archive=limited,
        articles=ArticleSource(limited, keeps_last=is_static),
        patient_archive=patient,
        columns=ColumnCache(patient.database),
        keeper=Keeper(),
        export_places=BoundedSemaphore(EXPORT_COUNT),
        rate_limit=RateLimit(archive.settings.serve_requests_per_minute),
        templates=make_templates(menu=list_links("MENU"), tabs=list_links("ARTICLE_TAB"), is_static=is_static),
        selection=selection or ArticleFilter(),
    )


def _trust_proxies(app: ASGIApp, settings: Settings) -> ASGIApp:
    """Have a request from one of the settings' proxies be its client's: of the client's address and scheme.

    Anybody else's headers are ignored. Of several addresses, the last one counts that is no proxy's: those before it
    are what a client wrote itself.
    """
    if not settings.serve_proxies:
        return app
    names = [str(network) for network in settings.serve_proxies]
    middleware: Any = ProxyHeadersMiddleware(cast("Any", app), names)  # uvicorn has types of its own for the same
    return cast("ASGIApp", middleware)


def _describe_api(app: FastAPI) -> None:
    """Have the description of the API say what responses there are: not FastAPI's own 422, for which we have 400."""
    document = app.openapi()  # kept by the application
    for operation in (one for path in document["paths"].values() for one in path.values()):
        operation["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)


@asynccontextmanager
async def _start(app: FastAPI) -> AsyncIterator[None]:
    app.state.context.columns.begin_reading()  # before the first search wants them
    current_default_thread_limiter().total_tokens = THREAD_COUNT
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    yield
    sys.setswitchinterval(before)


def _limit_time(archive: Archive, seconds: float) -> Archive:
    return Archive(archive.settings, archive.database.limit_time(seconds), archive.publishers)
