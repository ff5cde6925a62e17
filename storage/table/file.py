"""Open a file as a table, whatever its format: by its name, or by its first bytes."""

import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import islice
from pathlib import Path, PurePath
from typing import Any, BinaryIO, NamedTuple, cast

import orjson

from schemas.export import CARD_SUFFIX, COMPRESSIONS, Compression
from schemas.table import Row, explain_columns, is_header, list_columns
from storage.table.delimited import SEPARATORS, UTF16_MARKS, Delimited, open_text
from storage.table.lines import CHUNK_BYTES, UTF8_MARK, iterate_items, iterate_lines, parse_object
from storage.table.problem import RowUnusable, TableUnusable

__all__ = ["Table", "TableFormat", "TableUnusable", "has_table_name", "is_card", "open_table", "recognize_table"]

PARQUET_MAGIC = b"PAR1"

PROBE_COUNT = 100
"""Objects whose keys are looked at: the columns of a JSON file."""


class TableFormat(StrEnum):
    """The format of a table."""

    CSV = "csv"
    TSV = "tsv"
    JSON = "json"
    """An array of objects, one object, or one per line."""
    JSONL = "jsonl"
    PARQUET = "parquet"


SUFFIXES = {
    ".csv": TableFormat.CSV,
    ".tsv": TableFormat.TSV,
    ".tab": TableFormat.TSV,
    ".json": TableFormat.JSON,
    ".jsonl": TableFormat.JSONL,
    ".ndjson": TableFormat.JSONL,
    ".parquet": TableFormat.PARQUET,
    ".pq": TableFormat.PARQUET,
}


DAMAGES = (EOFError, zlib.error, gzip.BadGzipFile)
"""What reading a truncated or damaged compressed file raises."""

JSON_FORMATS = frozenset({TableFormat.JSON, TableFormat.JSONL})


class Table(NamedTuple):
    """A table that can be read, once or several times."""

    path: Path
    format: TableFormat
    max_bytes: int
    """Limit for one row."""

    def iterate_rows(self) -> Iterator[Row]:
        """Yield the rows, one at a time.

        Raises:
            TableUnusable: the file is damaged, or ends too early, from here on.
        """
        number = 0
        try:
            for row in _read_rows(self):
                number = row.number
                yield row
        except DAMAGES as error:
            raise TableUnusable(f"truncated or damaged after row {number}: {error}") from None


def recognize_table(path: Path) -> TableFormat | None:
    """Return the format that a file's name or its first bytes show; None if it is no table."""
    if found := _find_named_format(path):
        return found
    with path.open("rb") as file:
        head = file.read(CHUNK_BYTES)
    if head.startswith(PARQUET_MAGIC):
        return TableFormat.PARQUET
    if _is_json(head):
        return TableFormat.JSON
    return TableFormat.CSV if _has_header(head) else None


def has_table_name(path: Path) -> bool:
    """Whether a file is named like a table."""
    return _find_named_format(path) is not None


def _find_named_format(path: Path) -> TableFormat | None:
    pure = PurePath(path.name.lower())
    return SUFFIXES.get((pure.with_suffix("") if pure.suffix in COMPRESSIONS else pure).suffix)


def open_table(path: Path, kind: TableFormat, max_bytes: int) -> Table:
    """Return the table in a file, after a look at its columns.

    Raises:
        TableUnusable: it has no column of texts, or is not of this format.
        OSError: it cannot be read.
    """
    table = Table(path, kind, max_bytes)
    try:
        _audit_columns(table)
    except DAMAGES as error:
        raise TableUnusable(f"truncated or damaged from the start: {error}") from None
    return table


def is_card(path: Path) -> bool:
    """Whether a file is the data card of an export, by its name."""
    return path.name.lower().endswith(CARD_SUFFIX)


def _has_header(head: bytes) -> bool:
    """Whether a file of any name begins with the names of columns that we read, that of the texts among them."""
    line = head.removeprefix(UTF8_MARK).split(b"\n", 1)[0].decode(errors="replace").strip()
    return any(is_header(line.split(separator)) for separator in SEPARATORS)


def _is_json(head: bytes) -> bool:
    """Whether a file of any name begins with a JSON object, or is an array of objects."""
    text = head.removeprefix(UTF8_MARK).lstrip()
    if text.startswith(b"["):
        return text[1:].lstrip().startswith(b"{")
    if not text.startswith(b"{"):
        return False
    try:
        orjson.loads(text.splitlines()[0])
    except orjson.JSONDecodeError:
        return text[1:].lstrip()[:1] in {b'"', b"}"}
    return True


def _audit_columns(table: Table) -> None:
    unusable: Iterable[str] = ()
    if table.format is TableFormat.PARQUET:
        from storage.table.parquet import Parquet

        file = Parquet(table.path)
        columns, unusable = file.columns, file.unusable
    elif table.format in JSON_FORMATS:
        columns = _list_keys(table)
    else:
        with _open(table.path) as opened, open_text(opened) as text:
            columns = Delimited(text, table.max_bytes, _list_separators(table)).columns
    if not list_columns("body", columns):
        raise TableUnusable(explain_columns([*columns, *unusable]))


def _list_keys(table: Table) -> list[str]:
    """Return the keys of the first objects of a JSON file."""
    rows: list[Row] = []
    try:
        rows.extend(islice(_read_rows(table), PROBE_COUNT))
    except (TableUnusable, *DAMAGES):
        if not rows:  # otherwise, what comes before the damage is read
            raise
    columns = dict.fromkeys(name for row in rows for name in row.values or ())
    if not columns:
        found = f": {rows[0].problem}" if rows else ", nothing is in it"
        raise TableUnusable(f"neither an array of JSON objects nor one object per line{found}")
    return list(columns)


def _list_separators(table: Table) -> str:
    """Return the separators that a table may have, the likeliest first: of two that fit, the first counts."""
    return f"\t{SEPARATORS}" if table.format is TableFormat.TSV else SEPARATORS


def _read_rows(table: Table) -> Iterator[Row]:
    if table.format is TableFormat.PARQUET:
        from storage.table.parquet import Parquet

        yield from Parquet(table.path)
        return
    with _open(table.path) as file:
        if table.format in JSON_FORMATS:
            yield from _read_json(file, table)
            return
        with open_text(file) as text:
            yield from Delimited(text, table.max_bytes, _list_separators(table))


def _read_json(file: Any, table: Table) -> Iterator[Row]:
    head: bytes = file.peek(CHUNK_BYTES)
    if head.startswith(UTF16_MARKS):
        raise TableUnusable("JSON in UTF-16; save it in UTF-8")
    start = head.removeprefix(UTF8_MARK).lstrip()
    if start.startswith(b"["):
        yield from iterate_items(file, table.max_bytes)
    elif table.format is TableFormat.JSON and _is_pretty(start):
        yield _read_whole(file, table.max_bytes)
    else:
        yield from iterate_lines(file, table.max_bytes)


def _is_pretty(start: bytes) -> bool:
    """Whether the file is one object on several lines."""
    return start.startswith(b"{") and b"\n" in start and not start.splitlines()[0].rstrip().endswith(b"}")


def _read_whole(file: BinaryIO, max_bytes: int) -> Row:
    text = file.read(max_bytes + 1)
    if len(text) > max_bytes:
        raise TableUnusable("one JSON object; a table is an array of objects, or has one object per line")
    try:
        return Row(1, parse_object(text.removeprefix(UTF8_MARK)))
    except RowUnusable as error:
        raise TableUnusable(f"neither an array of JSON objects nor one object per line: {error}") from None


def _open(path: Path) -> Any:
    """Open a file for buffered reading, decompressed."""
    compression = COMPRESSIONS.get(path.suffix.lower())
    if compression is Compression.GZIP:
        return gzip.open(path, "rb")
    if compression is Compression.ZSTD:
        return io.BufferedReader(cast("io.RawIOBase", _ZstdFile(path)), CHUNK_BYTES)
    return path.open("rb", buffering=CHUNK_BYTES)


class _ZstdFile(io.RawIOBase):
    """Decompresses a zstd file."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa

        super().__init__()
        self._stream = pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read up to the buffer's length."""
        try:
            data = self._stream.read(len(buffer))
        except OSError as error:
            raise EOFError(str(error)) from None
        buffer[: len(data)] = data
        return len(data)
