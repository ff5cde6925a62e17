"""Finds the line breaks of old HTML that part paragraphs: one `<br>` there, where today's pages have `<p>`.

A break within a sentence stays a space. One between two sentences parts two paragraphs, unless the text is wrapped by
hand, so that most of its lines end anywhere. One below a line that is bold throughout, a subhead, always does.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from lxml.html import Element, HtmlElement

from extraction.paragraph import BLOCK_TAGS

MAX_COUNT = 2_000
"""Line breaks of one article; some hundreds are long, and more are a list or a broken page."""

ENDING_SHARE = 0.5
"""Of lines that must end where a sentence does: in text that is wrapped at a width, one in six does."""

_BOLD_TAGS = frozenset({"b", "strong"})

_ENDS = re.compile(r"[.!?…:][\"'”’»)\]]*\s*$")
_BEGINS = re.compile(r"\s*[\"'“‘«(\[—–-]*\s*[^\W_a-zа-яё]")
_INDENT = re.compile(r"[ \t\r\n]*(?:\u00a0[ \t]*){2,}|[ \t\r\n]*\u3000")
_SHORT = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Gen|Lt|Col|Sen|Rep|Gov|St|No|vs|[A-Z])\.\s*$")


class Line(NamedTuple):
    """A line of text that is parted from the next by breaks alone."""

    text: str
    is_bold: bool
    """Throughout."""


def part_lines(content: HtmlElement) -> None:
    """Doubles each line break that parts paragraphs, in place: two are what parts them everywhere."""
    for found in list(content.iter("pre")):
        _break_lines(found)
    breaks = list(content.iter("br"))
    if not 0 < len(breaks) <= MAX_COUNT:
        return
    for found in breaks:
        _lift(found, content)
    for parent in dict.fromkeys(found.getparent() for found in breaks):
        if parent is not None:
            for found in _choose(list(_list_lines(parent))):
                _double(found)


def _break_lines(block: HtmlElement) -> None:
    """Puts a `<br>` for each line break in text that is shown as it is written."""
    children = list(block)
    for child in reversed(children):
        lines = (child.tail or "").split("\n")
        child.tail = lines[0]
        _insert_lines(block, block.index(child) + 1, lines[1:])
    lines = (block.text or "").split("\n")
    block.text = lines[0]
    _insert_lines(block, 0, lines[1:])


def _insert_lines(block: HtmlElement, place: int, lines: list[str]) -> None:
    for line in reversed(lines):
        found = Element("br")
        found.tail = line
        block.insert(place, found)


def _lift(found: HtmlElement, content: HtmlElement) -> None:
    """Brings a line break out of the `<font>` and `<b>` around it, up to the block that it parts."""
    while (parent := found.getparent()) is not None and parent is not content and parent.tag not in BLOCK_TAGS:
        parent.drop_tag()


def _list_lines(parent: HtmlElement) -> Iterator[tuple[HtmlElement, Line, Line]]:
    """The line breaks that have text on both sides, with the lines before and after."""
    texts, bold = [parent.text or ""], list[str]()
    last, before = None, Line("", is_bold=False)
    for child in [*parent, None]:
        if child is None or child.tag == "br" or child.tag in BLOCK_TAGS:
            line = "".join(texts)
            after = Line(line, is_bold=bool(bold) and "".join("".join(bold).split()) == "".join(line.split()))
            if last is not None and line.strip() and before.text.strip():
                yield last, before, after
            if child is None:
                return
            texts, bold, last, before = [], [], (child if child.tag == "br" else None), after
        else:
            texts.append("".join(child.itertext()))
            bold += texts[-1:] if child.tag in _BOLD_TAGS else []
        texts.append(child.tail or "")


def _choose(lines: list[tuple[HtmlElement, Line, Line]]) -> list[HtmlElement]:
    """The breaks that part paragraphs."""
    indented = [found for found, _, after in lines if _INDENT.match(after.text)]
    if indented:
        return indented
    subheads = [found for found, before, after in lines if _is_subhead(before, after)]
    rest = [line for line in lines if not _is_subhead(*line[1:])]
    ending = [found for found, before, after in rest if _ends(before.text) and _BEGINS.match(after.text)]
    return subheads + (ending if len(ending) >= ENDING_SHARE * len(rest) else [])


def _is_subhead(line: Line, after: Line) -> bool:
    return line.is_bold and not after.is_bold and bool(_BEGINS.match(after.text))


def _ends(line: str) -> bool:
    return bool(_ENDS.search(line)) and not _SHORT.search(line)


def _double(found: HtmlElement) -> None:
    parent = found.getparent()
    if parent is not None:
        again = Element("br")
        again.tail, found.tail = found.tail, None
        parent.insert(parent.index(found) + 1, again)
