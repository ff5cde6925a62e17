"""Reads a WARC record as it lies in its file: its heads, its bytes, and the request that belongs to it."""

import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from schemas.capture import CaptureRef
from storage.warc.member import (
    HEADER_END,
    WARC_MAGIC,
    GzipMember,
    MemberDamaged,
    PlainMember,
    find_record,
    is_compressed,
    skip_blank,
)
from storage.warc.payload import CHUNK_BYTES
from storage.warc.store import WarcStore
from storage.warc.tombstone import is_tombstone

HEAD_BYTES = 64 * 1024
"""Of a record, that are read for its heads: servers send at most some kB."""

REQUEST_BYTES = 32 * 1024
"""How far from a response its request is looked for: crawlers write them one after the other, and it has no body."""


class StoredRecord(NamedTuple):
    """A record's place and heads."""

    offset: int
    length: int
    """Bytes in the file; without the line ends that follow an uncompressed record."""
    warc_head: str
    http_head: str
    """Empty for a record without one, such as an imported file's."""
    is_compressed: bool
    is_erased: bool = False
    """Whether it is the tombstone of a record that was erased."""

    def find(self, name: str) -> str:
        """Return the value of a WARC header, in any case; empty if there is none."""
        lines = (line.partition(":") for line in self.warc_head.splitlines())
        return next((value.strip() for key, _, value in lines if key.strip().lower() == name.lower()), "")


def read_stored(warcs: WarcStore, ref: CaptureRef) -> StoredRecord:
    """Read the heads of a capture's record; a damaged one has none.

    Raises:
        FileNotFoundError, StoreUnreachable: see `WarcStore.open_record`.
    """
    with warcs.open_record(ref) as file:
        try:
            return _read(file, ref.offset, ref.length)
        except MemberDamaged:
            return StoredRecord(ref.offset, ref.length, "", "", is_compressed(file, ref.offset))


def find_request(warcs: WarcStore, ref: CaptureRef, response: StoredRecord) -> StoredRecord | None:
    """Return the request that belongs to a response: right after it, as most crawlers write it, or right before.

    Raises:
        FileNotFoundError, StoreUnreachable: see `WarcStore.open_record`.
    """
    with warcs.open_record(ref.model_copy(update={"length": ref.length + REQUEST_BYTES})) as file:
        end = ref.offset + ref.length
        end = end if is_compressed(file, ref.offset) else skip_blank(file, end)
        if (found := _read_request(file, end)) and _belong_together(found, response):
            return found
    start = max(0, ref.offset - REQUEST_BYTES)
    if start == ref.offset:
        return None
    before = ref.model_copy(update={"offset": start, "length": ref.offset + ref.length - start})
    with warcs.open_record(before) as file:
        place = _find_last(file, start, ref.offset)
        found = None if place is None else _read_request(file, place)
    return found if found and _belong_together(found, response) else None


def iterate_bytes(warcs: WarcStore, ref: CaptureRef, record: StoredRecord) -> Iterator[bytes]:
    """Yield the bytes of a record of the capture's file, as they lie there; the file is opened at once.

    Raises:
        FileNotFoundError, StoreUnreachable: see `WarcStore.open_record`.
    """
    place = ref.model_copy(update={"offset": record.offset, "length": record.length})
    file = warcs.open_record(place)
    return _iterate(file, record)


def _iterate(file: BinaryIO, record: StoredRecord) -> Iterator[bytes]:
    with file:
        file.seek(record.offset)
        remaining = record.length
        while remaining and (chunk := file.read(min(remaining, CHUNK_BYTES))):
            remaining -= len(chunk)
            yield chunk


def _find_last(file: BinaryIO, start: int, end: int) -> int | None:
    """Return where the last record before `end` begins, at or after `start`."""
    compressed = is_compressed(file, end)
    last = None
    while (start := find_record(file, start, compressed=compressed)) < end:
        last, start = start, start + 1
    return last


def _read_request(file: BinaryIO, offset: int) -> StoredRecord | None:
    try:
        compressed = is_compressed(file, offset)
        member = GzipMember(file, offset) if compressed else PlainMember(file, offset)
        if member.read(len(WARC_MAGIC)) != WARC_MAGIC:
            return None
        found = _read(file, offset, 0)
        if found.find("WARC-Type").lower() != "request":
            return None
        if compressed:
            member = GzipMember(file, offset)
            member.drain()
    except MemberDamaged:
        return None
    return found._replace(length=member.end - offset) if member.is_complete else None


def _belong_together(request: StoredRecord, response: StoredRecord) -> bool:
    ids = {request.find("WARC-Record-ID"), response.find("WARC-Record-ID")}
    if (named := {request.find("WARC-Concurrent-To"), response.find("WARC-Concurrent-To")} - {""}) and named & ids:
        return True
    return not named and request.find("WARC-Target-URI") == response.find("WARC-Target-URI")


def _read(file: BinaryIO, offset: int, length: int) -> StoredRecord:
    compressed = is_compressed(file, offset)
    data = _read_start(file, offset, compressed=compressed)
    head, end, block = data.partition(HEADER_END)
    if not (head.startswith(WARC_MAGIC) and end):
        raise MemberDamaged("it does not start as a record does")
    found = StoredRecord(offset, length, _decode(head), "", compressed)
    media_type = found.find("Content-Type").lower()
    if media_type.startswith("application/http"):
        http_head = block.partition(HEADER_END)[0]
        http_head = http_head if len(http_head) < len(block) else block.partition(b"\n\n")[0]
        return found._replace(http_head=_decode(http_head))
    is_metadata = found.find("WARC-Type").lower() == "metadata"
    return found._replace(is_erased=is_metadata and is_tombstone(block))


def _read_start(file: BinaryIO, offset: int, *, compressed: bool) -> bytes:
    file.seek(offset)
    if not compressed:
        return file.read(HEAD_BYTES)
    inflater, data = zlib.decompressobj(16 + zlib.MAX_WBITS), b""
    try:
        while len(data) < HEAD_BYTES and not inflater.eof and (chunk := file.read(CHUNK_BYTES)):
            data += inflater.decompress(inflater.unconsumed_tail + chunk, HEAD_BYTES - len(data))
    except zlib.error as error:
        raise MemberDamaged(f"its compressed bytes are damaged ({error})") from None
    return data


def _decode(head: bytes) -> str:
    return head.decode("utf-8", "replace") if _is_utf8(head) else head.decode("latin-1")


def _is_utf8(head: bytes) -> bool:
    try:
        head.decode()
    except UnicodeDecodeError:
        return False
    return True
