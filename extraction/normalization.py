"""Normalize text for records: Unicode NFC, plain spaces, paragraphs separated by a blank line."""

import re
from collections.abc import Sequence
from itertools import compress, pairwise
from unicodedata import normalize

from schemas.article import PARAGRAPH_BREAK
from sites.character import clean_characters

LINE = "⏎"
"""Placeholder for a line break within a paragraph until spaces have been normalized."""

_LINE_BREAK = re.compile(rf"(?:(?<!\s)\s++)?+{LINE}\s*+")


def restore_lines(text: str) -> str:
    """Replace the placeholders in a paragraph by line breaks."""
    return _LINE_BREAK.sub("\n", text).strip("\n") if LINE in text else text


def tidy(text: str) -> str:
    """Return one line of plain text: NFC, with each run of whitespace as one space."""
    return clean_line(" ".join(text.split()))


def clean_line(line: str) -> str:
    """Do the same for text whose spaces are normalized already."""
    if not line.isprintable():  # far faster than the regular expressions, and almost always sufficient
        line = " ".join(clean_characters(line).split())
    return normalize("NFC", line)


def tidy_or_none(text: str | None) -> str | None:
    """Do the same; return None if nothing is left."""
    return tidy(text or "") or None


def join(paragraphs: tuple[str, ...] | list[str]) -> str:
    """Join paragraphs into a body."""
    return PARAGRAPH_BREAK.join(paragraphs)


LINE_CHARS = range(50, 101)
"""Range of the longest line of hard-wrapped text, which has lines of 60 to 80 characters."""

SLACK_CHARS = 2
"""Tolerance for double spaces after sentences, which are single by now."""

TITLE_WORD_CHARS = 4
"""Minimum letters of a headline's word that needs a capital."""

_SENTENCE_END = re.compile(r"[.!?:;…][\"'”’»)\]]*$")
_WORD = re.compile(r"[^\W\d_]+")


def join_wrapped(blocks: Sequence[list[str]]) -> list[str]:
    """Return the paragraphs of blocks of lines: one per line, except that hard-wrapped lines are joined.

    A text is hard-wrapped if a full line is followed by a lower-case letter, which does not happen with one paragraph
    per line.
    """
    wrapped = [len(block) > 1 and max(map(len, block)) in LINE_CHARS for block in blocks]
    width = max((len(line) for block in compress(blocks, wrapped) for line in block), default=0)
    breaks = (pair for block in compress(blocks, wrapped) for pair in pairwise(block))
    if not any(_continues(line, after, width) and after[0].islower() for line, after in breaks):
        return [line for block in blocks for line in block]
    found: list[str] = []
    for block, is_wrapped in zip(blocks, wrapped, strict=True):
        found += _join_block(block, width, is_separated=len(blocks) > 1) if is_wrapped else block
    return found


def is_title(line: str) -> bool:
    """Whether a line is capitalised as a headline: every longer word has a capital, and no full stop ends it."""
    words = [word for word in _WORD.findall(line) if len(word) >= TITLE_WORD_CHARS]
    return len(words) > 1 and all(word[0].isupper() for word in words) and not _SENTENCE_END.search(line)


def _join_block(lines: list[str], width: int, *, is_separated: bool) -> list[str]:
    """Join a wrapped block into paragraphs.

    `is_separated`: blank lines separate paragraphs, so a full line that ends a sentence is joined as well.
    """
    found = lines[:1]
    for index, (line, after) in enumerate(pairwise(lines)):
        is_headline = index == 0 and is_title(line)
        if not is_headline and (_continues(line, after, width) or (is_separated and is_full(line, after, width))):
            found[-1] += f" {after}"
        else:
            found.append(after)
    return found


def _continues(line: str, after: str, width: int) -> bool:
    return is_full(line, after, width) and not _SENTENCE_END.search(line)


def is_full(line: str, after: str, width: int) -> bool:
    """Whether the next line's first word did not fit on this one."""
    return len(line) + 1 + len(after.split(" ", 1)[0]) > width - SLACK_CHARS
