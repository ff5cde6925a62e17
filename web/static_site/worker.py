"""Renders the pages of articles, in this process or in several: most of the time of publishing is this."""

import asyncio
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple, Self

from starlette.types import ASGIApp

from pipeline.archive import Archive, open_archive
from pipeline.reading_process import ReadingProcess, ReadingStopped
from schemas.export import ArticleFilter
from schemas.failure import RunFailure
from schemas.settings import Settings
from storage.static_site.manifest import Manifest
from web.app import create_app
from web.routes import list_links, list_published
from web.static_site import start
from web.static_site.client import Client
from web.static_site.rendering import Rendered, Renderer

QUERY_SECONDS = 600.0
"""The time limit of a query. No reader waits for it."""

LIMIT_SECONDS = 600.0
"""Processor time for the pages of one article."""

MAX_PROCESSES = 4
"""Each takes 150 MB, and one process writes what they render."""

ALONE_COUNT = 200
"""Articles that are rendered in this process: starting others takes seconds."""


class RenderingStopped(RunFailure):
    """A process that renders was killed, or took too long."""


class RenderContext(NamedTuple):
    """What rendering needs, in any process."""

    settings: Settings
    wanted: ArticleFilter
    has_captures: bool
    manifest_path: Path


class RenderedArticle(NamedTuple):
    """The files of an article."""

    files: list[Rendered]
    """None of an article that is not there any more."""
    problems: list[str]


def render_articles(context: RenderContext, article_ids: Sequence[str]) -> Iterator[RenderedArticle]:
    """Yield the files of each article."""
    yield from asyncio.run(_render_articles(context, article_ids))


async def _render_articles(context: RenderContext, article_ids: Sequence[str]) -> list[RenderedArticle]:
    app, manifest = _open(context)
    rendered = []
    for article_id in article_ids:
        renderer = _make_renderer(context, Client(app), manifest)
        rendered.append(RenderedArticle(await renderer.render_article(article_id), renderer.problems))
    return rendered


def render_common(context: RenderContext) -> RenderedArticle:
    """Return the files that belong to no article."""
    return asyncio.run(_render_common(context))


async def _render_common(context: RenderContext) -> RenderedArticle:
    app, manifest = _open(context)
    renderer = _make_renderer(context, Client(app), manifest)
    return RenderedArticle(await renderer.render_common(link.url for link in list_links("MENU")), renderer.problems)


def _make_renderer(context: RenderContext, client: Client, manifest: Manifest) -> Renderer:
    kinds = (*start.PUBLISHED, *list_published())
    return Renderer(client, kinds, manifest.is_selected, has_captures=context.has_captures)


class Opened(NamedTuple):
    """What a process keeps open."""

    app: ASGIApp
    manifest: Manifest


_kept = ExitStack()
_opened: dict[Path, Opened] = {}
"""Path of the manifest -> what is open: at most one."""


def _open(context: RenderContext) -> Opened:
    """Open the archive for reading, once in a process."""
    if context.manifest_path not in _opened:
        close_opened()
        _opened[context.manifest_path] = _open_anew(context)
    return _opened[context.manifest_path]


def _open_anew(context: RenderContext) -> Opened:
    settings = context.settings.model_copy(
        update={"serve_requests_per_minute": 0, "serve_query_seconds": QUERY_SECONDS}
    )
    archive = _kept.enter_context(open_archive(context.settings, writable=False))
    app = create_app(
        Archive(settings, archive.database, archive.publishers), selection=context.wanted, first_routers=[start.router]
    )
    return Opened(app, _kept.enter_context(Manifest(context.manifest_path)))


def close_opened() -> None:
    """Close what this process has opened to render."""
    _kept.close()
    _opened.clear()


class RenderPool:
    """Renders batches of articles in several processes, which end with this one however it ends."""

    def __init__(self, context: RenderContext, article_count: int) -> None:
        self._context = context
        self._count = min(os.cpu_count() or 1, MAX_PROCESSES) if article_count > ALONE_COUNT else 0
        self._processes: list[ReadingProcess] = []
        self._idle: SimpleQueue[ReadingProcess] = SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._processes:
            one.end()
        close_opened()

    def render(self, batches: Iterable[Sequence[str]]) -> Iterator[list[RenderedArticle]]:
        """Yield the files of each batch, in order. Few batches are under way at a time, whatever their number."""
        if self._count <= 1:
            yield from (list(render_articles(self._context, batch)) for batch in batches)
            return
        with ThreadPoolExecutor(self._count) as threads:
            waiting: deque[Future[list[RenderedArticle]]] = deque()
            try:
                for batch in batches:
                    self._start()
                    waiting.append(threads.submit(self._render, batch))
                    if len(waiting) > self._count:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            except BaseException:
                for one in self._processes:
                    one.stop()  # what their threads wait for
                raise

    def _start(self) -> None:
        while len(self._processes) < self._count:
            process = ReadingProcess()
            self._processes.append(process)
            self._idle.put(process)

    def _render(self, batch: Sequence[str]) -> list[RenderedArticle]:
        process = self._idle.get()
        try:
            return list(process.read(self._context, render_articles, batch, LIMIT_SECONDS))
        except ReadingStopped as stopped:
            raise RenderingStopped(f"the pages could not be made: {stopped}") from None
        finally:
            self._idle.put(process)
