"""The quarantine: captures without a valid article, with the reasons."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, or_, select
from sqlalchemy.orm import Session

from schemas.capture import CaptureRef
from schemas.model import Record
from schemas.outcome import Seen
from storage.ledger.state import is_overtaken
from storage.ledger.unit_of_work import UnitOfWork, execute_in
from storage.schema.tables import Alias, Capture, Entry, Quarantine


def add_quarantine(batch: UnitOfWork, seen: Seen, entry: Entry | None, reasons: list[str], capture_id: int) -> None:
    """Add a row. Only the row of an entry's newest capture stays open."""
    key = entry.key if entry else seen.ref.sha256
    is_late = entry is not None and key in batch.open_rows and is_overtaken(batch, entry, seen.fetched_at)
    if not is_late:
        batch.resolve(key)
    row = Quarantine(
        id=batch.next_id(Quarantine),
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


def update_reasons(batch: UnitOfWork, key: str, capture_id: int, reasons: list[str]) -> bool:
    """Set the current reasons in a capture's open row; return whether they changed."""
    row = next((row for row in batch.open_rows.get(key, []) if row.capture_id == capture_id), None)
    if row is None or row.reasons == reasons:
        return False
    row.reasons = reasons
    return True


def find_imported_reasons(session: Session, digests: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return SHA-256 -> reasons, of those of these imported files (or rows of tables) that are quarantined."""
    rows = (
        select(Capture.sha256, Quarantine.reasons)
        .join(Capture, Capture.id == Quarantine.capture_id)
        .where(Quarantine.resolved_at.is_(None), Capture.url.is_(None))
    )
    return {row.sha256: tuple(row.reasons) for row in execute_in(session, rows, Capture.sha256, digests)}


LARGEST_NUMBER = 2**63 - 1
"""The largest row id; databases reject larger numbers even in a query."""


class QuarantineRecord(Record):
    """A quarantined capture with all its reasons."""

    id: int
    key: str | None
    """The ledger's key; None for a text without a URL."""
    url: str | None
    """The URL that was fetched, or `file:NAME` of an imported file."""
    reasons: tuple[str, ...]
    created_at: datetime
    resolved_at: datetime | None
    """None while the row is open."""
    fetched_at: datetime
    media_type: str
    capture: CaptureRef


def list_quarantine(
    session: Session, site: str | None = None, *, since: datetime | None = None, limit: int | None = None
) -> list[QuarantineRecord]:
    """Return the open rows, oldest first; with a site, only those of its entries."""
    statement = _rows().where(Quarantine.resolved_at.is_(None)).order_by(Quarantine.id).limit(limit)
    if site is not None:
        statement = statement.where(Entry.site == site)
    if since is not None:
        statement = statement.where(Quarantine.created_at >= since)
    return [_as_record(row) for row in session.execute(statement)]


def list_newest_quarantine(
    session: Session, limit: int, *, site: str | None = None, reason: str | None = None, before: int | None = None
) -> list[QuarantineRecord]:
    """Return open rows, newest first: of a site's entries, with a first reason, with numbers below `before`."""
    statement = _rows().where(Quarantine.resolved_at.is_(None)).order_by(Quarantine.id.desc()).limit(limit)
    if site is not None:
        statement = statement.where(Entry.site == site)
    if reason is not None:
        first = Quarantine.reasons[0].as_string()
        statement = statement.where(or_(first == reason, first.startswith(f"{reason}:", autoescape=True)))
    if before is not None:
        statement = statement.where(Quarantine.id < before)
    return [_as_record(row) for row in session.execute(statement)]


def count_quarantine(session: Session, site: str | None = None) -> int:
    """Return how many rows are open; with a site, only those of its entries."""
    statement = select(func.count()).select_from(Quarantine).where(Quarantine.resolved_at.is_(None))
    if site is not None:
        statement = statement.join(Entry, Entry.id == Quarantine.entry_id).where(Entry.site == site)
    return session.scalar(statement) or 0


def count_quarantine_reasons(session: Session, site: str | None = None) -> dict[str, int]:
    """Return the first reason, up to its colon -> open rows; the most frequent first."""
    first = Quarantine.reasons[0].as_string()
    statement = select(first, func.count()).where(Quarantine.resolved_at.is_(None)).group_by(first)
    if site is not None:
        statement = statement.join(Entry, Entry.id == Quarantine.entry_id).where(Entry.site == site)
    found: Counter[str] = Counter()
    for reason, count in session.execute(statement):
        found[(reason or "").partition(":")[0]] += count
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def find_quarantine(session: Session, id_or_url: str) -> QuarantineRecord | None:
    """Return the row with this number, or the newest row of the entry with this key or URL."""
    if id_or_url.isascii() and id_or_url.isdecimal():
        return _find_number(session, id_or_url)
    entry_ids = select(Alias.entry_id).where(Alias.url == id_or_url)
    is_of_entry = Quarantine.entry_id.in_(entry_ids) | (Entry.key == id_or_url)
    newest = _rows().where(is_of_entry).order_by(Quarantine.id.desc()).limit(1)
    row = session.execute(newest).one_or_none()
    return _as_record(row) if row else None


def _find_number(session: Session, digits: str) -> QuarantineRecord | None:
    # The length is checked first: Python refuses to convert thousands of digits.
    number = int(digits) if len(digits) <= len(str(LARGEST_NUMBER)) else LARGEST_NUMBER + 1
    row = session.execute(_rows().where(Quarantine.id == number)).one_or_none() if number <= LARGEST_NUMBER else None
    return _as_record(row) if row else None


def _rows() -> Select[Any]:
    """Select columns: loading objects of three tables takes four times as long."""
    own = (Quarantine.id, Quarantine.url, Quarantine.reasons, Quarantine.created_at, Quarantine.resolved_at)
    ref = (Capture.warc, Capture.offset, Capture.length, Capture.sha256)
    return (
        select(*own, Entry.key, Capture.fetched_at, Capture.media_type, *ref)
        .join(Capture, Capture.id == Quarantine.capture_id)
        .outerjoin(Entry, Entry.id == Quarantine.entry_id)
    )


def _as_record(row: Row[Any]) -> QuarantineRecord:
    return QuarantineRecord(
        id=row.id,
        key=row.key,
        url=row.url,
        reasons=tuple(row.reasons),
        created_at=row.created_at,
        resolved_at=row.resolved_at,
        fetched_at=row.fetched_at,
        media_type=row.media_type,
        capture=CaptureRef(warc=row.warc, offset=row.offset, length=row.length, sha256=row.sha256),
    )
