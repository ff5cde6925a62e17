"""One WARC record as a stream that knows whether it is complete, and parsing of the HTTP head in it.

Libraries stop silently where a file is truncated, even inside a gzip trailer. Here a record ends with its gzip member
(checksum included), or with its Content-Length in an uncompressed file, so truncation is always detected.
"""

import io
import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Protocol

from fastwarc.warc import WarcRecord

from schemas.capture import MAX_HEAD_BYTES
from storage.warc.payload import CHUNK_BYTES, GZIP_MAGIC

WARC_MAGIC = b"WARC/"
HEADER_END = b"\r\n\r\n"
BLANK = b"\r\n"

NAMES = {
    name.lower(): name
    for name in (
        b"WARC-Type",
        b"WARC-Record-ID",
        b"WARC-Date",
        b"WARC-Target-URI",
        b"WARC-Payload-Digest",
        b"WARC-Truncated",
        b"WARC-Segment-Number",
        b"Content-Type",
        b"Content-Length",
    )
}
"""The WARC headers that are read, by lower-case name: they are case-insensitive, but fastwarc expects this case."""

_NAME = re.compile(rb"^(?:%s)(?=[ \t]*:)" % b"|".join(NAMES.values()), re.IGNORECASE | re.MULTILINE)


class NotAWarc(ValueError):  # noqa: N818 - it states a fact
    """The file is not a WARC file that can be read record by record."""


class MemberDamaged(ValueError):  # noqa: N818 - it states a fact
    """The bytes here are not a valid record."""


def normalize_header_names(data: bytes) -> bytes:
    """Return the beginning of a record, of the same length, with header names in the case that fastwarc expects."""
    head, end, block = data.partition(HEADER_END)
    return _NAME.sub(lambda found: NAMES[found[0].lower()], head) + end + block


class Member(Protocol):
    """A record's bytes, uncompressed, in order."""

    head: bytes
    """The first bytes: all the WARC headers, unless they are absurdly long."""
    byte_count: int
    """Uncompressed bytes read so far."""
    is_complete: bool
    """Whether the record's end was found; valid after `drain`."""
    end: int
    """The position after it in the file (bytes); valid after `drain`."""

    def read(self, size: int = -1) -> bytes:
        """Return at most `size` further bytes (one chunk for -1); empty at the end."""

    def tell(self) -> int:
        """Return `byte_count`: fastwarc asks for the stream's position."""

    def drain(self) -> None:
        """Read to the end, discarding the bytes."""


class GzipMember:
    """A record that is one gzip member."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        file.seek(start)
        self._file = file
        self._inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._input = b""
        self.head = b""
        self.byte_count = 0
        self.is_complete = False
        self.end = start

    def read(self, size: int = -1) -> bytes:
        """As `Member.read`."""
        size = size if size > 0 else CHUNK_BYTES
        try:
            data = self._inflate(size)
        except zlib.error as error:
            raise MemberDamaged(f"its compressed bytes are damaged ({error})") from None
        if not self.head:
            data = self.head = normalize_header_names(data)
        self.byte_count += len(data)
        return data

    def _inflate(self, size: int) -> bytes:
        data = b""
        while not data and not self.is_complete:
            self._input = self._input or self._file.read(CHUNK_BYTES)
            if not self._input:
                break
            data = self._inflater.decompress(self._input, size)
            self._input = self._inflater.unconsumed_tail
            self.is_complete = self._inflater.eof
        self.end = self._file.tell() - len(self._inflater.unused_data)
        return data

    def tell(self) -> int:
        """As `Member.tell`."""
        return self.byte_count

    def drain(self) -> None:
        """As `Member.drain`."""
        while self.read():
            pass


class PlainMember:
    """A record in an uncompressed file; its headers give its length."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        file.seek(start)
        self._file = file
        self.head = normalize_header_names(file.read(CHUNK_BYTES))
        self.byte_count = 0
        self._length = self._measure()
        self.end = start + self._length
        self.is_complete = file.seek(0, 2) >= self.end and HEADER_END in self.head
        file.seek(start)

    def _measure(self) -> int:
        if not self.head.startswith(WARC_MAGIC[: len(self.head)]):
            raise MemberDamaged("it does not start as a record does")
        if HEADER_END not in self.head:
            if len(self.head) == CHUNK_BYTES:
                raise MemberDamaged(f"its headers are longer than {CHUNK_BYTES} bytes")
            return len(self.head)
        try:
            content_length = WarcRecord.from_reader(io.BytesIO(self.head)).content_length
        except (OSError, ValueError) as error:
            raise MemberDamaged(f"its headers cannot be read ({error})") from None
        return self.head.index(HEADER_END) + len(HEADER_END) + int(content_length)

    def read(self, size: int = -1) -> bytes:
        """As `Member.read`."""
        size = size if size > 0 else CHUNK_BYTES
        data = self._file.read(min(size, self._length - self.byte_count))
        data = data if self.byte_count else normalize_header_names(data)
        self.byte_count += len(data)
        return data

    def tell(self) -> int:
        """As `Member.tell`."""
        return self.byte_count

    def drain(self) -> None:
        """As `Member.drain`; nothing is read, as the length is known."""
        self.byte_count = self._length


def is_compressed(file: BinaryIO, position: int) -> bool:
    """Whether the record at a position starts as a gzip member."""
    file.seek(position)
    return file.read(len(GZIP_MAGIC)) == GZIP_MAGIC


def is_gzip_warc(file: BinaryIO, name: str) -> bool:
    """Whether the file's records are compressed, judged by its first bytes.

    Raises:
        NotAWarc: they are neither gzip nor a WARC record.
    """
    file.seek(0)
    magic = file.read(len(WARC_MAGIC))
    if magic[:2] == GZIP_MAGIC[: len(magic)]:
        return True
    if magic == WARC_MAGIC[: len(magic)]:
        return False
    raise NotAWarc(f"{name} is not a WARC file")


def skip_blank(file: BinaryIO, position: int) -> int:
    """Return the position after any line ends there (an uncompressed record is followed by two)."""
    file.seek(position)
    while (data := file.read(1)) and data in BLANK:
        position += 1
    return position


def find_record(file: BinaryIO, position: int, *, compressed: bool) -> int:
    """Return where the next record starts, at or after a position; the end of the file if there is none."""
    mark = GZIP_MAGIC + b"\x08" if compressed else WARC_MAGIC + b"1."
    starts_record = _starts_compressed_record if compressed else _starts_plain_record
    for found in _find(file, position, mark):
        if starts_record(file, found):
            return found
    return file.seek(0, 2)


def _find(file: BinaryIO, position: int, mark: bytes) -> Iterator[int]:
    """Yield every position of a byte string from `position` on, with one chunk in memory at a time."""
    while True:
        file.seek(position)
        chunk = file.read(CHUNK_BYTES)
        if len(chunk) < len(mark):
            return
        found = chunk.find(mark)
        if found >= 0:
            yield position + found
            position += found + 1
        else:
            # A mark may span two chunks.
            position += len(chunk) - len(mark) + 1


def _starts_plain_record(file: BinaryIO, position: int) -> bool:
    """Whether a line starts there and headers with type and length follow: a page's text may mention WARC files."""
    file.seek(max(position - 1, 0))
    if file.read(min(position, 1)) not in {b"", b"\n"}:
        return False
    try:
        record = WarcRecord.from_reader(io.BytesIO(normalize_header_names(file.read(CHUNK_BYTES))))
    except (OSError, ValueError):
        return False
    return bool(record.headers.get("WARC-Type") and record.headers.get("Content-Length"))


def _starts_compressed_record(file: BinaryIO, position: int) -> bool:
    try:
        return GzipMember(file, position).read(len(WARC_MAGIC)) == WARC_MAGIC
    except MemberDamaged:
        return False


_STATUS_LINE = re.compile(rb"HTTP/[0-9.]{1,9}[ \t]+([0-9]{3,9})(?:[ \t]|$)")
_SPACES = b" \t"


class LineReader(Protocol):
    """A record's payload, before its HTTP head is read."""

    def readline(self, max_line_len: int = ..., /) -> bytes:
        """Return the next line with its end, or `max_line_len` bytes of it; empty at the end."""


def read_head(reader: LineReader) -> tuple[int, tuple[tuple[str, str], ...]]:
    """Read the status and the headers (name and value, unchanged), leaving the reader at the body.

    Raises:
        MemberDamaged: there is no status, or the head exceeds `MAX_HEAD_BYTES`.
    """
    lines = _read_lines(reader)
    status = _STATUS_LINE.match(next(lines, b""))
    if status is None:
        raise MemberDamaged("its response has no status")
    headers: list[tuple[bytes, bytes]] = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if line[:1] in {b" ", b"\t"} and headers:  # continues the header before it
            headers[-1] = (headers[-1][0], b" ".join((headers[-1][1], line.strip(_SPACES))))
        elif colon:  # like browsers, skip a line without one
            headers.append((name.strip(_SPACES), value.strip(_SPACES)))
    return int(status[1]), tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


def _read_lines(reader: LineReader) -> Iterator[bytes]:
    """Yield the lines up to the empty one, without line ends: CRLF, or the bare LF of old archives."""
    remaining_bytes, line = MAX_HEAD_BYTES, b""
    while piece := reader.readline(remaining_bytes + 1):
        remaining_bytes -= len(piece)
        if remaining_bytes < 0:
            raise MemberDamaged(f"the head of its response is larger than {MAX_HEAD_BYTES} bytes")
        line += piece
        if not line.endswith(b"\n"):
            continue
        # At most one carriage return is stripped, as in the crawl: a line of several is not an empty line.
        if not (plain := line.removesuffix(b"\n").removesuffix(b"\r")):
            return
        yield plain
        line = b""
