"""Stored data that a new run is compared with: earlier runs' readings, feed times, newest articles."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schemas.model import Record
from schemas.report import KindReading, RunReport
from schemas.url import SourceKind
from storage.ledger.unit_of_work import execute_in
from storage.schema.tables import Alias, Article, RunRow, Sighting

EARLIER_RUN_COUNT = 400
"""Limit of runs that fetched a page: two weeks of hourly runs."""


class EarlierReading(Record):
    """The parsing statistics of an earlier run."""

    since: date | None
    """The first publication day of a backfill's month."""
    reading: dict[str, KindReading]


def list_readings(session: Session, *, kind: str, site: str | None) -> list[EarlierReading]:
    """Return the readings of the runs of one kind that fetched pages of a site, newest first."""
    statement = (
        select(RunRow.report["reading"], RunRow.report["since"].as_string())
        .where(RunRow.kind == kind, RunRow.site == site, RunRow.report["page_count"].as_integer() > 0)
        .order_by(RunRow.started_at.desc(), RunRow.id.desc())
        .limit(EARLIER_RUN_COUNT)
    )
    rows = session.execute(statement)
    # Reports from before readings were counted have none.
    return [
        EarlierReading.model_validate({"since": since, "reading": found or {}}, strict=False) for found, since in rows
    ]


def find_last_recurrence_report(session: Session, site: str | None = None) -> RunReport | None:
    """Return the report of the newest run (with a site, of its own) that looked for recurring blocks; None if none."""
    statement = (
        select(RunRow.report)
        .where(RunRow.report["leak_rate"].as_float().is_not(None))
        .order_by(RunRow.started_at.desc(), RunRow.id.desc())
        .limit(1)
    )
    if site is not None:
        statement = statement.where(RunRow.site == site)
    report = session.scalar(statement)
    return RunReport.model_validate(report, strict=False) if report else None


def list_feed_times(session: Session, site: str, count: int) -> list[tuple[str, datetime, datetime]]:
    """Return (feed URL, publication time in the feed, publication time on the page) of a site's newest fetches."""
    newest = (
        select(Article.entry_id, Article.published_at)
        .where(Article.site == site, Article.published_at.is_not(None))
        .order_by(Article.fetched_at.desc())
        .limit(count)
        .subquery()
    )
    statement = (
        select(Sighting.source_url, Sighting.published_at, newest.c.published_at)
        .join(Alias, Alias.url == Sighting.url)
        .join(newest, newest.c.entry_id == Alias.entry_id)
        .where(Sighting.source_kind == SourceKind.FEED, Sighting.published_at.is_not(None))
    )
    return [(url, said, own) for url, said, own in session.execute(statement)]


GROUP_COUNT = 200
"""Groups in memory at a time: a MB of bodies."""


class NewArticle(NamedTuple):
    """The fields of an article that matter in the search for recurring blocks."""

    id: str
    section: str | None
    tags: list[str]
    fetched_at: datetime
    body: str


COLUMNS = tuple(getattr(Article, name) for name in NewArticle._fields)


def iterate_newest(session: Session, site: str, count: int) -> Iterator[tuple[NewArticle, ...]]:
    """Yield a site's `count` newest fetched articles, newest first, in groups of duplicates."""
    newest = (
        select(Article.id, Article.duplicate_of)
        .where(Article.site == site)
        .order_by(Article.fetched_at.desc(), Article.id)
        .limit(count)
    )
    members: dict[str, list[str]] = defaultdict(list)
    for article_id, duplicate_of in session.execute(newest):
        members[duplicate_of or article_id].append(article_id)
    groups = list(members.values())
    for start in range(0, len(groups), GROUP_COUNT):
        yield from _load_groups(session, groups[start : start + GROUP_COUNT])


def _load_groups(session: Session, groups: list[list[str]]) -> Iterator[tuple[NewArticle, ...]]:
    ids = {article_id for group in groups for article_id in group}
    found = {row.id: NewArticle(*row) for row in execute_in(session, select(*COLUMNS), Article.id, ids)}
    for group in groups:
        yield tuple(found[article_id] for article_id in group)


COVERED_FIELDS = ("headline", "authors", "published_at", "section", "tags", "body", "images")
"""`authors` counts as filled if there is an agency: a text has one or the other."""

COVERAGE_COUNT = 200
"""Sample size: about ten days of articles, in which a share of half a percent is still visible."""

WEEK = timedelta(days=7)


def measure_coverage(session: Session, site: str, count: int = COVERAGE_COUNT) -> dict[str, float]:
    """Return field -> share (0 to 1) of a site's newest articles in which it is filled; empty without articles."""
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
    """Return the articles per publication day, duplicates included, over the seven days before today.

    None for a younger archive, which cannot have them all.
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
