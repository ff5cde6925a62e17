"""One record's bytes in a WARC file, as a stream that knows whether it is whole, and the HTTP head in them.

The libraries end silently where a file is cut, even inside a gzip trailer. Here the end of a record is the end of its
gzip member (checksum included), or of its Content-Length in an uncompressed file: so a cut is told from an end.
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
"""The headers that are read here. Their case says nothing; fastwarc knows them as the standard writes them."""

_NAME = re.compile(rb"^(?:%s)(?=[ \t]*:)" % b"|".join(NAMES.values()), re.IGNORECASE | re.MULTILINE)


class NotAWarc(ValueError):  # noqa: N818 - it states a fact
    """The file is no WARC file that can be read record by record."""


class MemberDamaged(ValueError):  # noqa: N818 - it states a fact
    """The bytes here are no record."""


def write_names(data: bytes) -> bytes:
    """The beginning of a record, as long as before, with the names of its headers as fastwarc knows them."""
    head, end, block = data.partition(HEADER_END)
    return _NAME.sub(lambda found: NAMES[found[0].lower()], head) + end + block


class Member(Protocol):
    """A record's bytes, uncompressed, in order."""

    head: bytes
    """The first bytes: all the WARC headers, unless they are absurdly long."""
    byte_count: int
    """Uncompressed bytes read so far."""
    is_whole: bool
    """Whether the record's end was seen; known after `drain`."""
    end: int
    """The position after it in the file; known after `drain`."""

    def read(self, size: int = -1) -> bytes:
        """At most so many further bytes (some, for -1); none at the end."""

    def tell(self) -> int:
        """As `byte_count`: fastwarc asks a stream where it is."""

    def drain(self) -> None:
        """Read on to the end, keeping nothing."""


class GzipMember:
    """A record in a gzip member of its own."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        file.seek(start)
        self._file = file
        self._inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._input = b""
        self.head = b""
        self.byte_count = 0
        self.is_whole = False
        self.end = start

    def read(self, size: int = -1) -> bytes:
        """As `Member.read`."""
        size = size if size > 0 else CHUNK_BYTES
        try:
            data = self._inflate(size)
        except zlib.error as error:
            raise MemberDamaged(f"its compressed bytes are damaged ({error})") from None
        if not self.head:
            data = self.head = write_names(data)
        self.byte_count += len(data)
        return data

    def _inflate(self, size: int) -> bytes:
        data = b""
        while not data and not self.is_whole:
            self._input = self._input or self._file.read(CHUNK_BYTES)
            if not self._input:
                break
            data = self._inflater.decompress(self._input, size)
            self._input = self._inflater.unconsumed_tail
            self.is_whole = self._inflater.eof
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
    """A record in an uncompressed file: as long as its headers say."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        file.seek(start)
        self._file = file
        self.head = write_names(file.read(CHUNK_BYTES))
        self.byte_count = 0
        self._length = self._measure()
        self.end = start + self._length
        self.is_whole = file.seek(0, 2) >= self.end and HEADER_END in self.head
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
        data = data if self.byte_count else write_names(data)
        self.byte_count += len(data)
        return data

    def tell(self) -> int:
        """As `Member.tell`."""
        return self.byte_count

    def drain(self) -> None:
        """As `Member.drain`: the end is known already."""
        self.byte_count = self._length


def is_compressed(file: BinaryIO, position: int) -> bool:
    """Whether the record at a position is, as its first bytes say."""
    file.seek(position)
    return file.read(len(GZIP_MAGIC)) == GZIP_MAGIC


def is_gzip_warc(file: BinaryIO, name: str) -> bool:
    """Whether the records are compressed, from the file's first bytes.

    Raises:
        NotAWarc: they are neither gzip nor a WARC record.
    """
    file.seek(0)
    magic = file.read(len(WARC_MAGIC))
    if magic[:2] == GZIP_MAGIC[: len(magic)]:
        return True
    if magic == WARC_MAGIC[: len(magic)]:
        return False
    raise NotAWarc(f"{name} is no WARC file")


def skip_blank(file: BinaryIO, position: int) -> int:
    """The position after the line ends there (an uncompressed record is followed by two)."""
    file.seek(position)
    while (data := file.read(1)) and data in BLANK:
        position += 1
    return position


def find_record(file: BinaryIO, position: int, *, compressed: bool) -> int:
    """Where the next record starts, at or after a position; the file's end where there is none."""
    mark = GZIP_MAGIC + b"\x08" if compressed else WARC_MAGIC + b"1."
    starts_record = _starts_compressed_record if compressed else _starts_plain_record
    for found in _find(file, position, mark):
        if starts_record(file, found):
            return found
    return file.seek(0, 2)


def _find(file: BinaryIO, position: int, mark: bytes) -> Iterator[int]:
    """Every place of a mark from a position on, holding one chunk at a time."""
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
            # A mark may lie across the chunk's end.
            position += len(chunk) - len(mark) + 1


def _starts_plain_record(file: BinaryIO, position: int) -> bool:
    """Whether a line begins there, and headers with a kind and a length follow: a page may speak of WARC files too."""
    file.seek(max(position - 1, 0))
    if file.read(min(position, 1)) not in {b"", b"\n"}:
        return False
    try:
        record = WarcRecord.from_reader(io.BytesIO(write_names(file.read(CHUNK_BYTES))))
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
    """A record's payload, before its head was read."""

    def readline(self, max_line_len: int = ..., /) -> bytes:
        """The next line with its end, or so much of it; nothing at the end."""


def read_head(reader: LineReader) -> tuple[int, tuple[tuple[str, str], ...]]:
    """The status and the headers (name and value, as they came); the reader stands at the body afterwards.

    Raises:
        MemberDamaged: there is no status, or the head is larger than the limit.
    """
    lines = _read_lines(reader)
    status = _STATUS_LINE.match(next(lines, b""))
    if status is None:
        raise MemberDamaged("its answer has no status")
    headers: list[tuple[bytes, bytes]] = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if line[:1] in {b" ", b"\t"} and headers:  # goes on with the header before it
            headers[-1] = (headers[-1][0], b" ".join((headers[-1][1], line.strip(_SPACES))))
        elif colon:  # browsers pass over a line without one
            headers.append((name.strip(_SPACES), value.strip(_SPACES)))
    return int(status[1]), tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


def _read_lines(reader: LineReader) -> Iterator[bytes]:
    """The lines up to the empty one, without their ends: old archives have bare line feeds."""
    left, line = MAX_HEAD_BYTES, b""
    while piece := reader.readline(left + 1):
        left -= len(piece)
        if left < 0:
            raise MemberDamaged(f"the head of its answer is larger than {MAX_HEAD_BYTES} bytes")
        line += piece
        if not line.endswith(b"\n"):
            continue
        # One carriage return at most, as the crawl takes them: a line of nothing but that is no empty line.
        if not (plain := line.removesuffix(b"\n").removesuffix(b"\r")):
            return
        yield plain
        line = b""
