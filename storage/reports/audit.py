"""Audits the ledger: every advertised URL is in exactly one state, and every state has the rows that it implies.

Both checks run at the end of every run, so they read indexes, not articles.
"""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from schemas.outcome import State
from storage.ledger.state import ARTICLE_STATES
from storage.schema.tables import Alias, Article, Entry, Quarantine, Sighting

Columns = TypeVar("Columns", bound=tuple[Any, ...])

NAMED_COUNT = 20
"""URLs that a problem lists; the others are only counted."""


def count_advertised(session: Session, site: str | None = None) -> int:
    """Return how many distinct URLs any source ever advertised."""
    statement = select(func.count(func.distinct(Sighting.url)))
    return session.scalar(filter_site(statement, Sighting.site, site)) or 0


def count_states(session: Session, site: str | None = None) -> dict[State, int]:
    """Return state -> number of advertised URLs in it; states without any are left out."""
    rows = session.execute(of_advertised(select(Entry.state, func.count()), site).group_by(Entry.state))
    found = {row[0]: row[1] for row in rows}
    return {state: found[state] for state in State if state in found}


def audit_ledger(session: Session, site: str | None = None) -> list[str]:
    """Return one sentence per inconsistency; none for a sound ledger."""
    problems = [name_found(what, session.scalars(statement).all()) for what, statement in _audits(site)]
    advertised_count, counted = count_advertised(session, site), sum(count_states(session, site).values())
    if advertised_count != counted:
        problems.append(name_found("advertised URLs without an entry", session.scalars(_stray(site)).all()))
        problems.append(f"{advertised_count} URLs were advertised, but the states add up to {counted}")
    return [problem for problem in problems if problem]


def filter_site(statement: Select[Columns], column: InstrumentedAttribute[str], site: str | None) -> Select[Columns]:
    """Limit a statement to a site's rows, if a site is given."""
    return statement if site is None else statement.where(column == site)


def of_advertised(statement: Select[Columns], site: str | None) -> Select[Columns]:
    """Select from the entries of a site's advertised URLs, one row per URL."""
    is_advertised: ColumnElement[bool] = Alias.advertised_site.is_not(None)
    if site is not None:
        is_advertised = Alias.advertised_site == site
    return statement.select_from(Alias).join(Entry, Entry.id == Alias.entry_id).where(is_advertised)


def _stray(site: str | None) -> Select[tuple[str]]:
    owners = select(Alias.url).where(Alias.url == Sighting.url, Alias.advertised_site == Sighting.site)
    return filter_site(select(Sighting.url).distinct().where(~owners.exists()), Sighting.site, site)


def _audits(site: str | None) -> Iterator[tuple[str, Select[tuple[str]]]]:
    entries = filter_site(select(Entry.key), Entry.site, site)
    has_article = select(Article.id).where(Article.entry_id == Entry.id).exists()
    # `> ""` instead of `IS NOT NULL`, for which SQLite would read all articles rather than the index.
    duplicates = select(Article.entry_id).where(Article.duplicate_of > "", Article.entry_id.is_not(None))
    is_duplicate = Entry.id.in_(duplicates)
    yield (
        "stored entries without an article of their own",
        entries.where(Entry.state == State.STORED, or_(~has_article, is_duplicate)),
    )
    yield (
        "duplicate entries without a duplicate article",
        entries.where(Entry.state == State.DUPLICATE, ~is_duplicate),
    )
    yield (
        "articles whose entry is in another state",
        entries.where(Entry.state.in_(set(State) - ARTICLE_STATES), has_article),
    )
    is_open = select(Quarantine.id).where(Quarantine.entry_id == Entry.id, Quarantine.resolved_at.is_(None)).exists()
    yield "quarantined entries without a reason", entries.where(Entry.state == State.QUARANTINED, ~is_open)
    yield "captured entries that were never read", entries.where(Entry.state == State.CAPTURED)


def name_found(what: str, found: Sequence[str]) -> str:
    """Return a sentence that counts what was found and names the first of it; empty if nothing was found."""
    if not found:
        return ""
    more = f" and {len(found) - NAMED_COUNT} more" if len(found) > NAMED_COUNT else ""
    return f"{len(found)} {what}: {', '.join(sorted(found)[:NAMED_COUNT])}{more}"
