"""Find lost ledger entries and aliases, and restore them from the rows that refer to them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, defer

import sites
from schemas.outcome import State
from schemas.schedule import RevisitPlan
from schemas.url import Identity
from storage.ledger.state import plan_revisit
from storage.ledger.unit_of_work import UnitOfWork, load_urls, record_publication_time, select_in
from storage.reports.audit import name_found
from storage.schema.tables import Alias, Article, Capture, Entry, Quarantine, Sighting

REFERRING_TABLES = (Alias, Article, Capture, Quarantine)


def audit_entries(session: Session) -> list[str]:
    """Return a sentence if rows refer to missing entries."""
    found = name_found("entries that are not in the ledger, by number", [*map(str, _list_lost(session))])
    return [found] if found else []


def restore_entries(session: Session, now: datetime, plan: RevisitPlan) -> int:
    """Recreate missing entries under their old numbers; return how many.

    They are restored as `captured`; `rebuild_states` then derives the state from what is stored. If the entry has been
    created again meanwhile, references to the old one are moved to it. Entries without any known URL are skipped.
    """
    restored_count = 0
    batch = UnitOfWork(session, None, now, plan)
    for number in _list_lost(session):
        article = session.scalar(select(Article).where(Article.entry_id == number).options(defer(Article.body)))
        urls = _list_urls(session, number)
        identity = _identify(urls, article)
        if identity is None:
            continue
        restored_count += 1
        known = session.scalar(select(Entry.id).where(Entry.key == identity.key))
        if known is None:
            session.add(_make_entry(batch, number, identity, urls, article))
            session.flush()
        else:
            for table in REFERRING_TABLES:
                session.execute(update(table).where(table.entry_id == number).values(entry_id=known))
    return restored_count


def _list_lost(session: Session) -> list[int]:
    """Return the numbers of missing entries that rows refer to."""
    found: set[int] = set()
    for table in REFERRING_TABLES:
        is_lost = ~select(Entry.id).where(Entry.id == table.entry_id).exists()
        numbers = select(table.entry_id).distinct().where(table.entry_id.is_not(None), is_lost)
        found |= set(filter(None, session.scalars(numbers)))
    return sorted(found)


def _list_urls(session: Session, number: int) -> list[str]:
    """Return the entry's aliases, the newest first, then the URLs of its captures."""
    aliases = select(Alias.url).where(Alias.entry_id == number).order_by(Alias.first_seen_at.desc())
    captured = select(Capture.url).where(Capture.entry_id == number, Capture.url.is_not(None)).distinct()
    return [*session.scalars(aliases), *filter(None, session.scalars(captured))]


def _identify(urls: Sequence[str], article: Article | None) -> Identity | None:
    """Identify the entry by its article, else by a URL with a record id, else by any URL."""
    key, url = (article.id, article.url) if article else (None, None)
    identities = [sites.identify(one) for one in filter(None, (url, *urls))]
    return min(identities, key=lambda one: (one.key != key, one.id is None, one.rule is not None), default=None)


def _make_entry(
    batch: UnitOfWork, number: int, identity: Identity, urls: Collection[str], article: Article | None
) -> Entry:
    session = batch.session
    seen = list(session.scalars(select(Alias.first_seen_at).where(Alias.entry_id == number)))
    tried = list(session.scalars(select(Capture.fetched_at).where(Capture.entry_id == number)))
    entry = Entry(
        id=number,
        key=identity.key,
        site=identity.site,
        edition=identity.edition,
        record_id=identity.id,
        url=identity.url,
        url_at=max(seen, default=batch.now),
        state=State.CAPTURED,
        state_at=max(tried, default=batch.now),
        attempts=0,
        tried_at=max(tried, default=None),
        first_seen_at=min([*seen, *tried], default=batch.now),
    )
    seen_times = select(Sighting.published_at).where(Sighting.published_at.is_not(None)).order_by(Sighting.last_seen_at)
    for published_at in select_in(session, seen_times, Sighting.url, set(urls)):
        record_publication_time(entry, published_at)
    if article:
        record_publication_time(entry, article.published_at, article.published_offset)
        entry.next_try_at = plan_revisit(batch, entry)
    return entry


ADVERTISED_SITE = select(func.min(Sighting.site)).where(Sighting.url == Alias.url).scalar_subquery()
"""The site that advertises a URL, according to the stored sightings."""


class _LostUrl(NamedTuple):
    """A URL without an alias: its entry, if known, and when it was first seen."""

    entry_id: int | None
    at: datetime


def restore_aliases(session: Session, now: datetime, plan: RevisitPlan) -> int:
    """Recreate missing aliases and correct which are advertised; return how many were wrong or missing.

    A URL belongs to the entry that has it as its own URL, else to that of its captures, else to that of the record it
    identifies; if there is none, a new entry is created, which is due.
    """
    lost_urls = _list_lost_urls(session)
    with session.no_autoflush:
        batch = UnitOfWork(session, None, now, plan)
        identities = {url: sites.identify(url) for url in lost_urls}
        load_urls(batch, list(identities.values()), set(lost_urls))
        for url, one in lost_urls.items():
            owner = session.get(Entry, one.entry_id) if one.entry_id is not None else None
            entry = owner or batch.ensure_entry(identities[url], one.at)
            if url not in batch.owners:
                batch.add_alias(url, entry, one.at)
        added = {row["id"] for row in batch.new_rows[Alias]}
        batch.write()
    return len(added | _mark_advertised(session))


def has_lost_sightings(session: Session) -> bool:
    """Whether any URL is recorded as advertised but has no sighting."""
    is_lost = ~select(Sighting.id).where(Sighting.url == Alias.url).exists()
    return session.scalar(select(Alias.id).where(Alias.advertised_site.is_not(None), is_lost).limit(1)) is not None


def _list_lost_urls(session: Session) -> Mapping[str, _LostUrl]:
    found: dict[str, _LostUrl] = {}
    sighted = select(Sighting.url, func.min(Sighting.first_seen_at)).where(_is_lost_url(Sighting.url))
    for url, at in session.execute(sighted.group_by(Sighting.url)):
        found[url] = _LostUrl(None, at)
    captured = select(Capture.url, Capture.entry_id, Capture.fetched_at).where(Capture.entry_id.is_not(None))
    newest_last = captured.where(_is_lost_url(Capture.url)).order_by(Capture.fetched_at)
    for url, entry_id, at in session.execute(newest_last):
        if url and sites.identify(url).url == url:  # only canonical URLs are sure to have an alias
            found[url] = _LostUrl(entry_id, min(at, found[url].at if url in found else at))
    own = select(Entry.url, Entry.id, Entry.first_seen_at).where(_is_lost_url(Entry.url))
    return found | {url: _LostUrl(entry_id, at) for url, entry_id, at in session.execute(own)}


def _is_lost_url(url: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    return ~select(Alias.id).where(Alias.url == url).exists()


def _mark_advertised(session: Session) -> set[int]:
    """Correct the advertised site of aliases; return the ids of the changed ones.

    An advertised URL stays so even if its sightings are lost, because an article is expected there.
    """
    is_wrong = and_(ADVERTISED_SITE.is_not(None), Alias.advertised_site.is_distinct_from(ADVERTISED_SITE))
    wrong = set(session.scalars(select(Alias.id).where(is_wrong)))
    change = update(Alias).where(is_wrong).values(advertised_site=ADVERTISED_SITE)
    session.execute(change, execution_options={"synchronize_session": False})
    return wrong
