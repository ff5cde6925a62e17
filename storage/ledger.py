"""The ledger: which addresses are known, what is due, how they stand, and whether it all adds up."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVarTuple

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from schemas.address import Identity, Sighting
from schemas.model import Count, NonEmpty, Record
from schemas.outcome import State
from storage import tables
from storage.batch import Batch, select_in
from storage.sighting import store_sightings
from storage.tables import Alias, Article, Entry, Quarantine

Columns = TypeVarTuple("Columns")

WAITING_STATES = (State.PENDING, State.FAILED)
"""What waits for a fetch: due at once, unless a time is set."""

RETURNING_STATES = (State.BLOCKED, State.QUARANTINED)
"""What may be right at another time: due when that has come, and never where none is set."""

NAMED_COUNT = 20
"""An audit names so many of a problem's addresses; the rest is a number."""


class DueAddress(Record):
    """An address to fetch now."""

    url: NonEmpty
    key: NonEmpty
    site: NonEmpty
    record_id: str | None
    state: State
    attempts: Count
    published_at: datetime | None


class LedgerEntry(Record):
    """How one address stands."""

    key: NonEmpty
    site: NonEmpty
    edition: str | None
    record_id: str | None
    url: NonEmpty
    aliases: tuple[str, ...]
    """Every other address of it, sorted."""
    state: State
    state_at: datetime
    rule: str | None
    attempts: Count
    last_error: str | None
    next_try_at: datetime | None
    first_seen_at: datetime
    published_at: datetime | None


class MonthCount(Record):
    """Completeness of a publication month."""

    month: str | None
    """`YYYY-MM` in Moscow; None for addresses whose date is not known."""
    advertised_count: Count
    """Advertised addresses."""
    stored_count: Count
    """Those of them whose article is stored, also as a duplicate."""


def find_due(session: Session, site: str | None, now: datetime, limit: int | None = None) -> list[DueAddress]:
    """What is to be fetched: newest publication first, then in the order of discovery."""
    has_time_come = Entry.next_try_at <= now
    is_due = or_(
        and_(Entry.state.in_(WAITING_STATES), or_(Entry.next_try_at.is_(None), has_time_come)),
        and_(Entry.state.in_(RETURNING_STATES), has_time_come),
    )
    statement = (
        select(*(getattr(Entry, name) for name in DueAddress.model_fields))
        .where(is_due)
        .order_by(Entry.published_at.is_(None), Entry.published_at.desc(), Entry.id)
        .limit(limit)
    )
    rows = session.execute(_of_site(statement, Entry.site, site))
    return [DueAddress(**row._mapping) for row in rows]  # noqa: SLF001 - its public name


def find_entry(session: Session, id_or_url: str) -> LedgerEntry | None:
    """The entry of a record id, or of any address of it in its canonical spelling."""
    by_alias = select(Entry).join(Alias, Alias.entry_id == Entry.id).where(Alias.url == id_or_url)
    row = session.scalar(select(Entry).where(Entry.key == id_or_url)) or session.scalar(by_alias)
    return _as_entry(session, row) if row else None


def is_known(session: Session, urls: Iterable[str]) -> set[str]:
    """Those of the (canonical) addresses that the ledger has."""
    return set(select_in(session, select(Alias.url), Alias.url, set(urls)))


def add_addresses(session: Session, sightings: Sequence[tuple[Identity, Sighting]], now: datetime) -> int:
    """Note addresses that were given by hand; answers how many no source had advertised before."""
    with session.no_autoflush:  # a batch writes itself
        return store_sightings(Batch(session, None, now), sightings)


def count_advertised(session: Session, site: str | None = None) -> int:
    """Different addresses that any source ever advertised."""
    statement = select(func.count(func.distinct(tables.Sighting.url)))
    return session.scalar(_of_site(statement, tables.Sighting.site, site)) or 0


def count_states(session: Session, site: str | None = None) -> dict[State, int]:
    """State -> advertised addresses in it; states without any are left out."""
    found = _count_all(session, site)
    return {state: found[state] for state in State if state in found}


def count_months(session: Session, site: str | None = None) -> list[MonthCount]:
    """Completeness by publication month, newest first; addresses without a known date last."""
    advertised = _advertised(site).subquery()
    is_stored = Entry.state.in_((State.STORED, State.DUPLICATE))
    year, month = func.extract("year", Entry.published_on), func.extract("month", Entry.published_on)
    statement = (
        select(year, month, func.count(), func.sum(case((is_stored, 1), else_=0)))
        .select_from(advertised)
        .join(Alias, Alias.url == advertised.c.url)
        .join(Entry, Entry.id == Alias.entry_id)
        .group_by(year, month)
    )
    counts = [
        MonthCount(
            month=f"{int(in_year):04}-{int(in_month):02}" if in_year else None,
            advertised_count=advertised_count,
            stored_count=stored_count,
        )
        for in_year, in_month, advertised_count, stored_count in session.execute(statement)
    ]
    return sorted(counts, key=lambda count: count.month or "", reverse=True)


def audit_ledger(session: Session, site: str | None = None) -> list[str]:
    """What does not add up, one sentence each; nothing for a sound ledger."""
    found = _count_all(session, site)
    problems = [_name(what, session.scalars(statement).all()) for what, statement in _audits(site)]
    if None in found:
        problems.append(_name("advertised addresses without an entry", session.scalars(_stray(site)).all()))
        advertised = sum(found.values())
        counted = advertised - found[None]
        problems.append(f"{advertised} addresses were advertised, but the states add up to {counted}")
    return [problem for problem in problems if problem]


def _count_all(session: Session, site: str | None) -> dict[State | None, int]:
    """State -> advertised addresses in it; None for those without an entry. One walk, however many states there are."""
    advertised = _advertised(site).subquery()
    statement = (
        select(Entry.state, func.count())
        .select_from(advertised)
        .outerjoin(Alias, Alias.url == advertised.c.url)
        .outerjoin(Entry, Entry.id == Alias.entry_id)
        .group_by(Entry.state)
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def _stray(site: str | None) -> Select[str]:
    advertised = _advertised(site).subquery()
    return select(advertised.c.url).outerjoin(Alias, Alias.url == advertised.c.url).where(Alias.id.is_(None))


def _audits(site: str | None) -> Iterator[tuple[str, Select[str]]]:
    entries = _of_site(select(Entry.key), Entry.site, site)
    with_article = entries.outerjoin(Article, Article.entry_id == Entry.id)
    is_primary = Article.duplicate_of.is_(None)
    yield (
        "stored entries without an article of their own",
        with_article.where(Entry.state == State.STORED, or_(Article.id.is_(None), ~is_primary)),
    )
    yield (
        "duplicate entries without a duplicate article",
        with_article.where(Entry.state == State.DUPLICATE, or_(Article.id.is_(None), is_primary)),
    )
    yield (
        "articles whose entry is in another state",
        with_article.where(Article.id.is_not(None), Entry.state.not_in((State.STORED, State.DUPLICATE))),
    )
    is_open = select(Quarantine.id).where(Quarantine.entry_id == Entry.id, Quarantine.resolved_at.is_(None)).exists()
    yield "quarantined entries without a reason", entries.where(Entry.state == State.QUARANTINED, ~is_open)
    yield "captured entries that nobody read", entries.where(Entry.state == State.CAPTURED)


def _name(what: str, found: Sequence[str]) -> str:
    if not found:
        return ""
    more = f" and {len(found) - NAMED_COUNT} more" if len(found) > NAMED_COUNT else ""
    return f"{len(found)} {what}: {', '.join(sorted(found)[:NAMED_COUNT])}{more}"


def _advertised(site: str | None) -> Select[str]:
    return _of_site(select(tables.Sighting.url).distinct(), tables.Sighting.site, site)


def _of_site(statement: Select[*Columns], column: InstrumentedAttribute[str], site: str | None) -> Select[*Columns]:
    return statement if site is None else statement.where(column == site)


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
    )
