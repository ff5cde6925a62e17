"""Writes text as records have it: Unicode NFC, plain spaces, paragraphs parted by a blank line."""

import re
from unicodedata import normalize

from schemas.article import PARAGRAPH_BREAK
from sites.character import clean_characters

LINE = "⏎"
"""Stands for a line break within a paragraph until all spaces are single."""

_LINE_BREAK = re.compile(rf"(?:(?<!\s)\s++)?+{LINE}\s*+")


def restore_lines(text: str) -> str:
    """A paragraph with its line breaks."""
    return _LINE_BREAK.sub("\n", text).strip("\n") if LINE in text else text


def tidy(text: str) -> str:
    """One line of plain text: NFC, every run of any spaces one plain space."""
    return clean_line(" ".join(text.split()))


def clean_line(line: str) -> str:
    """The same for text whose spaces are plain and single already."""
    if not line.isprintable():  # far quicker than the expressions, and almost always enough
        line = " ".join(clean_characters(line).split())
    return normalize("NFC", line)


def tidy_or_none(text: str | None) -> str | None:
    """The same; None where nothing is left."""
    return tidy(text or "") or None


def join(paragraphs: tuple[str, ...] | list[str]) -> str:
    """A body."""
    return PARAGRAPH_BREAK.join(paragraphs)
