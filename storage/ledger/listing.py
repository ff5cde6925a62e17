"""Section listings: which addresses each has named before, and when one was last read to where all was known."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.address import SourceKind
from storage.ledger.unit_of_work import execute_in
from storage.schema.tables import Listing, Sighting


def note_walked(session: Session, url: str, at: datetime) -> None:
    """Note that a listing, named by its first page, was read to its end, or to where all was known."""
    row = session.get(Listing, url)
    if row is None:
        session.add(Listing(url=url, walked_at=at))
    else:
        row.walked_at = at


def list_walked(session: Session, now: datetime) -> dict[str, datetime]:
    """Listing -> when it was last read so far. What a clock that ran ahead noted is left out."""
    return {row.url: row.walked_at for row in session.scalars(select(Listing).where(Listing.walked_at <= now))}


def list_named(session: Session, urls: Collection[str]) -> list[tuple[str, str, datetime]]:
    """Of these addresses, those that a listing has named: address, the listing's page, when it did so first."""
    columns = select(Sighting.url, Sighting.source_url, Sighting.first_seen_at)
    rows = execute_in(session, columns.where(Sighting.source_kind == SourceKind.LISTING), Sighting.url, set(urls))
    return [(row[0], row[1], row[2]) for row in rows]
