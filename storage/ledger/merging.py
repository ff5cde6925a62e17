"""Which entry an address belongs to, when a fetch shows that two entries were one article."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import update

from schemas.address import Identity
from storage.ledger.state import KEPT_STATES, WAITING_STATES, note_try
from storage.ledger.unit_of_work import UnitOfWork, note_date, note_day, note_first_sight
from storage.schema.tables import Alias, Capture, Entry, Quarantine


def claim_entry(batch: UnitOfWork, identity: Identity, urls: Iterable[str | None], at: datetime) -> Entry:
    """An article's own entry, with every address that led to it."""
    entry = batch.entries.get(identity.key) or batch.add_entry(identity, at)
    note_first_sight(entry, at)
    for url in (identity.url, *urls):
        if url:
            _claim_alias(batch, url, entry, at)
    return entry


def claim_nameless(batch: UnitOfWork, url: str, entry: Entry, at: datetime) -> None:
    """Make this entry's the address that was asked, if nobody has it or its entry has no record id.

    For pages that are not valid: they say whose they are, but take no address from another record.
    """
    owner = batch.owners.get(url)
    if owner is None or (owner.record_id is None and owner.url == url):
        _claim_alias(batch, url, entry, at)


def merge(batch: UnitOfWork, loser: Entry, winner: Entry) -> None:
    """The loser's addresses and captures are the winner's: it was the same article under another name."""
    session = batch.session
    batch.has_merged = True
    batch.resolve(loser.key)
    batch.write()
    for table in (Alias, Capture, Quarantine):
        session.execute(update(table).where(table.entry_id == loser.id).values(entry_id=winner.id))
    batch.owners = {url: winner if owner is loser else owner for url, owner in batch.owners.items()}
    note_first_sight(winner, loser.first_seen_at)
    if loser.tried_at:
        note_try(batch, winner, loser.tried_at)
    if winner.published_at is None:
        note_date(winner, loser.published_at)
    note_day(winner, loser.published_on, loser.published_month)
    if winner.state in WAITING_STATES and winner.next_try_at and loser.next_try_at:
        winner.next_try_at = min(winner.next_try_at, loser.next_try_at)
    del batch.entries[loser.key]
    session.delete(loser)
    batch.write()  # before the same key may come again


def _claim_alias(batch: UnitOfWork, url: str, entry: Entry, at: datetime) -> None:
    """Make the address this entry's, unless it belongs to another article."""
    owner = batch.owners.get(url)
    if owner is None:
        batch.add_alias(url, entry, at)
    elif owner is not entry and owner.url == url and owner.state not in KEPT_STATES:
        merge(batch, owner, entry)
    elif owner is not entry and owner.url != url:
        batch.write()
        batch.session.execute(update(Alias).where(Alias.url == url).values(entry_id=entry.id))
        batch.owners[url] = entry
