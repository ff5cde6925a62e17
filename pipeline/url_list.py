"""Reads lists of URLs in the forms people keep them: quoted, with bullets, in columns, with notes."""

import re

import sites
from sites.encoding import decode_text

LIST_SHARE = 0.5
"""Share of lines with a URL that makes a text a list: an article has few."""

HEADER_CHARS = 100
"""Length limit of a header line (`url`, `url,date`); a longer one is text."""

_BULLET = re.compile(r"(?:[-*+•·‣▪–—]|\d{1,5}[.)])\s+")
_MARKDOWN = re.compile(r"\[[^\[\]]{0,500}\]\(\s*+(\S+?)\s*+\)")
_SCHEMELESS = re.compile(r"(?://)?(?:www\.[\w-]|[a-z0-9-]+(?:\.[a-z0-9-]+)++/)")
"""Host names are lower case; `Mr.Putin/Mr.Biden` is not one."""

_BLANKS = "".join(sign for sign in map(chr, range(0x3001)) if sign.isspace())
"""All that `str.split` splits at; the last one is U+3000."""
_AROUND = f"{_BLANKS}\"'“”«»‘’`<>[](){{}},;"
_COLUMN = re.compile(r"[\t;|]|,(?=\s|[\"'“]|$)")
_TAIL = re.compile(r"[/=]|\.\w{2,5}$")
"""What follows a comma that is part of a URL: `,1518,434.html`."""


def read_url_list(payload: bytes) -> tuple[str, ...]:
    """Return the URLs of a file if it begins with one, or most of its lines are URLs; otherwise nothing.

    `#` begins a comment, at the start of a line or after a space. The first line may be a header.

    Raises:
        ValueError: it is such a file, but one of its lines is not a URL.
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
            raise ValueError(f"line {number} of a list of URLs is not a URL: {line[:100]!r}")
    return tuple(url for _, _, urls in read for url in urls)


def read_line(line: str) -> tuple[str, ...]:
    """Return the URLs of a line: every column if each is a URL, else the first one that is."""
    plain = _BULLET.sub("", line, count=1) if _BULLET.match(line) else line
    if found := _MARKDOWN.fullmatch(plain.strip(" ,;")):
        plain = found[1]
    cells = [cell for cell in map(_clean, _COLUMN.split(plain)) if cell]
    urls = [url for cell in cells if (url := _read_cell(cell))]
    return tuple(urls) if len(urls) == len(cells) else tuple(urls[:1])


def _clean(cell: str) -> str:
    return cell.strip(_AROUND)


def _read_cell(cell: str) -> str | None:
    """Return the URL that a cell begins with, without notes after it."""
    word = cell.split(maxsplit=1)[0].rstrip(_AROUND)
    head, comma, rest = word.partition(",")
    if comma and "?" not in head and not _TAIL.search(rest):
        word = head
    if not word.lower().startswith(("http://", "https://")):
        if not _SCHEMELESS.match(word):
            return None
        word = f"https://{word.removeprefix('//')}"
    return None if sites.identify(word).rule == "malformed-address" else word
