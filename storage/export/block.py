"""Articles straight from their tables, some at a time, field by field.

No object is made of a row, and nothing is validated that was valid when it was stored. What the database keeps as JSON
is read a column at once.
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
"""Field of `ArticleRecord`, all of them in its order -> the values of some articles, in theirs.

Times are aware and in UTC, lists and mappings plain ones, pictures and captures mappings; nobody changes them.
"""

BLOCK_COUNT = 50
"""Articles in a block: some hundred kB, that stay in a processor's cache. Of 200, each takes a fifth longer."""

FIELDS = tuple(ArticleRecord.model_fields)
IMAGE_FIELDS = ("url", "caption", "credit")
CAPTURE_FIELDS = ("warc", "offset", "length", "sha256")
REMEMBERED_COUNT = 4_096
"""Mappings of fields to what they were read from: nearly all articles have one of a few."""
UTC_OFFSET = "+00:00"
LINE_FEED = "\n"
"""Between URLs: none has one."""
FOUND_ELSEWHERE = frozenset({"capture", "aliases"})
COLUMNS = {name: Article.__table__.c[name] for name in FIELDS if name not in FOUND_ELSEWHERE}
DOCUMENT_FIELDS = tuple(name for name, column in COLUMNS.items() if isinstance(column.type, JSON))
LIST_FIELDS = tuple(name for name in DOCUMENT_FIELDS if name != "sources")
TIME_FIELDS = tuple(name for name, column in COLUMNS.items() if isinstance(column.type, UtcDateTime))


def select_articles() -> Select[Any]:
    """What `read_blocks` reads; conditions and an order may be added."""
    own = [_as_stored(name).label(name) for name in COLUMNS]
    capture = [getattr(Capture, name).label(f"capture_{name}") for name in CAPTURE_FIELDS]
    others = (
        select(func.aggregate_strings(Alias.url, LINE_FEED))
        .where(Alias.entry_id == Article.entry_id, Alias.url.is_distinct_from(Article.url))
        .correlate(Article)  # alone: the statement around may look for a URL itself
        .scalar_subquery()
    )
    return select(*own, *capture, others.label("aliases")).join(Capture, Capture.id == Article.capture_id)


def read_blocks(session: Session, statement: Select[Any]) -> Iterator[Block]:
    """The articles of a statement, in its order."""
    names = statement.selected_columns.keys()
    for rows in stream_rows(session.connection(), statement, BLOCK_COUNT):
        yield _as_block(dict(zip(names, zip(*rows, strict=True), strict=True)))


def list_rows(block: Block) -> Iterator[tuple[Any, ...]]:
    """The block's articles, each as its fields' values."""
    return zip(*block.values(), strict=True)


def _as_stored(name: str) -> ColumnElement[Any]:
    column = getattr(Article, name)
    if name in DOCUMENT_FIELDS:
        return cast(column, Text)  # each database would read them in its own way, one at a time
    if name in TIME_FIELDS:
        return type_coerce(column, StoredTime)
    return type_coerce(column, Text) if name == "kind" else column  # its name is wanted, not the member


def _as_block(columns: Block) -> Block:
    found = columns | {name: orjson.loads(f"[{','.join(columns[name])}]") for name in LIST_FIELDS}
    found |= {name: [at and _as_utc(at) for at in columns[name]] for name in TIME_FIELDS}
    places = zip(*(columns[f"capture_{name}"] for name in CAPTURE_FIELDS), strict=True)
    found["capture"] = [dict(zip(CAPTURE_FIELDS, place, strict=True)) for place in places]
    found["aliases"] = [sorted(urls.split(LINE_FEED)) if urls else [] for urls in columns["aliases"]]
    found["images"] = [list(map(_as_image, images)) for images in found["images"]]
    found["sources"] = list(map(_as_sources, columns["sources"]))
    return {name: found[name] for name in FIELDS}


def _as_image(stored: dict[str, Any]) -> dict[str, Any]:
    """PostgreSQL keeps the keys of a document in an order of its own."""
    return stored if tuple(stored) == IMAGE_FIELDS else {name: stored.get(name) for name in IMAGE_FIELDS}


@lru_cache(REMEMBERED_COUNT)
def _as_sources(text: str) -> dict[str, str]:
    """By field, for the same reason."""
    return dict(sorted(orjson.loads(text).items()))


def _as_utc(at: datetime | str) -> datetime:
    """As `UtcDateTime` reads it, many times as fast: each step more would be one for four values of an article."""
    return datetime.fromisoformat(at + UTC_OFFSET) if isinstance(at, str) else at.astimezone(UTC)
