"""Completeness: how many of the advertised articles the archive has, by month, and which are missing."""

from collections import Counter, defaultdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from schemas.model import Count, NonEmpty, Record
from schemas.outcome import State
from schemas.url import SourceKind
from storage.ledger.frontier import is_within
from storage.ledger.state import ARTICLE_STATES
from storage.reports.audit import filter_site, of_advertised
from storage.schema.tables import Alias, Article, Entry, Quarantine, Sighting

UNKNOWN_MONTH = "unknown"
"""Stands for the month of URLs whose publication month is not known."""

UNKNOWN_REASON = "unknown"

MISSING_STATES = frozenset({State.PENDING, State.CAPTURED, State.FAILED, State.BLOCKED, State.QUARANTINED})
"""States of articles that are available but not stored. Excluded URLs are not articles, and gone ones not available."""


class MonthCount(Record):
    """The advertised URLs of a publication month. Each is in exactly one of the counts by state.

    advertised = stored + duplicate + pending + failed + blocked + gone + all quarantined + all excluded.
    """

    month: str | None
    """`YYYY-MM` in the site's time zone; None for URLs whose month is not known."""
    advertised_count: Count = 0
    stored_count: Count = 0
    """URLs whose article is stored, and is not a duplicate."""
    duplicate_count: Count = 0
    pending_count: Count = 0
    failed_count: Count = 0
    blocked_count: Count = 0
    """URLs that robots.txt forbids."""
    gone_count: Count = 0
    quarantined_counts: dict[str, Count] = {}
    """First reason (`body`, `headline`, `block-page`, …) -> URLs."""
    excluded_counts: dict[str, Count] = {}
    """The rule by which it is not an article, or why it was forbidden -> URLs."""
    missing_count: Count = 0
    """URLs that are available but not stored: pending, failed, blocked and quarantined."""


class SourceCount(Record):
    """The URLs that sources of a kind, or one source, ever advertised. Each is in exactly one of the states."""

    kind: SourceKind
    source_url: str | None = None
    """The source; None for all of the kind."""
    advertised_count: Count
    states: dict[State, Count]
    stored_count: Count
    """URLs whose article is stored, duplicates included."""
    missing_count: Count
    """URLs that are available but not stored."""


class SectionCount(Record):
    """The stored articles of a section and a publication month, duplicates included."""

    month: str | None
    """`YYYY-MM` in the site's time zone; None for articles without a date."""
    section: str | None
    """As the publisher names it; None if its pages name none."""
    stored_count: Count


class SpanCount(Record):
    """Counts of the known and available articles of a span of days."""

    stored_count: Count
    """Duplicates included."""
    missing_count: Count


class MissingUrl(Record):
    """An advertised article that is available but not stored."""

    url: NonEmpty
    """Its current URL: several advertised URLs may belong to it."""
    key: NonEmpty
    site: NonEmpty
    published_month: str | None
    state: State
    attempts: Count
    last_error: str | None
    next_try_at: datetime | None
    """When it is due; None if only changed rules can help."""


def count_months(session: Session, site: str | None = None) -> list[MonthCount]:
    """Return completeness by publication month, newest first, the unknown month last.

    In a sound ledger (`audit_ledger`) the advertised URLs of all months add up to `count_advertised`.
    """
    counts: dict[str | None, Counter[State]] = defaultdict(Counter)
    excluded: dict[str | None, Counter[str]] = defaultdict(Counter)
    quarantined: dict[str | None, Counter[str]] = defaultdict(Counter)
    columns = (Entry.published_month, Entry.state, Entry.rule)
    for month, state, rule, count in session.execute(_grouped(site).group_by(*columns)):
        counts[month][state] += count
        if state == State.EXCLUDED:
            excluded[month][rule or UNKNOWN_REASON] += count
    for month, reason, count in session.execute(_reasons(site)):
        quarantined[month][_name_reason(reason)] += count
    found = [_count_month(month, counts[month], quarantined[month], excluded[month]) for month in counts]
    return sorted(found, key=lambda one: one.month or "", reverse=True)


def list_missing(
    session: Session, site: str | None = None, month: str | None = None, limit: int | None = None
) -> list[MissingUrl]:
    """Return the missing articles of a month (`YYYY-MM`, or `unknown`) or of all months, newest first.

    One per article, while `missing_count` counts each of its advertised URLs.
    """
    is_advertised = select(Alias.id).where(Alias.entry_id == Entry.id, Alias.advertised_site.is_not(None)).exists()
    statement = (
        select(*(getattr(Entry, name) for name in MissingUrl.model_fields))
        .where(Entry.state.in_(MISSING_STATES), is_advertised)
        .order_by(Entry.published_month.desc().nulls_last(), Entry.published_on.desc().nulls_last(), Entry.id)
        .limit(limit)
    )
    if month is not None:
        statement = statement.where(Entry.published_month == (None if month == UNKNOWN_MONTH else month))
    rows = session.execute(filter_site(statement, Entry.site, site))
    return [MissingUrl(**row._mapping) for row in rows]  # noqa: SLF001 - its public name


def count_span(session: Session, site: str, since: date | None, until: date | None) -> SpanCount:
    """Count the articles of a span of publication days (both inclusive)."""
    statement = select(Entry.state, func.count()).where(Entry.site == site, is_within(since, until))
    states = dict(session.execute(statement.group_by(Entry.state)).tuples().all())
    stored_count = sum(states.get(state, 0) for state in ARTICLE_STATES)
    missing_count = sum(states.get(state, 0) for state in MISSING_STATES)
    return SpanCount(stored_count=stored_count, missing_count=missing_count)


def count_source_kinds(session: Session, site: str | None = None) -> list[SourceCount]:
    """Return what each kind of source advertised. A URL counts once for each kind that advertised it."""
    return [
        _count_source(states, kind=kind)
        for (kind,), states in _group_states(session, site, Sighting.source_kind).items()
    ]


def count_sources(session: Session, site: str | None = None) -> list[SourceCount]:
    """Return what each source advertised: a feed, a sitemap, a listing. A URL counts once for each of them."""
    found = _group_states(session, site, Sighting.source_kind, Sighting.source_url)
    return [_count_source(states, kind=kind, source_url=url) for (kind, url), states in found.items()]


def count_sections(session: Session, site: str | None = None, year: int | None = None) -> list[SectionCount]:
    """Return the stored articles by month and section, newest month first. Imported ones are counted too."""
    month = func.substr(cast(Article.published_on, String), 1, len("YYYY-MM"))
    statement = select(month, Article.section, func.count()).group_by(month, Article.section)
    limited = filter_site(statement, Article.site, site) if year is None else statement.where(*is_of_year(year, site))
    rows = session.execute(limited).all()
    found = [SectionCount(month=month, section=section, stored_count=count) for month, section, count in rows]
    return sorted(sorted(found, key=lambda one: one.section or ""), key=lambda one: one.month or "", reverse=True)


def is_of_year(year: int, site: str | None) -> list[ColumnElement[bool]]:
    """Return the conditions of a publisher's articles of a publication year.

    The site is hidden from SQLite's planner: it would take the index by site, and read every article.
    """
    in_year = Article.published_on.between(date(year, 1, 1), date(year, 12, 31))
    return [in_year] if site is None else [in_year, func.coalesce(Article.site, "") == site]


def _group_states(
    session: Session, site: str | None, *columns: InstrumentedAttribute[Any]
) -> dict[tuple[Any, ...], dict[State, int]]:
    """Return the columns' values -> state -> distinct URLs, in the order of the values."""
    statement = (
        select(*columns, Entry.state, func.count(func.distinct(Sighting.url)))
        .join(Alias, Alias.url == Sighting.url)
        .join(Entry, Entry.id == Alias.entry_id)
        .group_by(*columns, Entry.state)
    )
    found: dict[tuple[Any, ...], dict[State, int]] = defaultdict(dict)
    for *values, state, count in session.execute(filter_site(statement, Sighting.site, site)):
        found[tuple(values)][state] = count
    return dict(sorted(found.items()))


def _count_source(states: dict[State, int], *, kind: SourceKind, source_url: str | None = None) -> SourceCount:
    return SourceCount(
        kind=kind,
        source_url=source_url,
        advertised_count=sum(states.values()),
        states={state: states[state] for state in State if state in states},
        stored_count=sum(states.get(state, 0) for state in ARTICLE_STATES),
        missing_count=sum(states.get(state, 0) for state in MISSING_STATES),
    )


def _grouped(site: str | None) -> Select[tuple[str | None, State, str | None, int]]:
    return of_advertised(select(Entry.published_month, Entry.state, Entry.rule, func.count()), site)


def _reasons(site: str | None) -> Select[tuple[str | None, str | None, int]]:
    """Select the number of quarantined URLs by month and the first reason of their entry's newest open row."""
    reason = Quarantine.reasons[0].as_string()
    newest = (
        select(Quarantine.entry_id, func.max(Quarantine.id).label("id"))
        .where(Quarantine.resolved_at.is_(None))
        .group_by(Quarantine.entry_id)
        .subquery()
    )
    return (
        of_advertised(select(Entry.published_month, reason, func.count()), site)
        .outerjoin(newest, newest.c.entry_id == Entry.id)
        .outerjoin(Quarantine, Quarantine.id == newest.c.id)
        .where(Entry.state == State.QUARANTINED)
        .group_by(Entry.published_month, reason)
    )


def _name_reason(reason: str | None) -> str:
    """Return a reason's part before the colon (`body` for `body: empty`), or all of one without a colon."""
    return reason.partition(":")[0] if reason else UNKNOWN_REASON


def _count_month(
    month: str | None, states: Counter[State], quarantined: Counter[str], excluded: Counter[str]
) -> MonthCount:
    return MonthCount(
        month=month,
        advertised_count=states.total(),
        stored_count=states[State.STORED],
        duplicate_count=states[State.DUPLICATE],
        pending_count=states[State.PENDING] + states[State.CAPTURED],
        failed_count=states[State.FAILED],
        blocked_count=states[State.BLOCKED],
        gone_count=states[State.GONE],
        quarantined_counts=dict(sorted(quarantined.items())),
        excluded_counts=dict(sorted(excluded.items())),
        missing_count=sum(states[state] for state in MISSING_STATES),
    )
