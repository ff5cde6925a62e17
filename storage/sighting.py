"""What sources advertise: sightings, with the entries and aliases that they bring."""

from collections.abc import Iterable
from datetime import datetime

from schemas.address import Identity
from schemas.address import Sighting as Seen
from schemas.outcome import State
from storage.batch import Batch, note_date
from storage.tables import Entry, Sighting


def store_sightings(batch: Batch, sightings: Iterable[tuple[Identity, Seen]]) -> int:
    """Note each sighting; answers how many addresses no source had advertised before."""
    before = len(batch.advertised)
    for identity, seen in sightings:
        entry = batch.ensure_entry(identity, seen.seen_at)
        _settle_rule(entry, identity, seen)
        if entry.published_at is None:
            note_date(entry, seen.published_at)
        _store_sighting(batch, identity, seen)
    return len(batch.advertised) - before


def _settle_rule(entry: Entry, identity: Identity, seen: Seen) -> None:
    """What waits for its fetch is not fetched when a rule of today says that it is no article."""
    if identity.rule and entry.state == State.PENDING and entry.key == identity.key:
        entry.state, entry.state_at, entry.rule = State.EXCLUDED, seen.seen_at, identity.rule


def _store_sighting(batch: Batch, identity: Identity, seen: Seen) -> None:
    row = batch.sightings.get((identity.url, seen.source_url))
    if row is None:
        _add_sighting(batch, identity, seen)
        return
    row["first_seen_at"] = min(row["first_seen_at"], seen.seen_at)
    if seen.seen_at >= row["last_seen_at"]:
        row["last_seen_at"] = seen.seen_at
        row["title"] = seen.title or row["title"]
        row["published_at"] = _published_at(seen) or row["published_at"]
    # Of a row that is still to be written, too: it is written as it stands then, and updated to the same.
    batch.changed_sightings[row["id"]] = row


def _add_sighting(batch: Batch, identity: Identity, seen: Seen) -> None:
    row = {
        "id": batch.number(Sighting),
        "url": identity.url,
        "site": identity.site,
        "source_url": seen.source_url,
        "source_kind": seen.source_kind,
        "first_seen_at": seen.seen_at,
        "last_seen_at": seen.seen_at,
        "title": seen.title,
        "published_at": _published_at(seen),
    }
    batch.new_rows[Sighting].append(row)
    batch.sightings[identity.url, seen.source_url] = row
    batch.advertised.add(identity.url)


def _published_at(seen: Seen) -> datetime | None:
    """What the source said, if it said it with a zone."""
    return seen.published_at if seen.published_at and seen.published_at.tzinfo else None
