"""Decodes responses and files. Their bytes decide; a declared charset is only a hint."""

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
"""UTF-32 first: its byte-order mark begins with that of UTF-16."""

PROBE_BYTES = 4096
NUL_SHARE = 0.6
"""Share of NULs among every second byte that shows UTF-16: in markup and Western text it is nearly 1."""

# Undeclared pages from before UTF-8 are Windows-1251 or Windows-1252. Russian words are runs of these bytes; Western
# words never have four accented letters in a row.
_CYRILLIC_RUN = re.compile(rb"[\xa8\xb8\xc0-\xff]{4}")
_IGNORED_CODECS = re.compile(r"utf[-_]?(?:16|32)|ucs|idna|punycode|(?:raw[-_])?unicode", re.IGNORECASE)
"""Python codecs to ignore as hints: those with NULs, which are detected before, and those that no page uses."""

_CHARSET = re.compile(r"charset\s*+=\s*+[\"']?\s*+([\w.:+-]+)", re.ASCII | re.IGNORECASE)


def find_charset(header: str | None) -> str | None:
    """Return the charset named anywhere in a Content-Type; None if there is none."""
    found = _CHARSET.search(header or "")
    return found[1] if found else None


def decode_text(body: bytes, hints: Iterable[str | None] = ()) -> str:
    """Decode bytes to text, without a byte-order mark.

    Tries in turn: the byte-order mark; UTF-16 by its NULs; valid UTF-8; the first hint that decodes all bytes; the
    first hint, with replacement characters. Without hints: Windows-1251 or Windows-1252.
    """
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace")
    if utf16 := _detect_utf16(body):
        return body.decode(utf16, "replace")
    names = [name for hint in hints if (name := _resolve(hint))]
    is_escaped = b"\x1b" in body and any(name.startswith("iso2022") for name in names)  # ASCII to the eye
    for name in names if is_escaped else ("utf-8", *names):
        if (text := _try_decode(body, name)) is not None:
            return text
    return body.decode(names[0] if names else _guess(body), "replace")


def is_utf16(body: bytes) -> bool:
    """Return whether the bytes are UTF-16 without a byte-order mark."""
    return _detect_utf16(body) is not None


def is_utf8(body: bytes) -> bool:
    """Return whether the bytes are valid UTF-8."""
    return _try_decode(body, "utf-8") is not None


def _resolve(hint: str | None) -> str | None:
    """Return the codec for a hint; None if it is unknown, not a text codec, or one to ignore (`_IGNORED_CODECS`)."""
    name = resolve_encoding(hint.strip()) if hint else None
    if not name or _IGNORED_CODECS.match(name):
        return None
    try:
        b"a\xff".decode(name, "replace")
    except (LookupError, ValueError):
        return None
    return name


def _try_decode(body: bytes, name: str) -> str | None:
    try:
        return body.decode(name)
    except (LookupError, ValueError):
        return None


def _detect_utf16(body: bytes) -> str | None:
    """Return the UTF-16 codec of bytes without a byte-order mark; None if they are not UTF-16."""
    probe = body[: PROBE_BYTES & ~1]
    pairs = len(probe) // 2
    if pairs < 2 or b"\0" not in probe:  # noqa: PLR2004 - one character is not enough
        return None
    even, odd = probe[::2].count(0), probe[1::2].count(0)
    if odd > NUL_SHARE * pairs and not even:
        return "utf-16-le"
    return "utf-16-be" if even > NUL_SHARE * pairs and not odd else None


def _guess(body: bytes) -> str:
    name = "cp1251" if _CYRILLIC_RUN.search(body) else "cp1252"
    return name if _try_decode(body, name) is not None else "utf-8"
