"""Finds the line breaks of old HTML that part paragraphs: one `<br>` there, where today's pages have `<p>`.

A break within a sentence stays a space. One between two sentences parts two paragraphs, unless the text is wrapped by
hand, so that most of its lines end anywhere.
"""

import re
from collections.abc import Iterator

from lxml.html import Element, HtmlElement

from extraction.paragraph import BLOCK_TAGS

MAX_COUNT = 2_000
"""Line breaks of one article; some hundreds are long, and more are a list or a broken page."""

ENDING_SHARE = 0.5
"""Of lines that must end where a sentence does: in text that is wrapped at a width, one in six does."""

_ENDS = re.compile(r"[.!?…:][\"'”’»)\]]*\s*$")
_BEGINS = re.compile(r"\s*[\"'“‘«(\[—–-]*\s*[^\W_a-zа-яё]")
_INDENT = re.compile(r"[ \t\r\n]*(?:\u00a0[ \t]*){2,}|[ \t\r\n]*\u3000")
_SHORT = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Gen|Lt|Col|Sen|Rep|Gov|St|No|vs|[A-Z])\.\s*$")


def part_lines(content: HtmlElement) -> None:
    """Doubles each line break that parts paragraphs, in place: two are what parts them everywhere."""
    breaks = list(content.iter("br"))
    if not 0 < len(breaks) <= MAX_COUNT:
        return
    for found in breaks:
        _lift(found, content)
    for parent in dict.fromkeys(found.getparent() for found in breaks):
        if parent is not None:
            for found in _choose(list(_list_lines(parent))):
                _double(found)


def _lift(found: HtmlElement, content: HtmlElement) -> None:
    """Brings a line break out of the `<font>` and `<b>` around it, up to the block that it parts."""
    while (parent := found.getparent()) is not None and parent is not content and parent.tag not in BLOCK_TAGS:
        parent.drop_tag()


def _list_lines(parent: HtmlElement) -> Iterator[tuple[HtmlElement, str, str]]:
    """The line breaks that have text on both sides, with the lines before and after."""
    line, last, before = parent.text or "", None, ""
    for child in parent:
        if child.tag == "br" or child.tag in BLOCK_TAGS:
            if last is not None and line.strip() and before.strip():
                yield last, before, line
            last, before, line = (child if child.tag == "br" else None), line, ""
        else:
            line += "".join(child.itertext())
        line += child.tail or ""
    if last is not None and line.strip() and before.strip():
        yield last, before, line


def _choose(lines: list[tuple[HtmlElement, str, str]]) -> list[HtmlElement]:
    """The breaks that part paragraphs."""
    indented = [found for found, _, after in lines if _INDENT.match(after)]
    if indented:
        return indented
    ending = [found for found, before, after in lines if _ends(before) and _BEGINS.match(after)]
    return ending if len(ending) >= ENDING_SHARE * len(lines) else []


def _ends(line: str) -> bool:
    return bool(_ENDS.search(line)) and not _SHORT.search(line)


def _double(found: HtmlElement) -> None:
    parent = found.getparent()
    if parent is not None:
        again = Element("br")
        again.tail, found.tail = found.tail, None
        parent.insert(parent.index(found) + 1, again)
