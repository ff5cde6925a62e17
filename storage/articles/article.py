"""Read articles: one by id or URL, or all of them in a fixed order."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.orm import Session

from schemas.article import ArticleRecord
from schemas.capture import CaptureRef
from schemas.export import ArticleFilter
from schemas.model import Count, Record
from storage.export.block import Block, list_rows, read_blocks, select_articles
from storage.schema.tables import Alias, Article, Capture
from storage.search.finding import select_matching
from storage.search.query import read_query

__all__ = ["ArticleCount", "ArticleFilter", "find_article", "iterate_articles", "iterate_blocks"]

DAY = timedelta(days=1)

MAX_IDS = 9
"""Ids named for one that is ambiguous."""

LAST_HEX_DIGIT = "g"
"""Sorts after all hexadecimal digits: a digest that goes on after the prefix comes before it."""


class ArticleCount(Record):
    """The number of articles in the archive."""

    article_count: Count
    """Without duplicates, as an export has them by default."""
    duplicate_count: Count


def find_article(session: Session, id_or_url: str) -> ArticleRecord | None:
    """Return the article with this record id, or with this canonical URL or alias; None if there is none."""
    by_id = select_articles().where(Article.id == id_or_url)
    by_alias = select_articles().join(Alias, Alias.entry_id == Article.entry_id).where(Alias.url == id_or_url)
    return next((one for rows in (by_id, by_alias) for one in _list_records(session, rows)), None)


def find_ids(session: Session, ids: Collection[str], prefix: str | None = None) -> list[str]:
    """Return those of the ids that articles have, and the ids with the prefix, sorted; at most `MAX_IDS`."""
    conditions: list[ColumnElement[bool]] = [Article.id.in_(ids)]
    if prefix is not None:
        conditions.append(Article.id.between(prefix, f"{prefix}{LAST_HEX_DIGIT}"))
    return list(session.scalars(select(Article.id).where(or_(*conditions)).order_by(Article.id).limit(MAX_IDS)))


def count_articles(session: Session) -> ArticleCount:
    """Count the stored articles, including imported ones."""
    count, duplicate_count = session.execute(select(func.count(), func.count(Article.duplicate_of))).one()
    return ArticleCount(article_count=count - duplicate_count, duplicate_count=duplicate_count)


def count_matching(session: Session, wanted: ArticleFilter) -> int:
    """Count the articles that `iterate_articles` yields."""
    return session.scalar(select(func.count()).select_from(Article).where(*_list_conditions(session, wanted))) or 0


def count_undated(session: Session, wanted: ArticleFilter) -> int:
    """Count the articles that the filter's days leave out because they have no date."""
    dateless = wanted.model_copy(update={"since": None, "until": None})
    conditions = [Article.published_at.is_(None), *_list_conditions(session, dateless)]
    return session.scalar(select(func.count()).select_from(Article).where(*conditions)) or 0


def list_duplicates(session: Session, article_id: str) -> list[str]:
    """Return the ids of this article's duplicates."""
    return list(session.scalars(select(Article.id).where(Article.duplicate_of == article_id).order_by(Article.id)))


def iterate_articles(session: Session, wanted: ArticleFilter | None = None) -> Iterator[ArticleRecord]:
    """Yield the articles by publication time, then id; those without a time come last."""
    for block in iterate_blocks(session, wanted or ArticleFilter()):
        yield from _as_records(block)


def iterate_blocks(session: Session, wanted: ArticleFilter) -> Iterator[Block]:
    """Yield the same articles in the same order, in blocks."""
    conditions = list(_list_conditions(session, wanted))
    # Two index scans: a single ORDER BY with the dateless articles last would sort all bodies on disk.
    dated = select_articles().where(Article.published_at.is_not(None), *_bound_scan(wanted))
    yield from read_blocks(session, _narrow(dated, conditions).order_by(Article.published_at, Article.id))
    if wanted.since is None and wanted.until is None:
        dateless = select_articles().where(Article.published_at.is_(None))
        yield from read_blocks(session, _narrow(dateless, conditions).order_by(Article.id))


def _narrow(statement: Select[Any], conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    # `= true` keeps SQLite from using an index on these columns, after which it would have to sort all bodies.
    return statement.where(*(condition == true() for condition in conditions))


def _list_conditions(session: Session, wanted: ArticleFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.since:
        yield Article.published_on >= wanted.since
    if wanted.until:
        yield Article.published_on <= wanted.until
    for column, value in (
        (Article.site, wanted.site),
        (Article.kind, wanted.kind),
        (Article.language, wanted.language),
    ):
        if value is not None:
            yield column == value
    if wanted.query or wanted.section or wanted.author or wanted.tag:
        query = read_query(wanted.query or "", author=wanted.author, section=wanted.section, tag=wanted.tag)
        yield Article.id.in_(select_matching(session, query))
    if not wanted.include_duplicates:
        yield Article.duplicate_of.is_(None)


def _bound_scan(wanted: ArticleFilter) -> Iterator[ColumnElement[bool]]:
    """Yield bounds for the index scan, one day wider at each end because days are Moscow's, not UTC's."""
    if wanted.since and wanted.since > date.min:
        yield Article.published_at >= datetime.combine(wanted.since - DAY, time(), UTC)
    if wanted.until and wanted.until < date.max - DAY:
        yield Article.published_at < datetime.combine(wanted.until + 2 * DAY, time(), UTC)


def _list_records(session: Session, statement: Select[Any]) -> Iterator[ArticleRecord]:
    for block in read_blocks(session, statement):
        yield from _as_records(block)


def _as_records(block: Block) -> Iterator[ArticleRecord]:
    for row in list_rows(block):
        # Not strict, so that JSON lists become the record's tuples.
        yield ArticleRecord.model_validate(dict(zip(block, row, strict=True)), strict=False)


def as_ref(row: Capture) -> CaptureRef:
    """Return the location and digest of a stored capture."""
    return CaptureRef(warc=row.warc, offset=row.offset, length=row.length, sha256=row.sha256)
