"""Writes text as records have it: Unicode NFC, plain spaces, paragraphs parted by a blank line."""

import re
from collections.abc import Sequence
from itertools import compress, pairwise
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


LINE_CHARS = range(50, 101)
"""Text wrapped by hand has lines of 60 to 80 characters: where the longest is shorter or longer, it is not wrapped."""

SLACK_CHARS = 2
"""Two spaces after a sentence, which are one by now."""

TITLE_WORD_CHARS = 4
"""Shorter words of a headline may be without a capital."""

_SENTENCE_END = re.compile(r"[.!?:;…][\"'”’»)\]]*$")
_WORD = re.compile(r"[^\W\d_]+")


def join_wrapped(blocks: Sequence[list[str]]) -> list[str]:
    """The paragraphs of lines in blocks that blank lines part: a line each, but for blocks that were wrapped.

    Somewhere a sentence must go on in a small letter where the next word had no room: paragraphs on lines of their own
    do not.
    """
    wrapped = [len(block) > 1 and max(map(len, block)) in LINE_CHARS for block in blocks]
    width = max((len(line) for block in compress(blocks, wrapped) for line in block), default=0)
    breaks = (pair for block in compress(blocks, wrapped) for pair in pairwise(block))
    if not any(_goes_on(line, after, width) and after[0].islower() for line, after in breaks):
        return [line for block in blocks for line in block]
    found: list[str] = []
    for block, is_wrapped in zip(blocks, wrapped, strict=True):
        found += _join(block, width, is_parted=len(blocks) > 1) if is_wrapped else block
    return found


def is_title(line: str) -> bool:
    """Whether a line is spelled as a headline: every longer word with a capital, and no full stop at its end."""
    words = [word for word in _WORD.findall(line) if len(word) >= TITLE_WORD_CHARS]
    return len(words) > 1 and all(word[0].isupper() for word in words) and not _SENTENCE_END.search(line)


def _join(lines: list[str], width: int, *, is_parted: bool) -> list[str]:
    """The paragraphs of a wrapped block; `is_parted`: blank lines part them, so that a sentence may end with a line."""
    found = lines[:1]
    for place, (line, after) in enumerate(pairwise(lines)):
        is_headline = place == 0 and is_title(line)
        if not is_headline and (_goes_on(line, after, width) or (is_parted and is_full(line, after, width))):
            found[-1] += f" {after}"
        else:
            found.append(after)
    return found


def _goes_on(line: str, after: str, width: int) -> bool:
    return is_full(line, after, width) and not _SENTENCE_END.search(line)


def is_full(line: str, after: str, width: int) -> bool:
    """Whether the next line's first word had no room on this one."""
    return len(line) + 1 + len(after.split(" ", 1)[0]) > width - SLACK_CHARS
