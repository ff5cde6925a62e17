"""Decodes what a server or a file gave: its bytes decide, what it says of itself is a hint."""

import codecs
import re
from collections.abc import Iterable

from w3lib.encoding import resolve_encoding

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""That of UTF-32 begins with that of UTF-16."""

PROBE_BYTES = 4096
NUL_SHARE = 0.6
"""Of every second byte: markup and Western text in UTF-16 have nearly all of them."""

# What undeclared pages of before UTF-8 were written in. Russian words are runs of these bytes, which Western ones
# never have: four accented letters in a row.
_CYRILLIC_RUN = re.compile(rb"[\xa8\xb8\xc0-\xff]{4}")
_NO_CHARSET = re.compile(r"utf[-_]?(?:16|32)|ucs|idna|punycode|(?:raw[-_])?unicode", re.IGNORECASE)
"""Of the codecs of Python: what has NULs in it, which were looked for, and what no page is written in."""

_CHARSET = re.compile(r"charset\s*+=\s*+[\"']?\s*+([\w.:+-]+)", re.ASCII | re.IGNORECASE)


def find_charset(header: str | None) -> str | None:
    """The charset that a Content-Type names, wherever in it; None where it names none."""
    found = _CHARSET.search(header or "")
    return found[1] if found else None


def decode_text(body: bytes, hints: Iterable[str | None] = ()) -> str:
    """The text of these bytes, without a byte-order mark.

    By its mark; UTF-16 by its NULs; UTF-8 where they are valid UTF-8; then by the first hint under which all of them
    can be read, or some; else as Windows-1251 or Windows-1252.
    """
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace")
    if wide := _find_wide(body):
        return body.decode(wide, "replace")
    names = [name for hint in hints if (name := _resolve(hint))]
    is_escaped = b"\x1b" in body and any(name.startswith("iso2022") for name in names)  # ASCII to the eye
    for name in names if is_escaped else ("utf-8", *names):
        if (text := _try(body, name)) is not None:
            return text
    return body.decode(names[0] if names else _guess(body), "replace")


def is_wide(body: bytes) -> bool:
    """Whether the bytes are UTF-16 without a mark."""
    return _find_wide(body) is not None


def is_utf8(body: bytes) -> bool:
    """Whether the bytes are valid UTF-8."""
    return _try(body, "utf-8") is not None


def _resolve(hint: str | None) -> str | None:
    """The codec that a hint means; None where it means none, none of text, or one whose NULs are not there."""
    name = resolve_encoding(hint.strip()) if hint else None
    if not name or _NO_CHARSET.match(name):
        return None
    try:
        b"a\xff".decode(name, "replace")
    except (LookupError, ValueError):
        return None
    return name


def _try(body: bytes, name: str) -> str | None:
    try:
        return body.decode(name)
    except (LookupError, ValueError):
        return None


def _find_wide(body: bytes) -> str | None:
    """UTF-16 without a mark."""
    probe = body[: PROBE_BYTES & ~1]
    pairs = len(probe) // 2
    if pairs < 2 or b"\0" not in probe:  # noqa: PLR2004 - one character tells nothing
        return None
    even, odd = probe[::2].count(0), probe[1::2].count(0)
    if odd > NUL_SHARE * pairs and not even:
        return "utf-16-le"
    return "utf-16-be" if even > NUL_SHARE * pairs and not odd else None


def _guess(body: bytes) -> str:
    name = "cp1251" if _CYRILLIC_RUN.search(body) else "cp1252"
    return name if _try(body, name) is not None else "utf-8"
