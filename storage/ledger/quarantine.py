"""The quarantine: captures that hold no valid article, with their reasons."""

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from schemas.capture import CaptureRef
from schemas.model import Record
from schemas.outcome import Seen
from storage.articles.article import as_ref
from storage.ledger.state import is_overtaken
from storage.ledger.unit_of_work import UnitOfWork
from storage.schema.tables import Alias, Entry, Quarantine


def add_quarantine(batch: UnitOfWork, seen: Seen, entry: Entry | None, reasons: list[str], capture_id: int) -> None:
    """A new row. One open row of an entry is enough: the newest capture's."""
    key = entry.key if entry else seen.ref.sha256
    is_late = entry is not None and key in batch.open_rows and is_overtaken(entry, seen.fetched_at)
    if not is_late:
        batch.resolve(key)
    row = Quarantine(
        id=batch.number(Quarantine),
        entry_id=entry.id if entry else None,
        capture_id=capture_id,
        url=seen.url or seen.file_url,
        reasons=reasons,
        created_at=batch.now,
        resolved_at=batch.now if is_late else None,
    )
    batch.session.add(row)
    if not is_late:
        batch.open_rows[key].append(row)


def restate(batch: UnitOfWork, key: str, capture_id: int, reasons: list[str]) -> bool:
    """The open row of a capture with the reasons of today; answers whether they are others."""
    row = next((row for row in batch.open_rows.get(key, []) if row.capture_id == capture_id), None)
    if row is None or row.reasons == reasons:
        return False
    row.reasons = reasons
    return True


LARGEST_NUMBER = 2**63 - 1
"""No row has a larger one, and no database takes it as a question."""


class QuarantineRecord(Record):
    """A capture that was set aside, with every reason."""

    id: int
    key: str | None
    """The ledger's key; None for a text without an address."""
    url: str | None
    """The address that was fetched, or `file:NAME` of an imported file."""
    reasons: tuple[str, ...]
    created_at: datetime
    resolved_at: datetime | None
    """None while it is open."""
    fetched_at: datetime
    media_type: str
    capture: CaptureRef


def list_quarantine(session: Session, site: str | None = None) -> list[QuarantineRecord]:
    """The open ones, oldest first; with a site given, only those that have an entry of it."""
    statement = _rows().where(Quarantine.resolved_at.is_(None)).order_by(Quarantine.id)
    if site is not None:
        statement = statement.where(Quarantine.entry.has(site=site))
    return [_as_record(row) for row in session.scalars(statement)]


def find_quarantine(session: Session, id_or_url: str) -> QuarantineRecord | None:
    """One by its number; the newest by the key of its entry or any address of it."""
    if id_or_url.isascii() and id_or_url.isdecimal():
        return _find_number(session, id_or_url)
    entry_ids = select(Alias.entry_id).where(Alias.url == id_or_url)
    is_of_entry = Quarantine.entry_id.in_(entry_ids) | Quarantine.entry.has(key=id_or_url)
    newest = _rows().where(is_of_entry).order_by(Quarantine.id.desc()).limit(1)
    row = session.scalar(newest)
    return _as_record(row) if row else None


def _find_number(session: Session, digits: str) -> QuarantineRecord | None:
    # Measured as text first: Python refuses to read thousands of digits as a number.
    number = int(digits) if len(digits) <= len(str(LARGEST_NUMBER)) else LARGEST_NUMBER + 1
    row = session.scalar(_rows().where(Quarantine.id == number)) if number <= LARGEST_NUMBER else None
    return _as_record(row) if row else None


def _rows() -> Select[tuple[Quarantine]]:
    return select(Quarantine).options(joinedload(Quarantine.capture), joinedload(Quarantine.entry))


def _as_record(row: Quarantine) -> QuarantineRecord:
    return QuarantineRecord(
        id=row.id,
        key=row.entry.key if row.entry else None,
        url=row.url,
        reasons=tuple(row.reasons),
        created_at=row.created_at,
        resolved_at=row.resolved_at,
        fetched_at=row.capture.fetched_at,
        media_type=row.capture.media_type,
        capture=as_ref(row.capture),
    )
