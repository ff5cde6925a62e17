"""Parts a block of HTML into its paragraphs, and turns each into text: none lost, none glued."""

from collections.abc import Iterable, Iterator

from lxml.etree import iterwalk
from lxml.html import HtmlElement

from extraction.prose import restore_lines, tidy
from extraction.tree import make_element
from sites.boilerplate import Quotation

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

_CELLS = frozenset({"td", "th"})
_HOLDS_CITE = frozenset({"div", "blockquote", "figure"})


def read_paragraphs(blocks: Iterable[HtmlElement]) -> list[str]:
    """The texts of the blocks' paragraphs in order. The blocks are taken apart.

    Those of block quotations are `Quotation`s.
    """
    parts = [found for block in blocks for found in part(block, 0, is_quoted=False)]
    texts = [restore_lines(_spell(element) if len(element) else tidy(element.text or "")) for element, _ in parts]
    if all(is_quoted for _, is_quoted in parts):  # old pages indent all of their text so
        return [text for text in texts if text]
    return [Quotation(text) if is_quoted else text for text, (_, is_quoted) in zip(texts, parts, strict=True) if text]


def _spell(element: HtmlElement) -> str:
    """The text of one element, a space at each break and at the edges of each block."""
    texts: list[str] = []
    for event, found in iterwalk(element, events=("start", "end")):
        if found.tag == "br" or found.tag in BLOCK_TAGS:
            texts.append(" ")
        if event == "start":
            texts.append(found.text or "")
        elif found is not element:
            texts.append(found.tail or "")
    return tidy("".join(texts))


def part(element: HtmlElement, depth: int, *, is_quoted: bool) -> Iterator[tuple[HtmlElement, bool]]:
    """The elements that are paragraphs; loose text beside them becomes one, and two line breaks part one.

    With each, whether it stands in a block quotation.
    """
    is_quoted = is_quoted or element.tag == "blockquote"
    if depth > MAX_DEPTH or not _is_compound(element):
        yield element, is_quoted
        return
    if element.tag == "tr" and (row := read_row(element)) is not None:
        yield _paragraph(row), is_quoted
        return
    run, last = _loose(element.text), None  # lxml looks through all of a run's children for the last of them
    for child in list(element):
        tail, child.tail = child.tail, None
        if is_block(child):
            if run is not None:
                yield run, is_quoted
            yield from part(child, depth + 1, is_quoted=is_quoted)
            run, last = _loose(tail), None
        elif child.tag == "br" and run is not None and last is not None and last.tag == "br" and _is_blank(last.tail):
            yield run, is_quoted
            run, last = _loose(tail), None
        else:
            run = _paragraph(None) if run is None else run
            run.append(child)
            child.tail, last = tail, child
    if run is not None:
        yield run, is_quoted


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
    if len(cells) < 2 or any(_is_compound(cell) for cell in cells):  # noqa: PLR2004 - one cell is no row of data
        return None
    return " | ".join(tidy(" ".join(cell.itertext())) for cell in cells)


def _loose(text: str | None) -> HtmlElement | None:
    """The paragraph that loose text begins; None for the spaces between two elements."""
    return None if _is_blank(text) else _paragraph(text)


def _is_blank(text: str | None) -> bool:
    return not text or text.isspace()


def _paragraph(text: str | None) -> HtmlElement:
    paragraph = make_element("p")
    paragraph.text = text
    return paragraph
