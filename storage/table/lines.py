"""Read JSON: one object per line, or an array of objects."""

import json
import re
from collections.abc import Iterator
from typing import BinaryIO

import orjson

from schemas.table import Row
from storage.table.problem import RowUnusable, TableUnusable

CHUNK_BYTES = 256 * 1024

UTF8_MARK = b"\xef\xbb\xbf"

JSON_NAMES = {type(None): "null", bool: "true or false", str: "a string", list: "an array"}
"""What JSON calls a value of a type that is no object."""

_STRUCTURE = re.compile(rb'["\[\]{},]')
_IN_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)


def iterate_lines(file: BinaryIO, max_bytes: int) -> Iterator[Row]:
    """Yield the objects of a file with one per line."""
    number = 0
    while line := file.readline(max_bytes + 1):
        number += 1
        if len(line) > max_bytes and not line.endswith(b"\n"):
            while (rest := file.readline(max_bytes)) and not rest.endswith(b"\n"):
                pass
            yield Row(number, problem=f"larger than {max_bytes} bytes")
        elif line := line.removeprefix(UTF8_MARK if number == 1 else b"").strip():
            yield _make_row(number, line)


def iterate_items(file: BinaryIO, max_bytes: int) -> Iterator[Row]:
    """Yield the objects of a file that is one array.

    Raises:
        TableUnusable: the array ends too early.
    """
    for number, item in enumerate(_split_array(file, max_bytes), 1):
        yield Row(number, problem=f"larger than {max_bytes} bytes") if item is None else _make_row(number, item)


def parse_object(text: bytes) -> dict[str, object]:
    """Parse a JSON object. Python's `NaN` is read as null.

    Raises:
        RowUnusable: it is no valid JSON, or no object.
    """
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        found = _parse_loosely(text, str(error))
    if not isinstance(found, dict):
        raise RowUnusable(f"not a JSON object, but {JSON_NAMES.get(type(found), 'a number')}")
    return found


def _parse_loosely(text: bytes, problem: str) -> object:
    if b"NaN" in text or b"Infinity" in text:
        try:
            return json.loads(text, parse_constant=lambda _: None)
        except (ValueError, RecursionError):
            pass
    raise RowUnusable(f"not valid JSON: {problem}")


def _make_row(number: int, text: bytes) -> Row:
    try:
        return Row(number, parse_object(text))
    except RowUnusable as error:
        return Row(number, problem=str(error))


def _split_array(file: BinaryIO, max_bytes: int) -> Iterator[bytes | None]:
    """Yield the text of each item; None for one that is too large, of which only the end is looked for."""
    scanner = _Scanner()
    item = bytearray()
    is_too_large = False
    chunk = file.read(CHUNK_BYTES).partition(b"[")[2] or file.read(CHUNK_BYTES)
    while chunk:
        start = 0
        for end in scanner.find_ends(chunk):
            item += chunk[start:end]
            if is_too_large or len(item) > max_bytes:
                yield None
            elif text := bytes(item).strip():
                yield text
            item.clear()
            is_too_large, start = False, end + 1
        if scanner.is_closed:
            return
        item += chunk[start:]
        if len(item) > max_bytes:
            is_too_large = True
            item.clear()
        chunk = file.read(CHUNK_BYTES)
    raise TableUnusable("the JSON array is not closed")


class _Scanner:
    """Finds where the items of an array end, through any number of chunks."""

    def __init__(self) -> None:
        self.is_closed = False
        self._depth = 1
        self._is_in_string = False
        self._is_escaped = False

    def find_ends(self, chunk: bytes) -> Iterator[int]:
        """Yield the positions of the commas between items, and of the closing bracket."""
        at = 0
        while not self.is_closed and at < len(chunk):
            if self._is_in_string:
                at = self._skip_string(chunk, at)
                continue
            found = _STRUCTURE.search(chunk, at)
            if found is None:
                return
            at = found.end()
            if self._is_end(found[0]):
                yield found.start()

    def _is_end(self, sign: bytes) -> bool:
        if sign == b'"':
            self._is_in_string = True
        elif sign in b"[{":
            self._depth += 1
        elif sign in b"]}":
            self._depth -= 1
            self.is_closed = not self._depth
            return self.is_closed
        return sign == b"," and self._depth == 1

    def _skip_string(self, chunk: bytes, at: int) -> int:
        """Return the position after the string, or the chunk's end."""
        if self._is_escaped:
            self._is_escaped = False
            at += 1
        found = _IN_STRING.match(chunk, at)
        end = found.end() if found else at
        if end == len(chunk):
            return end
        self._is_in_string = chunk[end : end + 1] != b'"'
        self._is_escaped = self._is_in_string  # the chunk ends in a backslash
        return end + 1
