"""Select articles by a filter: count them, or stream them in a fixed order."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import Session

from schemas.article import ArticleRecord
from schemas.export import ArticleFilter
from schemas.model import Count, Record
from storage.articles.rights import is_known, list_rights_conditions
from storage.export.block import Block, list_records, read_blocks, select_articles
from storage.schema.tables import Article
from storage.search.finding import select_matching
from storage.search.query import read_query

__all__ = ["ArticleFilter", "count_matching", "count_undated", "iterate_articles", "iterate_blocks", "list_conditions"]

DAY = timedelta(days=1)


def count_matching(session: Session, wanted: ArticleFilter) -> int:
    """Count the articles that `iterate_articles` yields."""
    return session.scalar(select(func.count()).select_from(Article).where(*list_conditions(session, wanted))) or 0


def count_undated(session: Session, wanted: ArticleFilter) -> int:
    """Count the articles that the filter's days leave out because they have no date."""
    dateless = wanted.model_copy(update={"since": None, "until": None})
    conditions = [Article.published_at.is_(None), *list_conditions(session, dateless)]
    return session.scalar(select(func.count()).select_from(Article).where(*conditions)) or 0


def iterate_duplicates(session: Session, wanted: ArticleFilter) -> Iterator[tuple[str, str | None, str]]:
    """Yield (id, URL, id of its primary) of the duplicates that the filter leaves out, sorted by id."""
    if wanted.include_duplicates:
        return
    others = {"include_duplicates": True, "respect_tdm": False, "min_confidence": None}
    conditions = list_conditions(session, wanted.model_copy(update=others))
    statement = select(Article.id, Article.url, Article.duplicate_of).where(
        Article.duplicate_of.is_not(None), *conditions
    )
    for article_id, url, duplicate_of in session.execute(statement.order_by(Article.id)):
        yield article_id, url, str(duplicate_of)


class ReservedCount(Record):
    """How many articles a filter leaves out because of their rights."""

    reserved_count: Count
    """Their text and data mining is reserved."""
    unknown_count: Count
    """Their rights are unknown."""


def count_reserved(session: Session, wanted: ArticleFilter) -> ReservedCount:
    """Count the articles that `respect_tdm` leaves out."""
    found = Counter(known for _, _, known in iterate_reserved(session, wanted))
    return ReservedCount(reserved_count=found[True], unknown_count=found[False])


def iterate_reserved(session: Session, wanted: ArticleFilter) -> Iterator[tuple[str, str | None, bool]]:
    """Yield (id, URL, whether its rights are known) of the articles that `respect_tdm` leaves out, sorted by id."""
    if not wanted.respect_tdm:
        return
    conditions = list_conditions(session, wanted.model_copy(update={"respect_tdm": False, "min_confidence": None}))
    is_free = and_(*list_rights_conditions(None, respect_tdm=True))
    statement = select(Article.id, Article.url, is_known()).where(~is_free, *conditions)
    for article_id, url, known in session.execute(statement.order_by(Article.id)):
        yield article_id, url, bool(known)


class UncertainCount(Record):
    """How many articles a filter leaves out because of their confidence."""

    low_count: Count
    """Their confidence is lower than the filter wants."""
    unknown_count: Count
    """They have none."""


def count_uncertain(session: Session, wanted: ArticleFilter) -> UncertainCount:
    """Count the articles that `min_confidence` leaves out."""
    found = Counter(confidence is not None for _, _, confidence in iterate_uncertain(session, wanted))
    return UncertainCount(low_count=found[True], unknown_count=found[False])


def iterate_uncertain(session: Session, wanted: ArticleFilter) -> Iterator[tuple[str, str | None, float | None]]:
    """Yield (id, URL, confidence) of the articles that `min_confidence` leaves out, sorted by id.

    Those that another condition leaves out are not among them, so that each article is left out for one reason.
    """
    if wanted.min_confidence is None:
        return
    conditions = list_conditions(session, wanted.model_copy(update={"min_confidence": None}))
    is_uncertain = or_(Article.confidence.is_(None), Article.confidence < wanted.min_confidence)
    statement = select(Article.id, Article.url, Article.confidence).where(is_uncertain, *conditions)
    yield from session.execute(statement.order_by(Article.id)).tuples()


def iterate_articles(session: Session, wanted: ArticleFilter | None = None) -> Iterator[ArticleRecord]:
    """Yield the articles by publication time, then id; those without a time come last."""
    for block in iterate_blocks(session, wanted or ArticleFilter()):
        yield from list_records(block)


def iterate_blocks(session: Session, wanted: ArticleFilter) -> Iterator[Block]:
    """Yield the same articles in the same order, in blocks."""
    conditions = list(list_conditions(session, wanted))
    # Two index scans: a single ORDER BY with the dateless articles last would sort all bodies on disk.
    dated = select_articles().where(Article.published_at.is_not(None), *_bound_scan(wanted))
    yield from read_blocks(session, _narrow(dated, conditions).order_by(Article.published_at, Article.id))
    if wanted.since is None and wanted.until is None:
        dateless = select_articles().where(Article.published_at.is_(None))
        yield from read_blocks(session, _narrow(dateless, conditions).order_by(Article.id))


def _narrow(statement: Select[Any], conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    # `= true` keeps SQLite from using an index on these columns, after which it would have to sort all bodies.
    return statement.where(*(condition == true() for condition in conditions))


def list_conditions(session: Session, wanted: ArticleFilter) -> Iterator[ColumnElement[bool]]:
    """Yield what the selected articles fulfil."""
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
    yield from list_rights_conditions(wanted.rights, respect_tdm=wanted.respect_tdm)
    if wanted.min_confidence is not None:
        yield Article.confidence >= wanted.min_confidence
    if not wanted.include_duplicates:
        yield Article.duplicate_of.is_(None)


def _bound_scan(wanted: ArticleFilter) -> Iterator[ColumnElement[bool]]:
    """Yield bounds for the index scan, one day wider at each end because days are the publishers', not UTC's."""
    if wanted.since and wanted.since > date.min:
        yield Article.published_at >= datetime.combine(wanted.since - DAY, time(), UTC)
    if wanted.until and wanted.until < date.max - DAY:
        yield Article.published_at < datetime.combine(wanted.until + 2 * DAY, time(), UTC)
