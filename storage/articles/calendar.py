"""Lists articles by their month of publication."""

from collections import Counter
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from schemas.export import ArticleFilter
from schemas.model import Count, NonEmpty, Record
from schemas.span import DAY
from storage.articles.selection import list_conditions
from storage.ledger.publication_date import month_of
from storage.schema.tables import Article


class Listed(Record):
    """An article in a list."""

    id: NonEmpty
    headline: str | None
    subtitle: str | None
    authors: tuple[str, ...]
    section: str | None
    kind: str
    language: str | None
    published_at: datetime | None
    published_on: date | None
    duplicate_of: str | None


class MonthCounts(Record):
    """How many articles were published when."""

    months: dict[str, Count]
    """`YYYY-MM` -> articles, in order; months without any are left out."""
    undated_count: Count


def count_months(session: Session, wanted: ArticleFilter) -> MonthCounts:
    """Count the selected articles by month."""
    counts: Counter[str] = Counter()
    undated_count = 0
    days = select(Article.published_on, func.count()).where(*list_conditions(session, wanted))
    for day, count in session.execute(days.group_by(Article.published_on)):
        if day is None:
            undated_count += count
        else:
            counts[month_of(day)] += count
    return MonthCounts(months=dict(sorted(counts.items())), undated_count=undated_count)


def list_month(session: Session, wanted: ArticleFilter, month: str, offset: int, limit: int) -> list[Listed]:
    """List the selected articles of a month (`YYYY-MM`), the oldest first."""
    first = date.fromisoformat(f"{month}-01")
    is_in_month = Article.published_on.between(first, _last_day(first))
    return _list(session, wanted, is_in_month, offset, limit)


def list_undated(session: Session, wanted: ArticleFilter, offset: int, limit: int) -> list[Listed]:
    """List the selected articles without a publication day, by id."""
    return _list(session, wanted, Article.published_on.is_(None), offset, limit)


def list_newest(session: Session, wanted: ArticleFilter, limit: int) -> list[str]:
    """List the ids of the selected articles that have a date, the newest first."""
    conditions = (Article.published_on.is_not(None), *list_conditions(session, wanted))
    newest = select(Article.id).where(*conditions).order_by(Article.published_at.desc(), Article.id).limit(limit)
    return list(session.scalars(newest))


def _list(
    session: Session, wanted: ArticleFilter, condition: ColumnElement[bool], offset: int, limit: int
) -> list[Listed]:
    names = tuple(Listed.model_fields)
    columns: list[Any] = [getattr(Article, name) for name in names]
    rows = session.execute(
        select(*columns)
        .where(condition, *list_conditions(session, wanted))
        .order_by(Article.published_at, Article.id)
        .offset(offset)
        .limit(limit)
    )
    return [Listed.model_validate(dict(zip(names, row, strict=True)), strict=False) for row in rows]


def _last_day(first: date) -> date:
    if first.year == date.max.year and first.month == date.max.month:
        return date.max
    return first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1) - DAY
