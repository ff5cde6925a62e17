"""Write articles as JSON Lines, or as CSV that is safe to open in spreadsheets."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from storage.export.block import COLUMNS, DOCUMENT_FIELDS, FIELDS, Block, list_rows
from storage.export.sink import Writable
from storage.table.problem import RowUnusable

FORMULA_SIGNS = "=+@＝＋－＠﹦﹢﹣﹫-"
"""Signs, full-width and small ones included, that make a spreadsheet run a cell as a formula."""

IGNORED_PREFIX = " \u00a0\u3000\u200b\ufeff\"'"
"""Characters that may precede these signs. Apostrophes too, so that the text's own can be told from ours."""

CELL_SEPARATORS = ";\t\r\n"
"""Characters at which a spreadsheet may start a new cell within one of ours. In half of Europe they split at
semicolons, and ignore our quotes, which are then not at the start of a cell."""

IS_FORMULA = f"(?=[{IGNORED_PREFIX}]*[{FORMULA_SIGNS}])"
FORMULA = re.compile(rf"^{IS_FORMULA}|^(?=[{IGNORED_PREFIX}]*[\t\r\n])|(?<=[{CELL_SEPARATORS}]){IS_FORMULA}")
"""Positions where an apostrophe is inserted, which marks a cell as text."""

PROTECTED = re.compile(rf"(?:{FORMULA.pattern})'")
"""These apostrophes, in a file. An inserted one changes nothing about where they belong: exactly ours are found."""

SIGN_IN_JSON = re.compile(rf"(?<=;)([{IGNORED_PREFIX}]*)([{FORMULA_SIGNS}])")
"""Signs to escape in JSON cells, in which line ends and tabs are escaped anyway."""

NUMBER_FIELDS = ("word_count", "confidence", "revision", "similarity")
TEXT_FIELDS = frozenset(COLUMNS) - {*DOCUMENT_FIELDS, *NUMBER_FIELDS}
"""Fields whose cell is a text or a time; the others are JSON."""

VALUE_OPTIONS = orjson.OPT_UTC_Z
"""As in records: UTC times end in Z."""
LINE_OPTIONS = VALUE_OPTIONS | orjson.OPT_APPEND_NEWLINE


def write_jsonl(file: Writable, blocks: Iterable[Block]) -> None:
    """Write one line per article, byte for byte what `ArticleRecord.model_dump_json` returns."""
    for block in blocks:
        for row in list_rows(block):
            file.write(orjson.dumps(dict(zip(FIELDS, row, strict=False)), option=LINE_OPTIONS))


def write_csv(file: Writable, blocks: Iterable[Block]) -> None:
    """Write RFC 4180 with one column per field, and lists and mappings as JSON."""
    _write_rows(file, [FIELDS])
    for block in blocks:
        _write_rows(file, zip(*(map(_render_cell, values) for values in block.values()), strict=True))


def restore_cells(cells: Mapping[str, str]) -> dict[str, object]:
    """Return the values of a record that was written as CSV.

    Raises:
        RowUnusable: a list, mapping or number is not written as we write it.
    """
    found: dict[str, object] = {}
    for name in FIELDS:
        cell = cells.get(name, "")
        if not cell and name != "body":
            found[name] = None
        elif name in TEXT_FIELDS:
            found[name] = PROTECTED.sub("", cell)
        else:
            found[name] = _parse_cell(name, cell)
    return found


def _parse_cell(name: str, cell: str) -> object:
    try:
        return orjson.loads(cell)
    except orjson.JSONDecodeError:
        raise RowUnusable(f"{name}: not what an export writes: {cell[:60]!r}") from None


def _write_rows(file: Writable, rows: Iterable[Sequence[Any]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    file.write(text.getvalue().encode())


def _render_cell(value: object) -> object:
    if isinstance(value, str):
        return FORMULA.sub("'", value)
    if isinstance(value, datetime):
        return _render(value).decode().strip('"')  # exactly as in the other formats
    if isinstance(value, list | dict):
        return SIGN_IN_JSON.sub(lambda found: f"{found[1]}\\u{ord(found[2]):04x}", _render(value).decode())
    return value


def _render(value: object) -> bytes:
    return orjson.dumps(value, option=VALUE_OPTIONS)
