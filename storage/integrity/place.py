"""What the database says of WARC files, to be compared with these; and what is noted where the two differ.

A capture whose record is not there any more as it was stored keeps its row, with a length of 0: what was read from it
still says where it came from, and whatever comes later takes its place (`Capture.is_lost`).
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from schemas.capture import CaptureRef
from storage.ledger.unit_of_work import IN_COUNT, select_in
from storage.schema.tables import Capture, Validator, WarcFile

NO_DIGEST = "0" * 64
"""In the place of a SHA-256 that is not known."""

NO_WARC = "lost"
"""Stands for the WARC file of a capture of which nothing is known but that something was read from it."""

RETURN = (
    update(Capture)
    .where(Capture.warc == bindparam("of_warc"), Capture.offset == bindparam("at_offset"))
    .values(length=bindparam("new_length"))
)


class RecordFacts(NamedTuple):
    """How many bytes a capture takes in its file, and the digest of its payload."""

    length: int
    """0 of one that is known to be lost."""
    sha256: str

    @property
    def is_lost(self) -> bool:
        """Whether it is known that it is not there."""
        return self.length == 0

    def has(self, ref: CaptureRef) -> bool:
        """Whether this is what was stored. One that comes back may be compressed otherwise: its payload proves it."""
        return self.sha256 == ref.sha256 and (self.is_lost or self.length == ref.length)


def list_warcs(session: Session) -> dict[str, int]:
    """The WARC files that anything is known of -> how far each was loaded, in bytes."""
    known = dict.fromkeys(session.scalars(select(Capture.warc).where(Capture.warc != NO_WARC).distinct()), 0)
    return known | dict(session.execute(select(WarcFile.name, WarcFile.loaded_bytes)).tuples().all())


def list_places(session: Session, warc: str) -> dict[int, RecordFacts]:
    """Offset -> capture, of one file."""
    rows = session.execute(select(Capture.offset, Capture.length, Capture.sha256).where(Capture.warc == warc))
    return {offset: RecordFacts(length, digest) for offset, length, digest in rows}


def mark_lost(session: Session, warc: str, offsets: Collection[int]) -> None:
    """Note that these captures are not in their file as they were stored; their addresses are asked for in full."""
    wanted = sorted(offsets)
    urls = select(Capture.url).where(Capture.warc == warc, Capture.url.is_not(None))
    _forget_validators(session, set(select_in(session, urls, Capture.offset, wanted)))
    for start in range(0, len(wanted), IN_COUNT):
        part = wanted[start : start + IN_COUNT]
        session.execute(update(Capture).where(Capture.warc == warc, Capture.offset.in_(part)).values(length=0))


def note_unread(session: Session, warc: str, offsets: Collection[int], at: datetime) -> None:
    """Note that records of the crawl were never read, as captures that are lost with all that was known of them."""
    number = session.scalar(select(func.max(Capture.id))) or 0
    unknown = {"warc": warc, "length": 0, "sha256": NO_DIGEST, "status": 0, "media_type": "", "fetched_at": at}
    rows = [{"id": number + place, "offset": offset, **unknown} for place, offset in enumerate(sorted(offsets), 1)]
    if rows:
        session.execute(insert(Capture), rows)


def mark_returned(session: Session, warc: str, lengths: Mapping[int, int]) -> None:
    """Note that these captures (offset -> bytes) are there again."""
    rows = [{"of_warc": warc, "at_offset": offset, "new_length": length} for offset, length in lengths.items()]
    if rows:
        session.connection().execute(RETURN, rows)


def rewind(session: Session, positions: Mapping[str, int]) -> None:
    """Load these files again from these bytes on; what is stored already is passed over then."""
    for name, position in positions.items():
        session.execute(update(WarcFile).where(WarcFile.name == name).values(loaded_bytes=position, cut_at=None))


def _forget_validators(session: Session, urls: Collection[str | None]) -> None:
    wanted = sorted(filter(None, urls))
    for start in range(0, len(wanted), IN_COUNT):
        session.execute(delete(Validator).where(Validator.url.in_(wanted[start : start + IN_COUNT])))
