"""Captures as rows, and how far each WARC file is loaded: set in the transaction that stores what was read."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.capture import SUCCESS_STATUSES, CaptureRef
from storage.articles.article import as_ref
from storage.ledger.unit_of_work import execute_in, select_in
from storage.schema.tables import Capture, Entry, WarcFile

OK = 200
"""The HTTP status of an answer that has what was asked for."""


def find_known_payloads(session: Session, digests: Collection[str]) -> set[str]:
    """Those of the SHA-256 digests that an imported file has; what was fetched is no file, though as empty as one.

    A file whose capture is lost is not known: it can be imported again.
    """
    imported = select(Capture.sha256).where(Capture.url.is_(None), ~Capture.is_lost)
    return set(select_in(session, imported, Capture.sha256, digests))


def find_page_capture(session: Session, key: str) -> CaptureRef | None:
    """Where the newest whole answer for an entry of the ledger lies."""
    newest = (
        select(Capture)
        .join(Entry, Capture.entry_id == Entry.id)
        .where(Entry.key == key, Capture.status.in_(SUCCESS_STATUSES), ~Capture.is_lost)
        .order_by(Capture.fetched_at.desc())
        .limit(1)
    )
    row = session.scalar(newest)
    return as_ref(row) if row else None


def find_position(session: Session, name: str) -> int:
    """Every record of this file before this byte is stored; 0 for a file that is not known."""
    row = session.get(WarcFile, name)
    return row.loaded_bytes if row else 0


def store_position(session: Session, name: str, position: int, cut_at: int | None = None) -> None:
    """Note how far a file was loaded, and where an incomplete last record starts."""
    row = session.get(WarcFile, name)
    if row is None:
        session.add(WarcFile(name=name, loaded_bytes=position, cut_at=cut_at))
        return
    # A slower reader of the same file never sets it back.
    if position >= row.loaded_bytes:
        row.loaded_bytes, row.cut_at = position, cut_at


def list_positions(session: Session, names: Collection[str] | None = None) -> dict[str, int]:
    """File name -> position, for every known file; with names given, only for those of them that are known."""
    positions = select(WarcFile.name, WarcFile.loaded_bytes)
    if names is None:
        return dict(session.execute(positions.order_by(WarcFile.name)).tuples().all())
    return {row[0]: row[1] for row in execute_in(session, positions, WarcFile.name, set(names))}
