"""What is known of captures beyond the files that they lie in."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.capture import SUCCESS_STATUSES, CaptureRef
from storage.article import as_ref
from storage.batch import select_in
from storage.tables import Capture, Entry

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
