"""Overwrite WARC records with tombstones: records of exactly the same length, so that nothing else in a file moves.

A tombstone is a `metadata` record, which no reader takes for a page. A gzip member is filled up by a comment in its
header, which readers skip; an uncompressed record by spaces in its block. As no other byte changes, every offset stays
valid, and a killed process can lose nothing but the record that is to go: overwriting it again completes it.
"""

import io
import os
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from struct import pack
from typing import BinaryIO
from uuid import NAMESPACE_URL, uuid5

from fastwarc.warc import WarcRecord

from schemas.capture import CaptureRef
from storage.atomic_file import flush, replace_file
from storage.warc.member import HEADER_END, GzipMember, MemberDamaged, PlainMember, is_compressed
from storage.warc.payload import CHUNK_BYTES
from storage.warc.remote import RemoteStore, digest_file
from storage.warc.store import CopyDiffers, WarcStore

FIELDS_TYPE = "application/warc-fields"
MARK = "broadsheet-redacted"
"""The field of a tombstone's block, with the time of the redaction."""

PAGE_TYPES = frozenset({"response", "resource"})
"""Types of the records that may be overwritten."""

GZIP_HEAD = b"\x1f\x8b\x08%c\0\0\0\0\0\xff"
WITH_COMMENT = 0x10
"""Gzip's flag for a comment, which ends with a zero byte (RFC 1952, 2.3)."""

READ_HEADERS = ("WARC-Type", "WARC-Date", "WARC-Record-ID", "WARC-Target-URI")

Headers = dict[str, str]


class RecordDiffers(ValueError):  # noqa: N818 - it states a fact
    """A file has something else where the record should be; it was not changed."""


def erase_records(warcs: WarcStore, name: str, refs: Sequence[CaptureRef], at: datetime) -> int:
    """Overwrite records of one file, wherever it lies; return how many were not tombstones before.

    May be repeated after it was interrupted anywhere.

    Raises:
        RecordDiffers: the file has another record in one of the places.
        FileNotFoundError, StoreUnreachable: the file cannot be read.
        CopyDiffers: the store did not take the changed file; the local copy of it stays, and is what counts.
    """
    path, remote = warcs.folder / name, warcs.remote
    if remote is None or path.exists():
        count = _overwrite(path, refs, at)
        if remote is not None:
            _replace_copy(path, remote, name)
        return count
    if stored := remote.find_path(name):
        return _overwrite(stored, refs, at)
    with replace_file(path) as copy, remote.open(name) as file:  # the local file counts from here on
        while chunk := file.read(CHUNK_BYTES):
            copy.write(chunk)
    count = _overwrite(path, refs, at)
    _replace_copy(path, remote, name)
    return count


def _replace_copy(path: Path, remote: RemoteStore, name: str) -> None:
    """Replace the store's copy of a local file, if it has one, and delete the local file."""
    size = remote.find_size(name)
    if size is None:
        return
    if size < path.stat().st_size:  # of an interrupted move, which is repeated by the next run
        remote.remove(name)
        return
    remote.put_file(name, path)
    with path.open("rb") as file:
        if remote.digest(name) != digest_file(file):
            raise CopyDiffers(f"{remote.shown} stored other bytes of {name} than it was sent: the local file stays")
    path.unlink()


def _overwrite(path: Path, refs: Sequence[CaptureRef], at: datetime) -> int:
    with path.open("r+b") as file:
        made = [(ref, _make_tombstone(file, ref, at)) for ref in refs]  # all are checked before the first is written
        for ref, data in made:
            if data is not None:
                file.seek(ref.offset)
                file.write(data)
        file.flush()
        os.fsync(file.fileno())
    flush(path.parent)
    return sum(data is not None for _, data in made)


def _make_tombstone(file: BinaryIO, ref: CaptureRef, at: datetime) -> bytes | None:
    """Return the bytes to write over a record; None if they are there already."""
    place = f"{ref.warc}, record at byte {ref.offset}"
    if file.seek(0, os.SEEK_END) < ref.offset + ref.length:
        raise RecordDiffers(f"{place}: the file ends before its end")
    compressed = is_compressed(file, ref.offset)
    headers = _read_headers(file, ref, compressed=compressed)
    if headers.get("WARC-Type") == "metadata" and is_tombstone(_read_block(file, ref, compressed=compressed)):
        return None
    if headers.get("WARC-Type", "response") not in PAGE_TYPES:
        raise RecordDiffers(f"{place}: it is another record than the stored one")
    return render_tombstone(ref, headers, at, compressed=compressed)


def _read_headers(file: BinaryIO, ref: CaptureRef, *, compressed: bool) -> Headers:
    """Return the WARC headers of the record that fills the place; none if it is damaged, as by a power cut."""
    try:
        member = GzipMember(file, ref.offset) if compressed else PlainMember(file, ref.offset)
        head = member.read()
        member.drain()
        if not member.is_complete or member.end != ref.offset + ref.length:
            return {}
        record = WarcRecord.from_reader(io.BytesIO(head))
    except (MemberDamaged, OSError, ValueError):
        return {}
    return {name: record.headers.get(name) or "" for name in READ_HEADERS}


def _read_block(file: BinaryIO, ref: CaptureRef, *, compressed: bool) -> bytes:
    member = GzipMember(file, ref.offset) if compressed else PlainMember(file, ref.offset)
    return member.read().partition(HEADER_END)[2]


def is_tombstone(block: bytes) -> bool:
    """Whether a metadata record's block is that of a tombstone."""
    return block.startswith(f"{MARK}:".encode())


def render_tombstone(ref: CaptureRef, former: Headers, at: datetime, *, compressed: bool) -> bytes:
    """Return a tombstone of the record's length.

    Raises:
        RecordDiffers: the place is too small, so no page can have been there.
    """
    for headers in (_make_headers(ref, former, at), _make_headers(ref, {}, at)):
        data = _pack_gzip(headers, ref.length, at) if compressed else _pack_plain(headers, ref.length, at)
        if data is not None:
            return data
    raise RecordDiffers(f"{ref.warc}, record at byte {ref.offset}: it is too small for a page")


def _make_headers(ref: CaptureRef, former: Headers, at: datetime) -> Headers:
    number = uuid5(NAMESPACE_URL, f"{ref.warc}#{ref.offset}")
    found = {
        "WARC-Type": "metadata",
        "WARC-Record-ID": f"<urn:uuid:{number}>",
        "WARC-Date": former.get("WARC-Date") or f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "Content-Type": FIELDS_TYPE,
    }
    if former.get("WARC-Record-ID"):
        found["WARC-Refers-To"] = former["WARC-Record-ID"]
    if former.get("WARC-Target-URI", "").startswith(("http://", "https://")):  # a file's name may say what it is about
        found["WARC-Target-URI"] = former["WARC-Target-URI"]
    return found


def _render(headers: Headers, block: bytes, separator: str = " ") -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"WARC/1.1\r\n{lines}Content-Length:{separator}{len(block)}\r\n\r\n".encode() + block


def _render_block(at: datetime) -> bytes:
    return f"{MARK}: {at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}\r\n".encode()


def _pack_gzip(headers: Headers, length: int, at: datetime) -> bytes | None:
    """Return the record as a gzip member of this length; None if it does not fit."""
    record = _render(headers, _render_block(at)) + HEADER_END
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    deflated = packer.compress(record) + packer.flush()
    tail = pack("<LL", zlib.crc32(record), len(record))
    excess = length - len(GZIP_HEAD % 0) - len(deflated) - len(tail)
    if excess < 0:
        return None
    comment = b" " * (excess - 1) + b"\0" if excess else b""
    return (GZIP_HEAD % (WITH_COMMENT if comment else 0)) + comment + deflated + tail


def _pack_plain(headers: Headers, length: int, at: datetime) -> bytes | None:
    """Return the record, without the line ends after it, in this length; None if it does not fit."""
    block = _render_block(at)
    for separator in (" ", "  "):  # one more digit of the length may leave no other way to a total
        for digits in range(1, 20):
            size = length - len(_render(headers, b"", separator)) - digits + 1
            if size >= len(block) and len(str(size)) == digits:
                return _render(headers, block.ljust(size), separator)
    return None
