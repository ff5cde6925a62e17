"""Articles as lines of text: JSON Lines, and CSV that spreadsheets open."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson

from storage.export.block import FIELDS, Block, list_rows
from storage.export.sink import Writable

SIGNS = "=+@＝＋－＠﹦﹢﹣﹫-"
"""A spreadsheet takes a cell that starts so (full-width and small signs too) for a formula, and runs it."""

PASSED_OVER = " \u00a0\u3000\u200b\ufeff\"'"
"""What may stand before these signs. An apostrophe, too: of the text's own, else, nobody could tell it from ours."""

PARTERS = ";\t\r\n"
"""Where a spreadsheet may begin a cell, also within one of ours: half of Europe's part cells at semicolons, and to them
our quotes, which do not begin theirs, mean nothing."""

IS_FORMULA = f"(?=[{PASSED_OVER}]*[{SIGNS}])"
FORMULA = re.compile(rf"^{IS_FORMULA}|^(?=[{PASSED_OVER}]*[\t\r\n])|(?<=[{PARTERS}]){IS_FORMULA}")
"""The places where an apostrophe is put: the spreadsheets' own mark for "this is text"."""

SIGN_IN_JSON = re.compile(rf"(?<=;)([{PASSED_OVER}]*)([{SIGNS}])")
"""There, line ends and tabs are escaped anyway, and a sign can be too."""

VALUE = orjson.OPT_UTC_Z
"""As in records: times in UTC end with Z."""
LINE = VALUE | orjson.OPT_APPEND_NEWLINE


def write_jsonl(file: Writable, blocks: Iterable[Block]) -> None:
    """A line for each article: to the byte what `ArticleRecord.model_dump_json` gives."""
    for block in blocks:
        for row in list_rows(block):
            file.write(orjson.dumps(dict(zip(FIELDS, row, strict=False)), option=LINE))


def write_csv(file: Writable, blocks: Iterable[Block]) -> None:
    """RFC 4180, one column for each field; lists and mappings as JSON in their cell."""
    _write_rows(file, [FIELDS])
    for block in blocks:
        _write_rows(file, zip(*(map(_render_cell, values) for values in block.values()), strict=True))


def _write_rows(file: Writable, rows: Iterable[Sequence[Any]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    file.write(text.getvalue().encode())


def _render_cell(value: object) -> object:
    if isinstance(value, str):
        return FORMULA.sub("'", value)
    if isinstance(value, datetime):
        return _render(value).decode().strip('"')  # as in the other formats, to the letter
    if isinstance(value, list | dict):
        return SIGN_IN_JSON.sub(lambda found: f"{found[1]}\\u{ord(found[2]):04x}", _render(value).decode())
    return value


def _render(value: object) -> bytes:
    return orjson.dumps(value, option=VALUE)
