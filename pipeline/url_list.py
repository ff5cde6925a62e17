"""Reads lists of URLs in the forms in which people keep them: quoted, with bullets, in columns, with notes."""

import re

import sites
from sites.encoding import decode_text

LIST_SHARE = 0.5
"""Of a text's lines, from which on it is a list: an article has a URL here and there."""

HEADER_CHARS = 100
"""`url`, `url,date`: longer, it is a line of text."""

_BULLET = re.compile(r"(?:[-*+•·‣▪–—]|\d{1,5}[.)])\s+")
_MARKDOWN = re.compile(r"\[[^\[\]]{0,500}\]\(\s*+(\S+?)\s*+\)")
_SCHEMELESS = re.compile(r"(?://)?(?:www\.[\w-]|[a-z0-9-]+(?:\.[a-z0-9-]+)++/)")
"""Hosts are written small; `Mr.Putin/Mr.Biden` is none."""

_AROUND = " \t\"'“”«»‘’`<>[](){},;"
_COLUMN = re.compile(r"[\t;|]|,(?=\s|[\"'“]|$)")
_TAIL = re.compile(r"[/=]|\.\w{2,5}$")
"""What stands behind a comma of URLs' own: `,1518,434.html`."""


def read_url_list(payload: bytes) -> tuple[str, ...]:
    """The URLs of a file most of whose lines are URLs, or that begins with one; empty for any other file.

    `#` begins a comment, at a line's begin or after a space; a first line may name the columns.

    Raises:
        ValueError: it is such a file, and a line in it is no URL.
    """
    lines = enumerate(map(str.strip, decode_text(payload).splitlines()), 1)
    read = [
        (number, line, read_line(line))
        for number, line in lines
        if not line.startswith("#") and any(map(str.isalnum, line))
    ]
    count = sum(1 for _, _, urls in read if urls)
    if not count or (count < LIST_SHARE * len(read) and not read[0][2]):
        return ()
    if not read[0][2] and len(read[0][1]) <= HEADER_CHARS:
        read = read[1:]
    for number, line, urls in read:
        if not urls:
            raise ValueError(f"line {number} of a list of URLs is none: {line[:100]!r}")
    return tuple(url for _, _, urls in read for url in urls)


def read_line(line: str) -> tuple[str, ...]:
    """The URLs in a line of a list: all of its columns, where each is one, else the first that is; or none."""
    plain = _BULLET.sub("", line, count=1) if _BULLET.match(line) else line
    if found := _MARKDOWN.fullmatch(plain.strip(" ,;")):
        plain = found[1]
    cells = [cell for cell in map(_clean, _COLUMN.split(plain)) if cell]
    urls = [url for cell in cells if (url := _read_cell(cell))]
    return tuple(urls) if len(urls) == len(cells) else tuple(urls[:1])


def _clean(cell: str) -> str:
    return cell.strip(_AROUND)


def _read_cell(cell: str) -> str | None:
    """The URL that a cell begins with, without what is noted behind it."""
    word = cell.split(maxsplit=1)[0].rstrip(_AROUND)
    head, comma, rest = word.partition(",")
    if comma and "?" not in head and not _TAIL.search(rest):
        word = head
    if not word.lower().startswith(("http://", "https://")):
        if not _SCHEMELESS.match(word):
            return None
        word = f"https://{word.removeprefix('//')}"
    return None if sites.identify(word).rule == "malformed-address" else word
