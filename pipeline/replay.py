"""Reads a capture as it lies in the archive, for people who look at it: the response, its heads, its record."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import chain
from typing import NamedTuple

from pipeline.archive import Archive
from pipeline.status import RecordUnknown, list_captures
from schemas.article import ArticleRecord
from schemas.capture import Capture, CaptureSummary
from storage.revisions.version import find_body, list_revisions
from storage.warc.capture import CaptureCorrupt, CaptureTruncated, NotAWarc, read_capture
from storage.warc.record import StoredRecord, find_request, iterate_bytes, read_stored
from storage.warc.remote import StoreUnreachable

RECORD_END = b"\r\n\r\n"
"""Follows a record in an uncompressed WARC file."""


class CaptureUnknown(RecordUnknown):
    """The article has no capture there."""


class CaptureState(StrEnum):
    """Whether a capture can be read."""

    WHOLE = "whole"
    LOST = "lost"
    """Its record or its WARC file is not there any more."""
    ERASED = "erased"
    """Its record was overwritten, by a redaction."""
    DAMAGED = "damaged"
    UNREACHABLE = "unreachable"
    """The store of the WARC files does not respond now."""


class ArchivedCapture(NamedTuple):
    """A capture with its record."""

    summary: CaptureSummary
    state: CaptureState
    capture: Capture | None = None
    """What was read; None unless it is whole."""
    record: StoredRecord | None = None
    request: StoredRecord | None = None
    """The request of the response, if it is beside it."""

    @property
    def records(self) -> list[StoredRecord]:
        """The records that can be read: that of the capture, and that of its request."""
        return [one for one in (self.record, self.request) if one]

    @property
    def byte_count(self) -> int:
        """How many bytes `open_records` yields."""
        return sum(one.length + (0 if one.is_compressed else len(RECORD_END)) for one in self.records)


def choose_capture(
    archive: Archive, record: ArticleRecord, warc: str | None = None, offset: int | None = None
) -> tuple[list[CaptureSummary], CaptureSummary]:
    """Return all captures of an article, lost ones included, and the one at this place.

    By default, it is the one that the record names: a live blog's text is that of its posts, the newest before it.

    Raises:
        CaptureUnknown: there is none at this place.
    """
    captures = list_captures(archive, record, with_lost=True)
    if warc is None and offset is None:
        place = (record.capture.warc, record.capture.offset)
    else:
        place = (warc or "", -1 if offset is None else offset)
    for one in captures:
        if (one.ref.warc, one.ref.offset) == place:
            return captures, one
    raise CaptureUnknown(f"{record.id} has no capture at this place")


def find_version(archive: Archive, record: ArticleRecord, summary: CaptureSummary) -> tuple[int, str]:
    """Return the number and the text of the version that a capture shows.

    That is the newest one read from it; of a capture that nothing was read from, the newest when it was fetched.
    """
    with archive.database.read_snapshot() as session:
        revisions = list_revisions(session, record.id)
        own = [one for one in revisions if summary.ref in (one.capture, one.removed_capture)]
        former = [one for one in revisions if one.revised_at <= summary.fetched_at]
        number = [*revisions[:1], *former, *own][-1].number
        return number, find_body(session, record.id, number)


def read_archived(archive: Archive, summary: CaptureSummary) -> ArchivedCapture:
    """Read a capture; if it cannot be read, return why."""
    if summary.ref.is_lost:
        return ArchivedCapture(summary, CaptureState.LOST)
    record = None
    try:
        record = read_stored(archive.warcs, summary.ref)
        if record.is_erased:
            return ArchivedCapture(summary, CaptureState.ERASED, record=record)
        capture = read_capture(summary.ref, archive.warcs, archive.settings.max_page_bytes)
        request = find_request(archive.warcs, summary.ref, record) if record.http_head else None
    except StoreUnreachable:
        return ArchivedCapture(summary, CaptureState.UNREACHABLE)
    except OSError:
        return ArchivedCapture(summary, CaptureState.LOST)
    except (CaptureCorrupt, CaptureTruncated, NotAWarc):
        return ArchivedCapture(summary, CaptureState.DAMAGED, record=record)
    return ArchivedCapture(summary, CaptureState.WHOLE, capture, record, request)


def open_records(archive: Archive, found: ArchivedCapture) -> Iterator[bytes]:
    """Yield the bytes of a capture's record and of its request's: together a WARC file, compressed as they are.

    The files are opened at once.

    Raises:
        FileNotFoundError, StoreUnreachable: see `WarcStore.open_record`.
    """
    parts: list[Iterable[bytes]] = []
    for one in found.records:
        parts += [iterate_bytes(archive.warcs, found.summary.ref, one), () if one.is_compressed else (RECORD_END,)]
    return chain.from_iterable(parts)
