"""Find the header of a table of texts that cannot be opened as one, to say why."""

from schemas.table import list_columns
from sites.encoding import decode_text, is_utf16
from storage.table.delimited import SEPARATORS

PROBE_BYTES = 64 * 1024

PROBE_LINES = 20
"""What people and programs write before a header is shorter."""


def explain_header(head: bytes) -> str | None:
    """Return why the table that a file begins with is not read; None if no line near the top is a header.

    A header has a column of URLs, and one of texts.
    """
    lines = decode_text(head[:PROBE_BYTES]).splitlines()[:PROBE_LINES]
    number = next((number for number, line in enumerate(lines, 1) if _is_header(line)), None)
    if number is None:
        return None
    if is_utf16(head):
        return "a table in UTF-16 without a byte-order mark; save it in UTF-8"
    if number == 1:
        return "a table of texts whose header cannot be read"
    return f"the header of the table is line {number}; delete what is before it: {lines[0][:50]!r}"


def _is_header(line: str) -> bool:
    for separator in SEPARATORS:
        names = line.split(separator)
        if list_columns("url", names) and list_columns("body", names):
            return True
    return False
