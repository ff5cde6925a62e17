"""The frontier: which URLs are known, which are due, and their states."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import Session

from schemas.capture import Validators
from schemas.model import Count, NonEmpty, Record
from schemas.outcome import State
from schemas.schedule import STANDARD_PLAN, RevisitPlan
from schemas.url import Identity, Sighting
from storage.ledger.publication_date import month_of
from storage.ledger.sighting import store_sightings
from storage.ledger.state import ARTICLE_STATES, is_due
from storage.ledger.unit_of_work import UnitOfWork, select_in
from storage.ledger.validator import find_validators
from storage.reports.audit import audit_ledger, count_advertised, count_states, filter_site
from storage.runs.run import has_run_after
from storage.schema.tables import Alias, Entry

__all__ = [
    "DueCount",
    "DueUrl",
    "LedgerEntry",
    "add_urls",
    "audit_ledger",
    "count_advertised",
    "count_due",
    "count_states",
    "find_due",
    "find_entry",
    "find_known",
]


class DueUrl(Record):
    """A URL to fetch now."""

    url: NonEmpty
    key: NonEmpty
    site: NonEmpty
    record_id: str | None
    state: State
    attempts: Count
    published_at: datetime | None
    validators: Validators | None = None
    """For a conditional request; None for an unconditional one."""


class LedgerEntry(Record):
    """One ledger entry: a URL's state and what is known of it."""

    key: NonEmpty
    site: NonEmpty
    edition: str | None
    record_id: str | None
    url: NonEmpty
    aliases: tuple[str, ...]
    """All other URLs of the entry, sorted."""
    state: State
    state_at: datetime
    rule: str | None
    attempts: Count
    last_error: str | None
    next_try_at: datetime | None
    first_seen_at: datetime
    published_at: datetime | None
    published_on: date | None
    published_month: str | None


def find_due(  # noqa: PLR0913 - a filter each
    session: Session,
    site: str | None,
    now: datetime,
    limit: int | None = None,
    *,
    since: date | None = None,
    until: date | None = None,
    states: Collection[State] | None = None,
    plan: RevisitPlan = STANDARD_PLAN,
) -> list[DueUrl]:
    """Return the URLs to fetch: first those without an article, then revisits.

    Both parts are ordered by publication, newest first; URLs of unknown date come last, in order of discovery.
    `since` and `until` (both inclusive) are publication days; where only the month is known, it must overlap them.
    """
    names = [name for name in DueUrl.model_fields if name != "validators"]
    has_article = Entry.state.in_(ARTICLE_STATES)
    statement = (
        select(*(getattr(Entry, name) for name in names))
        .where(_is_due(session, now, plan), is_within(since, until))
        .order_by(
            has_article,
            Entry.published_month.desc().nulls_last(),
            Entry.published_on.desc().nulls_last(),
            Entry.published_at.desc().nulls_last(),
            Entry.id,
        )
        .limit(limit)
    )
    if states is not None:
        statement = statement.where(Entry.state.in_(states))
    found = [row._mapping for row in session.execute(filter_site(statement, Entry.site, site))]  # noqa: SLF001 - public
    # A URL without an article is fetched unconditionally, whatever its earlier responses.
    known = {row["url"] for row in found if row["state"] in ARTICLE_STATES}
    validators = find_validators(session, known, now, plan)
    return [DueUrl(**row, validators=validators.get(row["url"])) for row in found]


class DueCount(Record):
    """The number of URLs to fetch now."""

    new_count: Count
    """Those without an article."""
    known_count: Count
    """Those to be revisited."""


def count_due(session: Session, site: str | None, now: datetime, plan: RevisitPlan = STANDARD_PLAN) -> DueCount:
    """Count the URLs that `find_due` returns."""
    has_article = Entry.state.in_(ARTICLE_STATES)
    statement = select(has_article, func.count()).where(_is_due(session, now, plan)).group_by(has_article)
    found = {bool(known): count for known, count in session.execute(filter_site(statement, Entry.site, site))}
    return DueCount(new_count=found.get(False, 0), known_count=found.get(True, 0))


def _is_due(session: Session, now: datetime, plan: RevisitPlan) -> ColumnElement[bool]:
    """Whether an entry is due, or was dropped from the plan only because a clock that ran ahead made it seem old."""
    ahead = now + plan.longest_wait
    if not has_run_after(session, ahead):  # the condition below cannot use an index
        return is_due(now, plan)
    is_given_up = and_(Entry.state.in_(ARTICLE_STATES), Entry.next_try_at.is_(None), Entry.tried_at > ahead)
    return or_(is_due(now, plan), is_given_up)


def is_within(since: date | None, until: date | None) -> ColumnElement[bool]:
    """Whether an entry was published between two days (both inclusive); by month where its day is unknown."""
    bounds = [
        (Entry.published_on >= since, Entry.published_month >= month_of(since)) if since else None,
        (Entry.published_on <= until, Entry.published_month <= month_of(until)) if until else None,
    ]
    given = [bound for bound in bounds if bound]
    if not given:
        return true()
    is_day_within = and_(*(on_day for on_day, _ in given))
    return or_(is_day_within, and_(Entry.published_on.is_(None), *(in_month for _, in_month in given)))


def find_entry(session: Session, id_or_url: str) -> LedgerEntry | None:
    """Return the entry with this record id, or with this URL (canonical) as its current one or an alias."""
    by_alias = select(Entry).join(Alias, Alias.entry_id == Entry.id).where(Alias.url == id_or_url)
    row = session.scalar(select(Entry).where(Entry.key == id_or_url)) or session.scalar(by_alias)
    return _as_entry(session, row) if row else None


def find_known(session: Session, urls: Iterable[str]) -> set[str]:
    """Return which of the (canonical) URLs are in the ledger."""
    return set(select_in(session, select(Alias.url), Alias.url, set(urls)))


def add_urls(session: Session, sightings: Sequence[tuple[Identity, Sighting]], now: datetime) -> int:
    """Record URLs that were given by hand or recovered; return how many no source had advertised before."""
    with session.no_autoflush:  # the unit of work flushes explicitly
        return store_sightings(UnitOfWork(session, None, now), sightings)


def _as_entry(session: Session, row: Entry) -> LedgerEntry:
    urls = session.scalars(select(Alias.url).where(Alias.entry_id == row.id, Alias.url != row.url).order_by(Alias.url))
    return LedgerEntry(
        key=row.key,
        site=row.site,
        edition=row.edition,
        record_id=row.record_id,
        url=row.url,
        aliases=tuple(urls),
        state=row.state,
        state_at=row.state_at,
        rule=row.rule,
        attempts=row.attempts,
        last_error=row.last_error,
        next_try_at=row.next_try_at,
        first_seen_at=row.first_seen_at,
        published_at=row.published_at,
        published_on=row.published_on,
        published_month=row.published_month,
    )
