"""Entries of the ledger that are lost, made anew from what still names them."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session, defer

import sites
from schemas.address import Identity
from schemas.outcome import State
from schemas.schedule import LookPlan
from storage.audit import name_found
from storage.batch import Batch, note_date, select_in
from storage.standing import plan_look
from storage.tables import Alias, Article, Capture, Entry, Quarantine, Sighting

NAMING_TABLES = (Alias, Article, Capture, Quarantine)


def audit_entries(session: Session) -> list[str]:
    """A sentence where something names entries that are not there."""
    found = name_found("entries that are not in the ledger, by their numbers", [*map(str, _list_lost(session))])
    return [found] if found else []


def restore_entries(session: Session, now: datetime, plan: LookPlan) -> int:
    """Make them anew, under their old numbers; answers how many.

    As `captured`: which state is right is judged by what is stored, as of any entry (`mend_states`). One that was made
    anew meanwhile gets what named the old one. What no address tells of is left.
    """
    restored_count = 0
    batch = Batch(session, None, now, plan)
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
            for table in NAMING_TABLES:
                session.execute(update(table).where(table.entry_id == number).values(entry_id=known))
    return restored_count


def _list_lost(session: Session) -> list[int]:
    """The numbers that entries had."""
    found: set[int] = set()
    for table in NAMING_TABLES:
        is_lost = ~select(Entry.id).where(Entry.id == table.entry_id).exists()
        numbers = select(table.entry_id).distinct().where(table.entry_id.is_not(None), is_lost)
        found |= set(filter(None, session.scalars(numbers)))
    return sorted(found)


def _list_urls(session: Session, number: int) -> list[str]:
    """Its addresses, the newest first, then those that were asked."""
    aliases = select(Alias.url).where(Alias.entry_id == number).order_by(Alias.first_seen_at.desc())
    captured = select(Capture.url).where(Capture.entry_id == number, Capture.url.is_not(None)).distinct()
    return [*session.scalars(aliases), *filter(None, session.scalars(captured))]


def _identify(urls: Sequence[str], article: Article | None) -> Identity | None:
    """Whose entry it was: its article's, else by an address with a record id, else by any."""
    key, url = (article.id, article.url) if article else (None, None)
    identities = [sites.identify(one) for one in filter(None, (url, *urls))]
    return min(identities, key=lambda one: (one.key != key, one.id is None, one.rule is not None), default=None)


def _make_entry(batch: Batch, number: int, identity: Identity, urls: Collection[str], article: Article | None) -> Entry:
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
    said = select(Sighting.published_at).where(Sighting.published_at.is_not(None)).order_by(Sighting.last_seen_at)
    for published_at in select_in(session, said, Sighting.url, set(urls)):
        note_date(entry, published_at)
    if article:
        note_date(entry, article.published_at)
        entry.next_try_at = plan_look(batch, entry)
    return entry
