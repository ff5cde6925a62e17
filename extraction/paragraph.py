"""Parts a block of HTML into its paragraphs, and turns each into text: none lost, none glued."""

import re
from collections.abc import Iterable, Iterator

from lxml.etree import iterwalk
from lxml.html import HtmlElement

from boilerplate.remover import Quotation
from extraction.normalization import restore_lines, tidy
from extraction.tree import make_element

BLOCK_TAGS = frozenset(
    {
        "address",
        "article",
        "blockquote",
        "center",
        "cite",
        "dd",
        "div",
        "dl",
        "dt",
        "figcaption",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    }
)
"""What begins a paragraph. `cite` stands apart after a pull quote; within a sentence it is a part of it."""

MAX_DEPTH = 100
"""Deeper nesting is no article's: the rest is taken as one paragraph."""

DATUM_CHARS = 200
"""Of a cell with several paragraphs; where a page is laid out in columns, one of them has more text than that."""

_CELLS = frozenset({"td", "th"})
_ENDS_WORD = re.compile(r"[a-zа-яё.!?…:;,”»)]$")
_BEGINS_WORD = re.compile(r"[A-ZА-ЯЁ“«]")
_HOLDS_CITE = frozenset({"div", "blockquote", "figure"})


class Attribution(Quotation):
    """Who said what is quoted right before it, in a paragraph of its own."""

    __slots__ = ()


class Infobox(str):
    """A paragraph of what the newsroom sets beside its text."""

    __slots__ = ()


def read_paragraphs(blocks: Iterable[HtmlElement], infobox_classes: frozenset[str] = frozenset()) -> list[str]:
    """The texts of the blocks' paragraphs in order. The blocks are taken apart.

    Those of block quotations are `Quotation`s, those of elements with one of these classes `Infobox`es.
    """
    parts = [found for block in blocks for found in part(block, 0, str, infobox_classes)]
    texts = [restore_lines(spell(element) if len(element) else tidy(element.text or "")) for element, _ in parts]
    if all(mark is Quotation for _, mark in parts):  # old pages indent all of their text so
        return [text for text in texts if text]
    return [text if mark is str else mark(text) for text, (_, mark) in zip(texts, parts, strict=True) if text]


def spell(element: HtmlElement, *, is_line: bool = False) -> str:
    """The text of one element, a space at each break and at the edges of each block.

    `is_line`: a title or a caption, in which two elements side by side may be two things, one below the other.
    """
    texts: list[str] = []
    for event, found in iterwalk(element, events=("start", "end")):
        if found.tag == "br" or found.tag in BLOCK_TAGS or (is_line and event == "start" and _is_beside(found)):
            texts.append(" ")
        if event == "start":
            texts.append(found.text or "")
        elif found is not element:
            texts.append(found.tail or "")
    return tidy("".join(texts))


def spell_line(element: HtmlElement) -> str:
    """The text of a title or a caption."""
    return spell(element, is_line=True) if len(element) else tidy(element.text or "")


def _is_beside(element: HtmlElement) -> bool:
    """Whether an element stands right behind another that ends a word or a sentence, and begins one: no initial."""
    before = element.getprevious()
    if before is None or before.tail:
        return False
    return bool(_ENDS_WORD.search("".join(before.itertext())) and _BEGINS_WORD.match("".join(element.itertext())))


def part(
    element: HtmlElement, depth: int, mark: type[str], infobox_classes: frozenset[str]
) -> Iterator[tuple[HtmlElement, type[str]]]:
    """The elements that are paragraphs; loose text beside them becomes one, and two line breaks part one.

    With each, what it is a part of.
    """
    mark = _find_mark(element, mark, infobox_classes)
    if depth > MAX_DEPTH or not _is_compound(element):
        yield element, mark
        return
    if element.tag == "tr" and (row := read_row(element)) is not None:
        yield _paragraph(row), mark
        return
    run, last = _loose(element.text), None  # lxml looks through all of a run's children for the last of them
    for child in list(element):
        tail, child.tail = child.tail, None
        if is_block(child):
            if run is not None:
                yield run, mark
            yield from part(child, depth + 1, mark, infobox_classes)
            run, last = _loose(tail), None
        elif child.tag == "br" and run is not None and last is not None and last.tag == "br" and _is_blank(last.tail):
            yield run, mark
            run, last = _loose(tail), None
        else:
            run = _paragraph(None) if run is None else run
            run.append(child)
            child.tail, last = tail, child
    if run is not None:
        yield run, mark


def _find_mark(element: HtmlElement, mark: type[str], infobox_classes: frozenset[str]) -> type[str]:
    """What the paragraphs in an element are, where those around it are of this kind."""
    if element.tag == "blockquote":
        return Quotation
    if element.tag == "cite":
        before = element.getprevious()
        return Attribution if mark is str and before is not None and before.tag == "blockquote" else mark
    names = element.get("class") if infobox_classes and mark is str else None
    return mark if names is None or infobox_classes.isdisjoint(names.split()) else Infobox


def _is_compound(element: HtmlElement) -> bool:
    """Whether it holds blocks, or line breaks enough to part paragraphs."""
    if not len(element):
        return False
    break_count = 0
    for found in element.iterdescendants():  # naming the tags here takes lxml longer than the whole walk
        if found.tag == "br":
            break_count += 1
        elif found.tag in BLOCK_TAGS and is_block(found):
            return True
    return break_count > 1


def is_block(element: HtmlElement) -> bool:
    """Whether an element begins a paragraph, or holds what does."""
    if element.tag == "cite":
        parent = element.getparent()
        return parent is not None and parent.tag in _HOLDS_CITE and not (element.tail or "").strip()
    return element.tag in BLOCK_TAGS or any(found.tag in BLOCK_TAGS for found in element.iterdescendants())


def read_row(row: HtmlElement) -> str | None:
    """A row of a data table as one paragraph; None for a row that lays out a page."""
    cells = [cell for cell in row if cell.tag in _CELLS and "".join(cell.itertext()).strip()]
    if len(cells) < 2 or not all(map(_is_datum, cells)):  # noqa: PLR2004 - one cell is no row of data
        return None
    return " | ".join(map(spell, cells))


def _is_datum(cell: HtmlElement) -> bool:
    """Whether a cell holds one line, or some short ones; a column of text holds more."""
    if not _is_compound(cell):
        return True
    return len(cell.text_content()) <= DATUM_CHARS and next(cell.iter("table"), None) is None


def _loose(text: str | None) -> HtmlElement | None:
    """The paragraph that loose text begins; None for the spaces between two elements."""
    return None if _is_blank(text) else _paragraph(text)


def _is_blank(text: str | None) -> bool:
    return not text or text.isspace()


def _paragraph(text: str | None) -> HtmlElement:
    paragraph = make_element("p")
    paragraph.text = text
    return paragraph
