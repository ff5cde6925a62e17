"""Reads responses of a web archive's index (CDX, CDXJ or JSON rows): which URLs of a publisher it has."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from schemas.url import Sighting, SourceKind
from sites.source_page import SourcePage, SourceUnreadable

_LEGEND = re.compile(r"^ ?CDX ((?:\w )*\w)$")
"""The first line of a CDX file, which names its columns by letters."""

_LETTERS = {"a": "original", "m": "mimetype", "s": "statuscode", "b": "timestamp"}
PLAIN_COLUMNS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")
"""The columns that a server returns if no format is requested."""

PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml", "warc/revisit", "unk", "-", ""})
"""Media types that may be pages: a revisit record repeats a page; `unk` and `-` mean unknown."""


def read_cdx(body: bytes, url: str, seen_at: datetime) -> SourcePage:
    """Return the distinct URLs of pages that a web archive has captured successfully.

    Raises:
        SourceUnreadable: the response has none of the formats.
    """
    found = dict.fromkeys(row["original"] for row in _read_rows(body, url) if _is_page(row))
    return SourcePage(
        tuple(
            Sighting(url=page_url, source_url=url, source_kind=SourceKind.CDX, seen_at=seen_at)
            for page_url in found
            if page_url.startswith(("http://", "https://"))
        )
    )


def _is_page(row: Mapping[str, str]) -> bool:
    is_success = row.get("statuscode", "200") in {"200", "203", "-", ""}
    return is_success and row.get("mimetype", "").lower() in PAGE_TYPES


def _read_rows(body: bytes, url: str) -> Iterator[Mapping[str, str]]:
    text = body.decode("utf-8-sig", errors="replace").strip()
    if text.startswith("["):
        return _read_table(text, url)
    return _read_lines(text.splitlines(), url)


def _read_table(text: str, url: str) -> Iterator[Mapping[str, str]]:
    """Read the Internet Archive's JSON: a list of rows, the first of which names the columns."""
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceUnreadable(f"no JSON rows of a CDX index: {url}: {error}") from None
    if not rows:
        return
    header, *values = rows
    if not isinstance(header, list) or "original" not in header:
        raise SourceUnreadable(f"JSON whose first row names no column `original`: {url}")
    for row in values:
        if isinstance(row, list) and len(row) == len(header):
            yield {str(name): str(value) for name, value in zip(header, row, strict=True)}


def _read_lines(lines: list[str], url: str) -> Iterator[Mapping[str, str]]:
    """Read one capture per line: columns separated by spaces, JSON, or CDXJ (key, time, JSON)."""
    columns: tuple[str, ...] = PLAIN_COLUMNS
    for number, line in enumerate(lines):
        if legend := _LEGEND.match(line):
            columns = tuple(_LETTERS.get(letter, letter) for letter in legend[1].split())
        elif row := _read_line(line, columns):
            yield row
        elif line.strip():
            raise SourceUnreadable(f"line {number + 1} is not a row of a CDX index: {line[:80]!r}: {url}")


def _read_line(line: str, columns: tuple[str, ...]) -> Mapping[str, str] | None:
    if "{" in line:
        return _read_object(line[line.index("{") :])
    values = line.split()
    if len(values) < len(columns) or "original" not in columns:
        return None
    return dict(zip(columns, values, strict=False))


def _read_object(text: str) -> Mapping[str, str] | None:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict) or not isinstance(fields.get("url"), str):
        return None
    return {
        "original": fields["url"],
        "mimetype": str(fields.get("mime", "")),
        "statuscode": str(fields.get("status", "200")),
    }
