"""The documents of the API that are no records of the archive themselves."""

from pydantic import BaseModel, Field

from schemas.article import ArticleRecord
from schemas.capture import CaptureSummary
from schemas.duplicate import Explanation
from schemas.revision import Revision
from web.search_parameters import SearchParameters

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


class PagedParameters(SearchParameters):
    """The same, with the size of a page."""

    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="most articles of a page")


class Problem(BaseModel):
    """Why there is no other answer (RFC 9457)."""

    title: str
    status: int
    detail: str


class ArticlePage(BaseModel):
    """A page of records."""

    articles: list[ArticleRecord]
    total_count: int
    next_cursor: str | None
    """Where the next page begins; None on the last."""


class ArticleDocument(BaseModel):
    """A record, and its relations to others."""

    record: ArticleRecord
    explanation: Explanation | None
    """Why it is a duplicate; None if it is not."""
    duplicates: list[str]
    """The ids of its duplicates."""
    revision_count: int


class RevisionList(BaseModel):
    """An article's revisions, the oldest first."""

    id: str
    revisions: list[Revision]


class CaptureDocument(CaptureSummary):
    """A capture, and where its record can be had."""

    record_url: str
    """The path of its WARC record, with that of its request."""


class CaptureList(BaseModel):
    """The captures of an article's pages, the oldest first."""

    id: str
    captures: list[CaptureDocument]
