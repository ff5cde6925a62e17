"""Addresses of the ledger that are lost, made anew from what still names them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

import sites
from schemas.schedule import LookPlan
from storage.batch import Batch, load_addresses
from storage.tables import Alias, Capture, Entry, Sighting

ADVERTISED = select(func.min(Sighting.site)).where(Sighting.url == Alias.url).scalar_subquery()
"""The site that an address is advertised as one of, by what is stored of its sources."""


class _Named(NamedTuple):
    """An address without a row: whose it is, where that is known, and since when it is known."""

    entry_id: int | None
    at: datetime


def restore_aliases(session: Session, now: datetime, plan: LookPlan) -> int:
    """Make their rows anew, and have each say whether it is advertised; answers how many were not as they should be.

    An address is the entry's that has it as its own, else that of the captures from there, else that of the record that
    it names: a new one, which is due, where there is none.
    """
    named = _list_lost(session)
    with session.no_autoflush:
        batch = Batch(session, None, now, plan)
        identities = {url: sites.identify(url) for url in named}
        load_addresses(batch, list(identities.values()), set(named))
        for url, one in named.items():
            owner = session.get(Entry, one.entry_id) if one.entry_id is not None else None
            entry = owner or batch.ensure_entry(identities[url], one.at)
            if url not in batch.owners:
                batch.add_alias(url, entry, one.at)
        added = {row["id"] for row in batch.new_rows[Alias]}
        batch.write()
    return len(added | _mark_advertised(session))


def has_lost_sightings(session: Session) -> bool:
    """Whether addresses are noted as advertised, and no source that named them is."""
    is_lost = ~select(Sighting.id).where(Sighting.url == Alias.url).exists()
    return session.scalar(select(Alias.id).where(Alias.advertised_site.is_not(None), is_lost).limit(1)) is not None


def _list_lost(session: Session) -> Mapping[str, _Named]:
    found: dict[str, _Named] = {}
    sighted = select(Sighting.url, func.min(Sighting.first_seen_at)).where(_is_lost(Sighting.url))
    for url, at in session.execute(sighted.group_by(Sighting.url)):
        found[url] = _Named(None, at)
    captured = select(Capture.url, Capture.entry_id, Capture.fetched_at).where(Capture.entry_id.is_not(None))
    newest_last = captured.where(_is_lost(Capture.url)).order_by(Capture.fetched_at)
    for asked, entry_id, at in session.execute(newest_last):
        if asked and sites.identify(asked).url == asked:  # in this spelling alone, an address is surely noted
            found[asked] = _Named(entry_id, min(at, found[asked].at if asked in found else at))
    own = select(Entry.url, Entry.id, Entry.first_seen_at).where(_is_lost(Entry.url))
    return found | {url: _Named(entry_id, at) for url, entry_id, at in session.execute(own)}


def _is_lost(url: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    return ~select(Alias.id).where(Alias.url == url).exists()


def _mark_advertised(session: Session) -> set[int]:
    """Answers the rows that said something else.

    What was advertised stays so, whatever is lost of its sources: it is not forgotten that an article should be there.
    """
    is_wrong = and_(ADVERTISED.is_not(None), Alias.advertised_site.is_distinct_from(ADVERTISED))
    wrong = set(session.scalars(select(Alias.id).where(is_wrong)))
    change = update(Alias).where(is_wrong).values(advertised_site=ADVERTISED)
    session.execute(change, execution_options={"synchronize_session": False})
    return wrong
