"""Classify line breaks: the end of a paragraph, the end of a line, or just a space.

In quotations, verse and `<pre>`, and between short lines of one `<p>` among several, a break ends a line. Elsewhere a
break within a sentence is a space, and one between two sentences separates paragraphs, as `<p>` does on modern pages,
unless the text is hard-wrapped, so that most lines end anywhere. A break below an all-bold line, a subhead, always
separates paragraphs.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from lxml.html import HtmlElement

from extraction.normalization import LINE, LINE_CHARS, is_full
from extraction.paragraph import BLOCK_TAGS
from extraction.tree import make_element
from sites.structure import PageRules

MAX_BREAK_COUNT = 2_000
"""Maximum line breaks of an article: long ones have some hundreds; more are a list or a broken page."""

MIN_ENDING_SHARE = 0.5
"""Minimum share of lines that end a sentence, for breaks to separate paragraphs. In hard-wrapped text, one in six does.
"""

MAX_VERSE_CHARS = 60
"""Maximum characters of a line of verse; hard-wrapped text has lines of 60 to 80."""

MAX_QUOTATION_CHARS = 200
"""A longer quotation that is half of the text may not be one: old pages indent all of their text, or use `<pre>`."""

MIN_WRAPPED_SHARE = 0.7
"""Share of lines with no room for the next word, from which on text is hard-wrapped: all but the paragraphs' last."""

MIN_PARAGRAPH_COUNT = 3
"""Number of `<p>` from which on these separate paragraphs, and short lines within one belong together."""

_LINED_TAGS = frozenset({"blockquote", "pre"})

_BOLD_TAGS = frozenset({"b", "strong"})

_ENDS = re.compile(r"[.!?…:][\"'”’»)\]]*\s*$")
_BEGINS = re.compile(r"\s*+[\"'“‘«(\[—–-]*+\s*+[^\W_a-zа-яё]")
_INDENT = re.compile(r"[ \t\r\n]*(?:\u00a0[ \t]*){2,}|[ \t\r\n]*\u3000")
_ABBREVIATION = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Gen|Lt|Col|Sen|Rep|Gov|St|No|vs|[A-Z])\.\s*$")


class Line(NamedTuple):
    """A line of text between breaks."""

    text: str
    is_bold: bool
    """Whether all of it is bold."""


Break = tuple[HtmlElement, Line, Line]
"""A `<br>` with the lines before and after it."""


def separate_lines(content: HtmlElement, rules: PageRules) -> None:
    """Double each line break that separates paragraphs, in place, as two breaks separate them everywhere.

    A break that ends a line becomes `LINE`, any other a space.
    """
    for found in list(content.iter("pre")):
        _break_lines(found)
    breaks = list(content.iter("br"))
    if not 0 < len(breaks) <= MAX_BREAK_COUNT:
        return
    for found in breaks:
        _unwrap_break(found, content)
    has_paragraphs = sum(1 for _ in content.iter("p")) >= MIN_PARAGRAPH_COUNT
    for parent in dict.fromkeys(found.getparent() for found in breaks):
        if parent is not None:
            lines = list(_list_lines(parent))
            keeps_lines = _keeps_lines(parent, lines, content, rules)
            keeps_lines = keeps_lines or (has_paragraphs and parent.tag == "p" and _has_short_lines(lines))
            _replace_breaks(lines, keeps_lines=keeps_lines)


def _replace_breaks(lines: list[Break], *, keeps_lines: bool) -> None:
    """Replace the line breaks of one element. `keeps_lines`: each ends a line."""
    separating = frozenset(() if keeps_lines else _find_separating(lines))
    mark = LINE if keeps_lines or _is_verse(lines) else " "
    for found, _, _ in lines:
        if found in separating:
            _double(found)
        else:
            found.tail = mark + (found.tail or "").lstrip()
            found.drop_tree()


def _keeps_lines(parent: HtmlElement, lines: list[Break], content: HtmlElement, rules: PageRules) -> bool:
    """Whether an element is in a quotation or `<pre>`; if that is most of the text, it must not be hard-wrapped."""
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
    return size <= MAX_QUOTATION_CHARS or 2 * size < len(content.text_content()) or _has_lines(lines)


def _has_lines(lines: list[Break]) -> bool:
    """Whether lines end deliberately: neither at a fixed width nor at sentence ends."""
    width = max((len(line.text.strip()) for _, *both in lines for line in both), default=0)
    full_count = sum(is_full(before.text.strip(), after.text.strip(), width) for _, before, after in lines)
    return bool(lines) and not _find_separating(lines) and full_count < MIN_WRAPPED_SHARE * len(lines)


def _has_short_lines(lines: list[Break]) -> bool:
    """Whether a `<p>` is verse, a postal address or the like. Hard-wrapped text is wider; two sentences are text."""
    width = max((len(line.text.strip()) for _, *both in lines for line in both), default=0)
    if not lines or width > MAX_VERSE_CHARS:
        return False
    if len(lines) == 1:
        (_, before, after), *_ = lines
        return not (_is_subhead(before, after) or _ABBREVIATION.search(before.text) or _ends(before.text))
    return width not in LINE_CHARS or _is_verse(lines)


def _is_verse(lines: list[Break]) -> bool:
    """Whether short lines break deliberately: all begin with a capital, or one has room for the next word."""
    sizes = [len(line.text.strip()) for _, before, after in lines for line in (before, after)]
    if len(lines) < 2 or max(sizes) > MAX_VERSE_CHARS:  # noqa: PLR2004 - one break makes no verse
        return False
    width = max(sizes)
    return all(_BEGINS.match(after.text) for _, _, after in lines) or any(
        not is_full(before.text.strip(), after.text.strip(), width) for _, before, after in lines
    )


def _break_lines(block: HtmlElement) -> None:
    """Replace each line break of preformatted text by a `<br>`."""
    children = list(block)
    for child in reversed(children):
        lines = (child.tail or "").split("\n")
        child.tail = lines[0]
        _insert_lines(block, block.index(child) + 1, lines[1:])
    lines = (block.text or "").split("\n")
    block.text = lines[0]
    _insert_lines(block, 0, lines[1:])


def _insert_lines(block: HtmlElement, index: int, lines: list[str]) -> None:
    for line in reversed(lines):
        found = make_element("br")
        found.tail = line
        block.insert(index, found)


def _unwrap_break(found: HtmlElement, content: HtmlElement) -> None:
    """Unwrap the inline elements around a line break, up to the block that it divides."""
    while (parent := found.getparent()) is not None and parent is not content and parent.tag not in BLOCK_TAGS:
        parent.drop_tag()


def _list_lines(parent: HtmlElement) -> Iterator[Break]:
    """Yield the line breaks with text on both sides, and the lines before and after."""
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


def _find_separating(lines: list[Break]) -> list[HtmlElement]:
    """Return the breaks that separate paragraphs."""
    indented = [found for found, _, after in lines if _INDENT.match(after.text)]
    if indented:
        return indented
    subheads = [found for found, before, after in lines if _is_subhead(before, after)]
    remaining = [line for line in lines if not _is_subhead(*line[1:])]
    ending = [found for found, before, after in remaining if _ends(before.text) and _BEGINS.match(after.text)]
    return subheads + (ending if len(ending) >= MIN_ENDING_SHARE * len(remaining) else [])


def _is_subhead(line: Line, after: Line) -> bool:
    return line.is_bold and not after.is_bold and bool(_BEGINS.match(after.text))


def _ends(line: str) -> bool:
    return bool(_ENDS.search(line)) and not _ABBREVIATION.search(line)


def _double(found: HtmlElement) -> None:
    parent = found.getparent()
    if parent is not None:
        second = make_element("br")
        second.tail, found.tail = found.tail, None
        parent.insert(parent.index(found) + 1, second)
