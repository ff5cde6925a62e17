"""Counts by publication day: what was advertised, and what is stored."""

from collections import Counter, defaultdict
from datetime import date
from typing import Any

from sqlalchemy import Select, String, cast, func, select
from sqlalchemy.orm import Session

from schemas.model import Count, Record
from schemas.outcome import State
from storage.ledger.state import ARTICLE_STATES
from storage.reports.audit import of_advertised
from storage.reports.completeness import MISSING_STATES, is_of_year
from storage.schema.tables import Article, Entry

MONTHS = range(1, 13)


class DayCount(Record):
    """The advertised URLs of a publication day, and the articles that the archive has of it."""

    day: date
    """In the publisher's time zone."""
    advertised_count: Count = 0
    stored_count: Count = 0
    """Advertised URLs whose article is stored, duplicates included."""
    missing_count: Count = 0
    """Advertised URLs that are available but not stored."""
    gone_count: Count = 0
    excluded_count: Count = 0
    article_count: Count = 0
    """All stored articles, duplicates and imported ones included."""


class YearCount(Record):
    """The days of a year that have anything, in their order."""

    year: int
    days: tuple[DayCount, ...]
    undated_counts: dict[str, Count] = {}
    """Month (`YYYY-MM`) -> advertised URLs of which only the month is known."""


def count_days(session: Session, year: int, site: str | None = None) -> YearCount:
    """Count the URLs and articles of a year by publication day."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    states: dict[date, Counter[State]] = defaultdict(Counter)
    for day, state, count in session.execute(_advertised(site, first, last)):
        states[day][state] += count
    stored = select(Article.published_on, func.count()).where(*is_of_year(year, site)).group_by(Article.published_on)
    articles = {day: count for day, count in session.execute(stored) if day}
    days = tuple(_count_day(day, states[day], articles.get(day, 0)) for day in sorted(states.keys() | articles.keys()))
    months = [f"{year:04}-{month:02}" for month in MONTHS]
    undated = of_advertised(select(Entry.published_month, func.count()), site).where(
        Entry.published_on.is_(None), Entry.published_month.in_(months)
    )
    rows = session.execute(undated.group_by(Entry.published_month).order_by(Entry.published_month))
    return YearCount(year=year, days=days, undated_counts={month: count for month, count in rows if month})


def list_years(session: Session) -> list[int]:
    """Return the years of which anything was advertised or is stored, newest first."""
    month = select(Entry.published_month).distinct()
    year = select(func.substr(cast(Article.published_on, String), 1, len("YYYY"))).distinct()
    found = [*session.scalars(month), *session.scalars(year)]
    return sorted({int(one[: len("YYYY")]) for one in found if one}, reverse=True)


def _advertised(site: str | None, first: date, last: date) -> Select[tuple[Any, State, int]]:
    statement = of_advertised(select(Entry.published_on, Entry.state, func.count()), site)
    in_year = statement.where(Entry.published_on.between(first, last))
    return in_year.group_by(Entry.published_on, Entry.state)


def _count_day(day: date, states: Counter[State], article_count: int) -> DayCount:
    return DayCount(
        day=day,
        advertised_count=states.total(),
        stored_count=sum(states[state] for state in ARTICLE_STATES),
        missing_count=sum(states[state] for state in MISSING_STATES),
        gone_count=states[State.GONE],
        excluded_count=states[State.EXCLUDED],
        article_count=article_count,
    )


def list_sites(session: Session) -> list[str]:
    """Return the publishers of which anything was advertised or is stored."""
    found = {*session.scalars(select(Entry.site).distinct()), *session.scalars(select(Article.site).distinct())}
    return sorted(found)
