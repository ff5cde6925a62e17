"""Read articles from their tables in blocks, column by column.

For speed, rows do not become objects and are not validated again, as they were valid when stored. JSON is parsed a
whole column at a time.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Select, Text, cast, func, select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import JSON

from schemas.article import ArticleRecord
from storage.bulk import stream_rows
from storage.schema.columns import StoredTime, UtcDateTime
from storage.schema.tables import Alias, Article, Capture

Block = dict[str, Sequence[Any]]
"""Fields of `ArticleRecord`, all of them in its order -> the values of a block's articles, in their order.

Times are aware and in UTC; lists and mappings are built-in ones; pictures and captures are mappings. Do not modify.
"""

BLOCK_COUNT = 50
"""Articles in a block: some hundred kB, which fit a CPU cache. With 200, each article takes a fifth longer."""

FIELDS = tuple(ArticleRecord.model_fields)
IMAGE_FIELDS = ("url", "caption", "credit")
CAPTURE_FIELDS = ("warc", "offset", "length", "sha256")
CACHED_COUNT = 4_096
"""Cached `sources` mappings: nearly all articles have one of a few."""
UTC_OFFSET = "+00:00"
LINE_FEED = "\n"
"""Separates URLs, which contain none."""
JOINED_FIELDS = frozenset({"capture", "aliases"})
COLUMNS = {name: Article.__table__.c[name] for name in FIELDS if name not in JOINED_FIELDS}
DOCUMENT_FIELDS = tuple(name for name, column in COLUMNS.items() if isinstance(column.type, JSON))
LIST_FIELDS = tuple(name for name in DOCUMENT_FIELDS if name != "sources")
TIME_FIELDS = tuple(name for name, column in COLUMNS.items() if isinstance(column.type, UtcDateTime))


@lru_cache(maxsize=1)
def select_articles() -> Select[Any]:
    """Return the statement for `read_blocks`; conditions and an order may be added.

    Made once: for a single article, making it takes longer than executing it.
    """
    own = [_as_stored(name).label(name) for name in COLUMNS]
    capture = [getattr(Capture, name).label(f"capture_{name}") for name in CAPTURE_FIELDS]
    others = (
        select(func.aggregate_strings(Alias.url, LINE_FEED))
        .where(Alias.entry_id == Article.entry_id, Alias.url.is_distinct_from(Article.url))
        .correlate(Article)  # only: the enclosing statement may join Alias itself
        .scalar_subquery()
    )
    return select(*own, *capture, others.label("aliases")).join(Capture, Capture.id == Article.capture_id)


def read_blocks(session: Session, statement: Select[Any]) -> Iterator[Block]:
    """Yield the articles of a statement, in its order."""
    names = statement.selected_columns.keys()
    for rows in stream_rows(session.connection(), statement, BLOCK_COUNT):
        yield _as_block(dict(zip(names, zip(*rows, strict=True), strict=True)))


def list_rows(block: Block) -> Iterator[tuple[Any, ...]]:
    """Yield the block's articles, each as a tuple of its fields' values."""
    return zip(*block.values(), strict=True)


def read_records(session: Session, statement: Select[Any]) -> Iterator[ArticleRecord]:
    """Yield the articles of a statement as records, in its order."""
    for block in read_blocks(session, statement):
        yield from list_records(block)


def list_records(block: Block) -> Iterator[ArticleRecord]:
    """Yield the block's articles as records."""
    for row in list_rows(block):
        # Not strict, so that JSON lists become the record's tuples.
        yield ArticleRecord.model_validate(dict(zip(block, row, strict=True)), strict=False)


def _as_stored(name: str) -> ColumnElement[Any]:
    column = getattr(Article, name)
    if name in DOCUMENT_FIELDS:
        return cast(column, Text)  # otherwise each driver would parse them one at a time
    if name in TIME_FIELDS:
        return type_coerce(column, StoredTime)
    return type_coerce(column, Text) if name == "kind" else column  # its value, not the enum member


def _as_block(columns: Block) -> Block:
    found = columns | {name: orjson.loads(f"[{','.join(columns[name])}]") for name in LIST_FIELDS}
    found |= {name: [at and _as_utc(at) for at in columns[name]] for name in TIME_FIELDS}
    locations = zip(*(columns[f"capture_{name}"] for name in CAPTURE_FIELDS), strict=True)
    found["capture"] = [dict(zip(CAPTURE_FIELDS, location, strict=True)) for location in locations]
    found["aliases"] = [sorted(urls.split(LINE_FEED)) if urls else [] for urls in columns["aliases"]]
    found["images"] = [list(map(_as_image, images)) for images in found["images"]]
    found["sources"] = list(map(_as_sources, columns["sources"]))
    return {name: found[name] for name in FIELDS}


def _as_image(stored: dict[str, Any]) -> dict[str, Any]:
    """Restore the order of keys, which PostgreSQL changes."""
    return stored if tuple(stored) == IMAGE_FIELDS else {name: stored.get(name) for name in IMAGE_FIELDS}


@lru_cache(CACHED_COUNT)
def _as_sources(text: str) -> dict[str, str]:
    """Parse sources, sorted by field for the same reason."""
    return dict(sorted(orjson.loads(text).items()))


def _as_utc(at: datetime | str) -> datetime:
    """Convert as `UtcDateTime` does, but much faster: this runs for four values of each article."""
    return datetime.fromisoformat(at + UTC_OFFSET) if isinstance(at, str) else at.astimezone(UTC)
