"""Tells what a line break is: the end of a paragraph, the end of a line, or a mere space.

In quotations, verse and `<pre>` a line ends with it, and so it does between short lines of one `<p>` among several.
Elsewhere one within a sentence is a space, and one between two
sentences parts two paragraphs, as `<p>` does on today's pages: unless the text is wrapped by hand, so that most of its
lines end anywhere. One below a line that is bold throughout, a subhead, always does.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from lxml.html import HtmlElement

from extraction.normalization import LINE, LINE_CHARS, is_full
from extraction.paragraph import BLOCK_TAGS
from extraction.tree import make_element
from sites.structure import PageRules

MAX_COUNT = 2_000
"""Line breaks of one article; some hundreds are long, and more are a list or a broken page."""

ENDING_SHARE = 0.5
"""Of lines that must end where a sentence does: in text that is wrapped at a width, one in six does."""

VERSE_CHARS = 60
"""The longest line of verse; text wrapped by hand has lines of 60 to 80 characters."""

LINED_CHARS = 200
"""A longer quotation that is half of the text may be none: old pages indent all of their text so, or use `<pre>`."""

WRAPPED_SHARE = 0.7
"""Of lines that end where the next word has no room: in wrapped text all do but the last of each paragraph."""

PARAGRAPH_COUNT = 3
"""From so many `<p>` on, these part the paragraphs, and short lines within one belong together."""

_LINED_TAGS = frozenset({"blockquote", "pre"})

_BOLD_TAGS = frozenset({"b", "strong"})

_ENDS = re.compile(r"[.!?…:][\"'”’»)\]]*\s*$")
_BEGINS = re.compile(r"\s*+[\"'“‘«(\[—–-]*+\s*+[^\W_a-zа-яё]")
_INDENT = re.compile(r"[ \t\r\n]*(?:\u00a0[ \t]*){2,}|[ \t\r\n]*\u3000")
_SHORT = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Gen|Lt|Col|Sen|Rep|Gov|St|No|vs|[A-Z])\.\s*$")


class Line(NamedTuple):
    """A line of text that is parted from the next by breaks alone."""

    text: str
    is_bold: bool
    """Throughout."""


Break = tuple[HtmlElement, Line, Line]
"""A `<br>` with the lines before and after it."""


def part_lines(content: HtmlElement, rules: PageRules) -> None:
    """Doubles each line break that parts paragraphs, in place: two are what parts them everywhere.

    One that ends a line becomes `LINE`, any other one a space.
    """
    for found in list(content.iter("pre")):
        _break_lines(found)
    breaks = list(content.iter("br"))
    if not 0 < len(breaks) <= MAX_COUNT:
        return
    for found in breaks:
        _lift(found, content)
    has_paragraphs = sum(1 for _ in content.iter("p")) >= PARAGRAPH_COUNT
    for parent in dict.fromkeys(found.getparent() for found in breaks):
        if parent is not None:
            lines = list(_list_lines(parent))
            is_kept = _keeps_lines(parent, lines, content, rules)
            is_kept = is_kept or (has_paragraphs and parent.tag == "p" and _has_short_lines(lines))
            _settle(lines, is_kept=is_kept)


def _settle(lines: list[Break], *, is_kept: bool) -> None:
    """Make of the line breaks in one element what they are; `is_kept`: each ends a line."""
    parting = frozenset(() if is_kept else _choose(lines))
    mark = LINE if is_kept or _is_verse(lines) else " "
    for found, _, _ in lines:
        if found in parting:
            _double(found)
        else:
            found.tail = mark + (found.tail or "").lstrip()
            found.drop_tree()


def _keeps_lines(parent: HtmlElement, lines: list[Break], content: HtmlElement, rules: PageRules) -> bool:
    """Whether an element stands in a quotation or in `<pre>`; one that is most of the text must not be wrapped."""
    lined: HtmlElement | None = None
    for element in (parent, *parent.iterancestors()):
        if not rules.lined_classes.isdisjoint((element.get("class") or "").split()):
            return True
        if lined is None and element.tag in _LINED_TAGS:
            lined = element
        if element is content:
            break
    if lined is None:
        return False
    size = len(lined.text_content())
    return size <= LINED_CHARS or 2 * size < len(content.text_content()) or _has_lines(lines)


def _has_lines(lines: list[Break]) -> bool:
    """Whether lines end where their author wanted: neither at a width, nor where sentences do."""
    width = max((len(line.text.strip()) for _, *both in lines for line in both), default=0)
    full_count = sum(is_full(before.text.strip(), after.text.strip(), width) for _, before, after in lines)
    return bool(lines) and not _choose(lines) and full_count < WRAPPED_SHARE * len(lines)


def _has_short_lines(lines: list[Break]) -> bool:
    """Whether a `<p>` is verse, a URL or the like; what is wrapped by hand is wider, two sentences are text."""
    width = max((len(line.text.strip()) for _, *both in lines for line in both), default=0)
    if not lines or width > VERSE_CHARS:
        return False
    if len(lines) == 1:
        (_, before, after), *_ = lines
        return not (_is_subhead(before, after) or _SHORT.search(before.text) or _ends(before.text))
    return width not in LINE_CHARS or _is_verse(lines)


def _is_verse(lines: list[Break]) -> bool:
    """Whether short lines break where the author wanted, each in a capital or with room left for the next word."""
    sizes = [len(line.text.strip()) for _, before, after in lines for line in (before, after)]
    if len(lines) < 2 or max(sizes) > VERSE_CHARS:  # noqa: PLR2004 - one break makes no verse
        return False
    width = max(sizes)
    return all(_BEGINS.match(after.text) for _, _, after in lines) or any(
        not is_full(before.text.strip(), after.text.strip(), width) for _, before, after in lines
    )


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
        found = make_element("br")
        found.tail = line
        block.insert(place, found)


def _lift(found: HtmlElement, content: HtmlElement) -> None:
    """Brings a line break out of the `<font>` and `<b>` around it, up to the block that it parts."""
    while (parent := found.getparent()) is not None and parent is not content and parent.tag not in BLOCK_TAGS:
        parent.drop_tag()


def _list_lines(parent: HtmlElement) -> Iterator[Break]:
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


def _choose(lines: list[Break]) -> list[HtmlElement]:
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
        again = make_element("br")
        again.tail, found.tail = found.tail, None
        parent.insert(parent.index(found) + 1, again)
