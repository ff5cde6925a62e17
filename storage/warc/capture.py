"""Reads captures from WARC files: in file order from any position, or one by reference."""

import base64
import binascii
import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO, cast

from fastwarc.warc import WarcRecord, WarcRecordType

from schemas.capture import ESCAPED_NUL, NUL, Capture, CaptureRef
from storage.warc.member import (
    HEADER_END,
    GzipMember,
    Member,
    MemberDamaged,
    NotAWarc,
    PlainMember,
    find_record,
    is_compressed,
    is_gzip_warc,
    read_head,
    skip_blank,
)
from storage.warc.payload import CHUNK_BYTES, BodyCut, BodyTooLarge, decode_body, is_short, undo_transfer
from storage.warc.remote import StoreUnreachable
from storage.warc.store import Openable, WarcStore

__all__ = ["CaptureCorrupt", "CaptureTruncated", "NotAWarc", "WarcCaptures", "iterate_captures", "read_capture"]

DIGESTS = frozenset({"md5", "sha1", "sha256", "sha512"})
"""The algorithms that WARC writers use. Other digests are not verified."""

ENCODED = {"transfer-encoding", "content-encoding"}
"""Headers that say that the payload is not the decoded body."""

SLACK_BYTES = 2 * len(HEADER_END)
"""A record ends with two line ends; some writers add two more. More bytes in a gzip member are a second record."""


class CaptureCorrupt(ValueError):  # noqa: N818 - it states a fact
    """A record is damaged: its digest, its headers or its compression."""


class CaptureTruncated(ValueError):  # noqa: N818 - it states a fact
    """A record is incomplete: the file ends within it."""


EMPTY = "empty"
"""The type given to a gzip member without a record."""

RECORD_TYPES = frozenset(
    {"warcinfo", "response", "resource", "request", "metadata", "revisit", "conversion", "continuation"}
)
"""The record types of the standard."""

CRAWL_TYPES = frozenset({"warcinfo", "request", "metadata"})
"""Record types that describe the crawl. Any other type may hold a page."""


@dataclass(frozen=True, slots=True)
class _Record:
    capture: Capture | None
    """None for a record that is no capture."""
    end: int
    skipped: str | None = None
    """The record's type, if a page may be lost by skipping it."""


class WarcCaptures:
    """Iterates over a file's captures with the position after each, and records what is damaged or skipped."""

    def __init__(self, source: Openable, name: str, start: int, max_page_bytes: int) -> None:
        self._source = source
        self._name = name
        self._max_page_bytes = max_page_bytes
        self.position = start
        """Byte before which everything was read, skipped records included: loading resumes here."""
        self.cut_at: int | None = None
        """Where a record starts that the end of the file truncates: the file may still grow. `position` stays here."""
        self.corrupt: list[CaptureCorrupt] = []
        """The damaged records, which were skipped."""
        self.corrupt_at: list[int] = []
        """Where each damaged record starts (bytes)."""
        self.skipped: Counter[str] = Counter()
        """Type -> skipped records that may hold a page: `revisit`, `continuation`, …"""

    def __iter__(self) -> Iterator[tuple[Capture, int]]:
        """Yield the captures from `position` on.

        Raises:
            NotAWarc: the file is not a WARC file, or its records are not compressed one by one.
            StoreUnreachable: the file is in a remote store that does not respond, or stops responding.
            OSError: it cannot be read.
        """
        with self._source.open("rb") as file:
            compressed = is_gzip_warc(file, self._name)
            while self._is_more(file, compressed=compressed):
                record = self._read_next(file, compressed=compressed)
                if record is None:
                    return
                self.position = record.end
                self.skipped.update([record.skipped] if record.skipped else [])
                if record.capture:
                    yield record.capture, record.end

    def _is_more(self, file: BinaryIO, *, compressed: bool) -> bool:
        if not compressed:
            self.position = skip_blank(file, self.position)
        return file.seek(0, 2) > self.position

    def _read_next(self, file: BinaryIO, *, compressed: bool) -> _Record | None:
        start = self.position
        size = file.seek(0, 2)
        try:
            return _read_record(file, start, self._name, self._max_page_bytes, compressed=compressed)
        except CaptureTruncated:
            following = find_record(file, start + 1, compressed=compressed)
            if following >= size:  # no record follows (the file may have grown since)
                self.cut_at = start
                return None
            # A record follows, so the file is not truncated: this record's length, or its gzip trailer, is wrong.
            self._record_damage(
                start, CaptureCorrupt(f"{self._name}, record at byte {start}: its length exceeds the file")
            )
            return _Record(None, following)
        except CaptureCorrupt as error:
            self._record_damage(start, error)
            return _Record(None, _end_of_damage(file, start, compressed=compressed))

    def _record_damage(self, start: int, error: CaptureCorrupt) -> None:
        self.corrupt.append(error)
        self.corrupt_at.append(start)


def iterate_captures(source: Openable, name: str, start: int, max_page_bytes: int) -> WarcCaptures:
    """Return an iterator over the response and resource records from byte `start` on: (capture, position after it).

    The captures' references call the file `name`. Decoded bodies are at most `max_page_bytes`.
    A truncated file and damaged records do not raise: see `WarcCaptures`.
    """
    return WarcCaptures(source, name, start, max_page_bytes)


def read_capture(ref: CaptureRef, warcs: WarcStore, max_page_bytes: int) -> Capture:
    """Read one capture, and verify that it is the one that was referenced.

    Raises:
        CaptureCorrupt: it is damaged, a different one, or known to be lost.
        CaptureTruncated: the file ends within it.
        NotAWarc: it is one of several in one gzip member.
        StoreUnreachable: it is in a remote store that does not respond.
        OSError: the file does not exist.
    """
    if ref.length == 0:
        raise CaptureCorrupt(f"{ref.warc}, record at byte {ref.offset}: it is lost")
    with warcs.open_record(ref) as file:
        compressed = is_compressed(file, ref.offset)
        record = _read_record(file, ref.offset, ref.warc, max_page_bytes, compressed=compressed)
    if record.capture is None or record.capture.ref != ref:
        raise CaptureCorrupt(f"{ref.warc} has another record at byte {ref.offset} than the stored one")
    return record.capture


def _read_record(file: BinaryIO, start: int, name: str, max_page_bytes: int, *, compressed: bool) -> _Record:
    place = f"{name}, record at byte {start}"
    if file.seek(0, 2) <= start:
        raise CaptureTruncated(f"{place}: the file ends before it")
    try:
        member: Member = GzipMember(file, start) if compressed else PlainMember(file, start)
        if not compressed and not member.is_complete:
            raise CaptureTruncated(f"{place}: the file ends within it")
        return _read_member(member, start, name, max_page_bytes)
    except MemberDamaged as error:
        raise CaptureCorrupt(f"{place}: {error}") from None


def _read_member(member: Member, start: int, name: str, max_page_bytes: int) -> _Record:
    try:
        # fastwarc only calls `read` and `tell`.
        record = WarcRecord.from_reader(cast("BinaryIO", member))
        content_length = record.content_length
        draft = _read_capture(record, max_page_bytes)
    except StoreUnreachable:
        raise  # that says nothing about the record
    except (OSError, ValueError) as error:
        # If the record is truncated, that explains any error. (Damaged compression raises again here.)
        member.drain()
        _require_complete(member, start, name)
        if not member.byte_count:  # an empty member: nothing is lost
            return _Record(None, member.end, EMPTY)
        raise MemberDamaged(str(error)) from None
    member.drain()
    _require_complete(member, start, name)
    _audit_length(member, content_length)
    if isinstance(draft, str) or draft is None:
        return _Record(None, member.end, draft)
    ref = CaptureRef(warc=name, offset=start, length=member.end - start, sha256=draft.pop("sha256"))
    return _Record(Capture(ref=ref, **draft), member.end)


def _require_complete(member: Member, start: int, name: str) -> None:
    if not member.is_complete:
        raise CaptureTruncated(f"{name}, record at byte {start}: the file ends within it")


def _audit_length(member: Member, content_length: int) -> None:
    expected = member.head.find(HEADER_END) + len(HEADER_END) + content_length
    if member.byte_count < expected:
        raise MemberDamaged("it is shorter than its Content-Length says")
    if member.byte_count > expected + SLACK_BYTES:
        raise NotAWarc("the file has several records in one gzip member: compress it again, record by record")


def _read_capture(record: Any, max_page_bytes: int) -> dict[str, Any] | str | None:
    """Return the capture's fields; for a record that is no capture, its type, or None if no page is lost with it."""
    headers: tuple[tuple[str, str], ...]
    status = 200
    target = _escape((record.headers.get("WARC-Target-URI") or "").strip("<>")) or None
    if record.record_type == WarcRecordType.resource:
        is_web = target is not None and target.startswith(("http://", "https://"))
        headers = (("content-type", _escape(record.headers.get("Content-Type") or "")),)
        found: dict[str, Any] = {
            "url": target if is_web else None,
            "file_url": None if is_web else target,
            "headers": headers,
        }
    elif record.record_type == WarcRecordType.response and record.is_http:
        status, named = read_head(record.reader)
        headers = tuple((_escape(key.lower()), _escape(value)) for key, value in named)
        found = {"url": target, "headers": headers}
    else:
        return _find_lost_type(record)
    found["fetched_at"] = _read_date(record)
    payload = _read_payload(record, headers, max_page_bytes)
    is_part = is_short(payload.pop("byte_count"), status, headers) or _is_part(record)
    return found | payload | {"status": status, "truncated": payload["truncated"] or is_part}


def _read_date(record: Any) -> datetime:
    if record.record_date is None:
        raise MemberDamaged("it has no date")
    try:
        at: datetime = record.record_date.astimezone(UTC)
    except OverflowError:
        raise MemberDamaged("its date is before the year 1, or after 9999") from None
    return at


def _escape(text: str) -> str:
    return text.replace(NUL, ESCAPED_NUL)


def _find_lost_type(record: Any) -> str | None:
    record_type: str = (record.headers.get("WARC-Type") or "unknown").lower()
    media_type: str = record.headers.get("Content-Type") or ""
    _audit_type(record_type, media_type, record.headers.get("WARC-Target-URI") or "")
    return None if record_type in CRAWL_TYPES or media_type.startswith("text/dns") else record_type


def _audit_type(record_type: str, media_type: str, target: str) -> None:
    """Check that no header contradicts the record's type: a page's record with one corrupt header would be skipped.

    Raises:
        MemberDamaged: one does.
    """
    if record_type == "response" and target.strip("<>").startswith(("http://", "https://")):
        raise MemberDamaged(f"it is an HTTP response, but its Content-Type is {_escape(media_type)!r}")
    if record_type not in RECORD_TYPES and media_type.startswith("application/http"):
        raise MemberDamaged(f"its Content-Type is {media_type!r}, but its WARC-Type {_escape(record_type)!r}")


def _is_part(record: Any) -> bool:
    """Whether the WARC headers mark the record as partial: cut off by the crawler, or continued in other records."""
    return bool(record.headers.get("WARC-Truncated") or record.headers.get("WARC-Segment-Number"))


def _read_payload(record: Any, headers: tuple[tuple[str, str], ...], max_page_bytes: int) -> dict[str, Any]:
    """Return digest, size and body. A payload over the limit is read to its end for the digest, but not kept."""
    algorithm, expected = _parse_digest(record.headers.get("WARC-Payload-Digest") or "")
    sha256, digest = hashlib.sha256(), hashlib.new(algorithm, usedforsecurity=False)
    kept: bytearray | None = bytearray()
    byte_count = 0
    while chunk := record.reader.read(CHUNK_BYTES):
        sha256.update(chunk)
        digest.update(chunk)
        byte_count += len(chunk)
        if kept is not None:
            kept += chunk
            kept = kept if len(kept) <= max_page_bytes else None
    payload = bytes(kept) if kept is not None else None
    decoded = _decode(payload, headers, max_page_bytes)
    if expected not in (None, digest.digest()) and not _is_digest_of_body(
        algorithm, expected, payload, headers, decoded
    ):
        raise MemberDamaged("its payload is not what its digest says")
    found = {"sha256": sha256.hexdigest(), "byte_count": byte_count, "too_large": False, "truncated": False}
    return found | decoded


def _is_digest_of_body(
    algorithm: str,
    expected: bytes | None,
    payload: bytes | None,
    headers: tuple[tuple[str, str], ...],
    decoded: dict[str, Any],
) -> bool:
    """Whether the digest is that of the dechunked body, as the standard says, or of the decoded one, as some tools do.

    For an encoded payload over the size limit, which is not kept, any digest is accepted.
    """
    if not ENCODED & {name for name, _ in headers}:
        return False
    if payload is None:
        return True
    bodies = [decoded["body"]]
    with suppress(BodyCut):
        bodies.append(undo_transfer(payload, headers))
    return any(hashlib.new(algorithm, body, usedforsecurity=False).digest() == expected for body in bodies)


def _decode(payload: bytes | None, headers: tuple[tuple[str, str], ...], max_page_bytes: int) -> dict[str, Any]:
    if payload is None:
        return {"body": b"", "too_large": True}
    try:
        return {"body": decode_body(payload, headers, max_page_bytes)}
    except BodyTooLarge:
        return {"body": b"", "too_large": True}
    except BodyCut:
        return {"body": b"", "truncated": True}


def _parse_digest(header: str) -> tuple[str, bytes | None]:
    """Parse algorithm and digest, written in base 32 or 16; the digest is None if it cannot be verified."""
    algorithm, _, text = header.strip().lower().partition(":")
    if algorithm.replace("-", "") not in DIGESTS:
        return "sha1", None
    algorithm = algorithm.replace("-", "")
    size = hashlib.new(algorithm, usedforsecurity=False).digest_size
    try:
        digest = bytes.fromhex(text) if len(text) == 2 * size else base64.b32decode(text, casefold=True)
    except (ValueError, binascii.Error):
        digest = b""  # matches no payload
    return algorithm, digest


def _end_of_damage(file: BinaryIO, start: int, *, compressed: bool) -> int:
    """Return where reading resumes after a damaged record: at its end if that can be found, else at the next record."""
    try:
        member: Member = GzipMember(file, start) if compressed else PlainMember(file, start)
        member.drain()
    except MemberDamaged:
        return find_record(file, start + 1, compressed=compressed)
    return member.end if member.is_complete else find_record(file, start + 1, compressed=compressed)
