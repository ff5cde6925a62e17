"""How well the newest articles are filled, and how many there are a day: what a floor can be set for."""

from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.schema.tables import Article, RunRow

COVERED_FIELDS = ("headline", "authors", "published_at", "section", "tags", "body", "images")
"""`authors` is filled by an agency as well: a text has one or the other."""

COVERAGE_COUNT = 200
"""Articles that are looked at: some ten days of them, and a share of half a percent still shows."""

WEEK = timedelta(days=7)


def measure_coverage(session: Session, site: str, count: int = COVERAGE_COUNT) -> dict[str, float]:
    """Field -> share of a site's newest articles in which it is filled, 0 to 1; empty without any article."""
    columns = [getattr(Article, name) for name in (*COVERED_FIELDS, "agencies")]
    newest = (
        select(*columns)
        .where(Article.site == site, Article.duplicate_of.is_(None))
        .order_by(Article.published_at.desc().nulls_last(), Article.id)
        .limit(count)
    )
    rows = session.execute(newest).all()
    filled = {name: [getattr(row, name) for row in rows] for name in COVERED_FIELDS}
    filled["authors"] = [row.authors or row.agencies for row in rows]
    return {name: _share(values) for name, values in filled.items()} if rows else {}


def count_per_day(session: Session, site: str, today: date) -> float | None:
    """Articles a publication day, duplicates too, over the seven days before today (both in the publisher's zone).

    None for an archive that is younger than that: it cannot have them all.
    """
    begun_at = session.scalar(select(func.min(RunRow.started_at)).where(RunRow.site == site))
    if begun_at is None or begun_at.date() > today - WEEK:
        return None
    days = Article.published_on.between(today - WEEK, today - timedelta(days=1))
    found = session.scalar(select(func.count()).where(Article.site == site, days)) or 0
    return found / WEEK.days


def _share(values: Iterable[object]) -> float:
    found = [bool(value) for value in values]
    return sum(found) / len(found)
