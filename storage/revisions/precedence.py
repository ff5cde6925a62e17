"""Decide which of two captures an article is read from: the later one, if it is known when both were fetched.

A row of a table may not say when its text was fetched; the time of its import says nothing about the text. It never
replaces a text whose time is known, and any text whose time is known replaces it.
"""

from datetime import datetime

from schemas.article import Article as ExtractedArticle
from schemas.table import TIME_UNKNOWN
from storage.ledger.unit_of_work import UnitOfWork
from storage.schema.tables import Article

REMOVED = "removed"
"""Flag of an article whose page the publisher has removed."""

DESCRIPTIVE_FIELDS = (
    "headline",
    "subtitle",
    "authors",
    "agencies",
    "sponsor",
    "section",
    "tags",
    "published_at",
    "modified_at",
    "images",
)
"""The fields beside the text that a table may have no column for."""


def rank_read(batch: UnitOfWork, read: ExtractedArticle) -> tuple[bool, datetime]:
    """Return what an extracted article is compared by with the stored one: the greater one decides."""
    return TIME_UNKNOWN not in read.flags, batch.sort_key(read.fetched_at)


def rank_stored(batch: UnitOfWork, row: Article) -> tuple[bool, datetime]:
    """Return what a stored article is compared by. When its page was removed is known in any case."""
    return TIME_UNKNOWN not in row.flags or REMOVED in row.flags, batch.sort_key(row.checked_at)


def is_less_complete(batch: UnitOfWork, row: Article, read: ExtractedArticle, capture_id: int) -> bool:
    """Whether a table's row has the stored text, and a page was read for it, or the row lacks a stored value."""
    if capture_id not in batch.row_captures or read.content_sha256 != row.content_sha256:
        return False
    if row.capture_id not in batch.row_captures:
        return True
    return any(getattr(row, name) and not getattr(read, name) for name in DESCRIPTIVE_FIELDS)
