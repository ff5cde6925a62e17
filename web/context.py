"""What every page needs: the archive, opened for reading, and the templates."""

from threading import BoundedSemaphore
from typing import Annotated, NamedTuple

from fastapi import Depends, Request
from jinja2 import Environment

from pipeline.archive import Archive
from schemas.export import ArticleFilter
from storage.search.column_cache import ColumnCache
from web.article_source import ArticleSource
from web.kept import Keeper
from web.rate_limit import RateLimit


class Link(NamedTuple):
    """A link to a page, in the menu or on an article's pages."""

    label: str
    url: str
    """Its path; of an article's tab, the beginning of the path."""
    rank: int
    """Its place: smaller ones come first."""


class Published(NamedTuple):
    """Pages that `broadsheet publish` makes files of: those that links lead to from the start page or an article."""

    prefix: str
    """The beginning of their paths."""
    suffix: str = ".html"
    """What is appended to the name of a file."""
    is_of_article: bool = True
    """Whether the id of an article follows."""
    is_exact: bool = False
    """Whether nothing follows at all."""
    is_capture: bool = False
    """Whether it shows what was captured, which is only published on demand."""


class Context(NamedTuple):
    """What an application was made with."""

    archive: Archive
    """Its statements are ended after the time that the settings allow."""
    articles: ArticleSource
    """Its articles."""
    patient_archive: Archive
    """The same archive; its statements may take as long as an export does."""
    templates: Environment
    columns: ColumnCache
    """By what searches are filtered and counted."""
    keeper: Keeper
    """The counts of the coverage pages."""
    export_places: BoundedSemaphore
    """Held by each export that is being made."""
    rate_limit: RateLimit
    """Of the API."""
    selection: ArticleFilter
    """What is listed by date: everything but duplicates, or what is published."""


async def get_context(request: Request) -> Context:
    """Return the context of the application that handles a request: without waiting for a thread."""
    context: Context = request.app.state.context
    return context


InContext = Annotated[Context, Depends(get_context)]
"""The type of a route's parameter that gets the context."""
