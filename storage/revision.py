"""Articles as they are stored: new ones, changed ones, and those whose text is another one's."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import or_, select, update
from sqlalchemy.orm import joinedload

from schemas.article import Article as Read
from schemas.outcome import State
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


TEXT_PREFIX = "text:"
"""How the ids of texts without an address begin."""


class Stored(NamedTuple):
    """How the storing of an article ended, and how it stands now."""

    outcome: str
    """`stored`, `duplicate`, `unchanged` or `revised`."""
    duplicate_of: str | None
    url: str | None
    published_at: datetime | None


def store_article(batch: Batch, read: Read, entry: Entry | None, capture_id: int) -> Stored:
    """Store what was read of an article."""
    row = _find(batch, read.id)
    if row is None:
        duplicate_of = _add(batch, read, entry, capture_id)
        return Stored("duplicate" if duplicate_of else "stored", duplicate_of, read.url, read.published_at)
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


def _add(batch: Batch, read: Read, entry: Entry | None, capture_id: int) -> str | None:
    primary = _find_primary(batch, read.id, read.content_sha256, read.word_count)
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
    batch.new_rows[Article].append(row | _duplicate_fields(primary))
    return primary


def _revise(batch: Batch, row: Article, fields: Columns) -> None:
    before = row.content_sha256
    _set(row, fields)
    row.revision += 1
    if row.content_sha256 != before:
        _leave_group(batch, row, before)
        _set(row, _duplicate_fields(_find_primary(batch, row.id, row.content_sha256, row.word_count)))


def _find_primary(batch: Batch, article_id: str, content_sha256: str, word_count: int) -> str | None:
    """The article that had this text before; None where there is none. An empty body is nobody's.

    A text without an address is the primary only as long as no page has the same text.
    """
    if not word_count:
        return None
    primary = batch.primaries.setdefault(content_sha256, article_id)
    if primary.startswith(TEXT_PREFIX) and not article_id.startswith(TEXT_PREFIX):
        _take_over(batch, article_id, primary)
        batch.primaries[content_sha256] = primary = article_id
    return primary if primary != article_id else None


def _take_over(batch: Batch, article_id: str, text_id: str) -> None:
    """A page becomes the primary of a text that was there before it: it has the address, the date and the authors."""
    batch.write()
    is_of_group = or_(Article.id == text_id, Article.duplicate_of == text_id)
    batch.session.execute(update(Article).where(is_of_group).values(_duplicate_fields(article_id)))


def _duplicate_fields(primary: str | None) -> Columns:
    return {
        "duplicate_of": primary,
        "duplicate_kind": "exact" if primary else None,
        "similarity": 1.0 if primary else None,
    }


def _leave_group(batch: Batch, row: Article, content_sha256: str) -> None:
    """The articles that were duplicates of this one's former text: the first of them is the primary now."""
    if batch.primaries.get(content_sha256) == row.id:
        del batch.primaries[content_sha256]
    if row.duplicate_of:
        return
    batch.write()
    is_first = (Article.entry_id.is_(None), Article.first_seen_at, Article.id)  # pages before texts
    heirs = select(Article).where(Article.duplicate_of == row.id).order_by(*is_first)
    for heir in batch.session.scalars(heirs.options(joinedload(Article.entry))).all():
        primary = _find_primary(batch, heir.id, heir.content_sha256, heir.word_count)
        _set(heir, _duplicate_fields(primary))
        if heir.entry:
            heir.entry.state = State.DUPLICATE if primary else State.STORED


def _set(row: Article, fields: Columns) -> None:
    for name, value in fields.items():
        setattr(row, name, value)


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
