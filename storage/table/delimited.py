"""Read tables with separators: CSV, and TSV."""

import csv
import io
import re
import sys
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from schemas.table import Row, is_empty, is_export, list_columns
from storage.export.line import restore_cells
from storage.table.problem import RowUnusable, TableUnusable

SEPARATORS = ",;\t|"
"""Of a CSV: half of Europe's spreadsheets write semicolons."""

UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")

_UNDECODABLE = re.compile("[\udc80-\udcff]")
"""What `surrogateescape` makes of bytes that are not UTF-8."""

STRUCTURE_SHARE = 2
"""A record's quotes and separators may be this many times as long as the limit before reading gives up: its quote is
never closed."""


def open_text(file: BinaryIO) -> io.TextIOWrapper:
    """Return the text of a buffered file: UTF-8, or UTF-16 with a byte-order mark. Closing it closes the file."""
    is_utf16 = file.peek(2)[:2] in UTF16_MARKS  # type: ignore[attr-defined]  # every buffered file has it
    if is_utf16:
        return io.TextIOWrapper(file, "utf-16", errors="replace", newline="")
    return io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="")


class Delimited:
    """A table with separators. The columns are known at once, the rows are read as they are needed.

    Raises:
        TableUnusable: it has no header.
    """

    def __init__(self, text: io.TextIOWrapper, max_chars: int, separators: str = SEPARATORS) -> None:
        csv.field_size_limit(sys.maxsize)  # the lines are limited already; a quoted text is often above the default
        lines = _Lines(text, max_chars)
        header = lines.peek_record()
        self.separator = max(separators, key=lambda one: _rate_header(header, one))
        lines.separator = self.separator
        self._lines, self._records = lines, csv.reader(lines, delimiter=self.separator, strict=True)
        try:
            self.columns = [name.strip() for name in next(self._records)]
        except (StopIteration, csv.Error):
            raise TableUnusable("the table is empty") from None
        self._is_export = is_export(self.columns)

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows.

        Raises:
            TableUnusable: a quotation mark is never closed, so nothing that follows can be read.
        """
        number = 1
        while True:
            number += 1
            self._lines.start_record()
            try:
                cells = next(self._records)
                if cells:
                    yield Row(number, self._read(cells))
            except StopIteration:
                return
            except csv.Error as error:
                yield Row(number, problem=f"its quotation marks do not match: {error}")
            except RowUnusable as error:
                yield Row(number, problem=str(error))
            except TableUnusable as error:
                raise TableUnusable(f"row {number}: {error}") from None

    def _read(self, cells: Sequence[str]) -> dict[str, object]:
        if self._lines.is_too_large:
            raise RowUnusable(f"longer than {self._lines.max_chars} characters")
        while len(cells) > len(self.columns) and not cells[-1]:
            cells = cells[:-1]
        if len(cells) != len(self.columns):
            raise RowUnusable(f"it has {len(cells)} cells, but the header has {len(self.columns)}")
        if any(map(_UNDECODABLE.search, cells)):
            raise RowUnusable("not UTF-8; save the table in UTF-8")
        named: dict[str, str] = {}
        for column, cell in zip(self.columns, cells, strict=True):
            if is_empty(named.get(column)):  # of several columns with one name, the first that is filled counts
                named[column] = cell
        return restore_cells(named) if self._is_export else dict(named)


def _rate_header(header: str, separator: str) -> tuple[bool, int]:
    """Return how well a separator divides a header: whether it gives a text column, and how many columns."""
    try:
        names = next(csv.reader([header], delimiter=separator), [])
    except csv.Error:
        return False, 0
    return bool(list_columns("body", names)), len(names)


class _Lines:
    """The lines of a file, none of them larger than the limit.

    Of a record that is too large, only quotes, separators and line ends are passed on: the reader finds its end, and
    memory does not grow.
    """

    def __init__(self, text: io.TextIOWrapper, max_chars: int) -> None:
        self.max_chars = max_chars
        self.separator = ","
        self.is_too_large = False
        self._text = text
        self._char_count = 0
        self._structure_count = 0
        self._peeked: list[str] = []

    def peek_record(self) -> str:
        """Return the first line, which stays."""
        self._peeked = [line] if (line := self._text.readline(self.max_chars)) else []
        return line

    def start_record(self) -> None:
        """Forget the size of the record before."""
        self.is_too_large, self._char_count, self._structure_count = False, 0, 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._peeked:
            return self._peeked.pop()
        parts = [self._read_part()]
        if not parts[0]:
            raise StopIteration
        while parts[-1] and not parts[-1].endswith(("\n", "\r")):
            parts.append(self._read_part())
        return "".join(parts)

    def _read_part(self) -> str:
        part = self._text.readline(self.max_chars)
        self._char_count += len(part)
        if self._char_count <= self.max_chars:
            return part
        self.is_too_large = True
        part = re.sub(rf'[^"\r\n{re.escape(self.separator)}]+', "x", part)
        self._structure_count += len(part)
        if self._structure_count > STRUCTURE_SHARE * self.max_chars:
            raise TableUnusable("its quotation mark is never closed; nothing after it was read")
        return part
