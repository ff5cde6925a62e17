"""Whether the ledger adds up: every advertised URL in exactly one state, every state with what it promises.

Both are asked at the end of every run: they read indexes, not the articles.
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
"""An audit names so many of a problem's URLs; the rest is a number."""


def count_advertised(session: Session, site: str | None = None) -> int:
    """Different URLs that any source ever advertised."""
    statement = select(func.count(func.distinct(Sighting.url)))
    return session.scalar(of_site(statement, Sighting.site, site)) or 0


def count_states(session: Session, site: str | None = None) -> dict[State, int]:
    """State -> advertised URLs in it; states without any are left out."""
    rows = session.execute(of_advertised(select(Entry.state, func.count()), site).group_by(Entry.state))
    found = {row[0]: row[1] for row in rows}
    return {state: found[state] for state in State if state in found}


def audit_ledger(session: Session, site: str | None = None) -> list[str]:
    """What does not add up, one sentence each; nothing for a sound ledger."""
    problems = [name_found(what, session.scalars(statement).all()) for what, statement in _audits(site)]
    advertised_count, counted = count_advertised(session, site), sum(count_states(session, site).values())
    if advertised_count != counted:
        problems.append(name_found("advertised URLs without an entry", session.scalars(_stray(site)).all()))
        problems.append(f"{advertised_count} URLs were advertised, but the states add up to {counted}")
    return [problem for problem in problems if problem]


def of_site(statement: Select[Columns], column: InstrumentedAttribute[str], site: str | None) -> Select[Columns]:
    """The rows of a site; all of them without one."""
    return statement if site is None else statement.where(column == site)


def of_advertised(statement: Select[Columns], site: str | None) -> Select[Columns]:
    """The entries of a site's advertised URLs, once for each URL."""
    is_advertised: ColumnElement[bool] = Alias.advertised_site.is_not(None)
    if site is not None:
        is_advertised = Alias.advertised_site == site
    return statement.select_from(Alias).join(Entry, Entry.id == Alias.entry_id).where(is_advertised)


def _stray(site: str | None) -> Select[tuple[str]]:
    owners = select(Alias.url).where(Alias.url == Sighting.url, Alias.advertised_site == Sighting.site)
    return of_site(select(Sighting.url).distinct().where(~owners.exists()), Sighting.site, site)


def _audits(site: str | None) -> Iterator[tuple[str, Select[tuple[str]]]]:
    entries = of_site(select(Entry.key), Entry.site, site)
    has_article = select(Article.id).where(Article.entry_id == Entry.id).exists()
    # Not `IS NOT NULL`, for which SQLite would read all articles: this reads the duplicates from their index.
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
    yield "captured entries that nobody read", entries.where(Entry.state == State.CAPTURED)


def name_found(what: str, found: Sequence[str]) -> str:
    """A sentence that counts what was found and names some of it; empty for nothing."""
    if not found:
        return ""
    more = f" and {len(found) - NAMED_COUNT} more" if len(found) > NAMED_COUNT else ""
    return f"{len(found)} {what}: {', '.join(sorted(found)[:NAMED_COUNT])}{more}"
