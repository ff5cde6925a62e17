"""The head of an HTTP response in a WARC record: status and headers, as lenient as browsers are.

fastwarc's own takes no head above 32 kB, though its records may have one.
"""

import re
from collections.abc import Iterator
from typing import Protocol

from schemas.capture import MAX_HEAD_BYTES
from storage.warc.member import MemberDamaged

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
