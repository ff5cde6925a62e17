"""Articles as they are stored: new ones, and changed ones. Whose text is another one's, `storage.grouping` finds."""

from datetime import datetime
from typing import NamedTuple

from schemas.article import Article as Read
from storage.batch import Batch, Columns, load_articles
from storage.day import publication_day
from storage.tables import Article, Entry

CONTENT_FIELDS = (
    "edition",
    "language",
    "kind",
    "headline",
    "subtitle",
    "authors",
    "agencies",
    "section",
    "tags",
    "published_at",
    "modified_at",
    "images",
    "content_sha256",
)
"""What makes a revision when it changes. The address is not among them: one page answers at several, and the
extractor, sources and flags tell of the reading, not of the article."""


class Stored(NamedTuple):
    """How the storing of an article ended, and how it stands now."""

    outcome: str
    """`stored`, `unchanged` or `revised`."""
    duplicate_of: str | None
    """As it was before this batch."""
    url: str | None
    published_at: datetime | None


def store_article(batch: Batch, read: Read, entry: Entry | None, capture_id: int) -> Stored:
    """Store what was read of an article."""
    row = _find(batch, read.id)
    if row is None:
        _add(batch, read, entry, capture_id)
        return Stored("stored", None, read.url, read.published_at)
    outcome = _compare(batch, row, read, capture_id)
    return Stored(outcome, row.duplicate_of, row.url, row.published_at)


def note_check(batch: Batch, article_id: str, at: datetime) -> None:
    """The publisher says that an article is as it was."""
    row = _find(batch, article_id)
    if row:
        row.checked_at = max(row.checked_at, at)


def _find(batch: Batch, article_id: str) -> Article | None:
    if article_id in batch.new_article_ids:
        batch.write()
        batch.new_article_ids.discard(article_id)
        batch.articles |= {row.id: row for row in load_articles(batch.session, {article_id})}
    return batch.articles.get(article_id)


def _compare(batch: Batch, row: Article, read: Read, capture_id: int) -> str:
    if read.fetched_at < row.checked_at:
        return "unchanged"  # of an older capture, whatever it says
    row.checked_at = read.fetched_at
    fields = _fields(read)
    if all(getattr(row, name) == fields[name] for name in CONTENT_FIELDS):
        return "unchanged"
    _revise(batch, row, fields | {"capture_id": capture_id})
    return "revised"


def _add(batch: Batch, read: Read, entry: Entry | None, capture_id: int) -> None:
    row = _fields(read) | {
        "id": read.id,
        "site": read.site,
        "entry_id": entry.id if entry else None,
        "capture_id": capture_id,
        "first_seen_at": min(entry.first_seen_at, read.fetched_at) if entry else read.fetched_at,
        "checked_at": read.fetched_at,
        "revision": 1,
    }
    batch.new_article_ids.add(read.id)
    batch.added_article_ids.add(read.id)
    batch.former_texts.setdefault(read.id, None)
    batch.new_rows[Article].append(row)


def _revise(batch: Batch, row: Article, fields: Columns) -> None:
    before = row.content_sha256
    for name, value in fields.items():
        setattr(row, name, value)
    row.revision += 1
    if row.content_sha256 != before:
        batch.former_texts.setdefault(row.id, before)


def _fields(read: Read) -> Columns:
    """The columns of an article as it was read: lists for tuples, plain mappings for records."""
    return {
        "edition": read.edition,
        "language": read.language,
        "url": read.url,
        "kind": read.kind,
        "headline": read.headline,
        "subtitle": read.subtitle,
        "authors": list(read.authors),
        "agencies": list(read.agencies),
        "section": read.section,
        "tags": list(read.tags),
        "published_at": read.published_at,
        "published_on": publication_day(read.published_at),
        "modified_at": read.modified_at,
        "fetched_at": read.fetched_at,
        "body": read.body,
        "word_count": read.word_count,
        "images": [image.model_dump() for image in read.images],
        "content_sha256": read.content_sha256,
        "extractor": read.extractor,
        "sources": dict(sorted(read.sources.items())),
        "flags": list(read.flags),
    }
