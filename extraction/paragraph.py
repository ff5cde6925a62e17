"""Parts a block of HTML into its paragraphs, and turns each into text: none lost, none glued."""

from collections.abc import Iterable, Iterator

from lxml.html import Element, HtmlElement
from trafilatura import html2txt

from extraction.prose import clean_line, tidy
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

_SPACES = " \n\t\r\u00a0"

MARK = "¶"
"""Parts paragraphs within one text. Where a page has the sign itself, the count does not agree, and nothing is lost."""

_CELLS = frozenset({"td", "th"})
_HOLDS_CITE = frozenset({"div", "blockquote", "figure"})


def read_paragraphs(blocks: Iterable[HtmlElement]) -> list[str]:
    """The texts of the blocks' paragraphs in order. The blocks are taken apart.

    Those of block quotations are `Quotation`s. A paragraph without elements inside is its own text. trafilatura turns
    all others into text in one call: a call for each takes five times as long.
    """
    parts = [found for block in blocks for found in part(block, 0, is_quoted=False)]
    marked = iter(read_marked([element for element, _ in parts if len(element)]))
    texts = [next(marked) if len(element) else tidy(element.text or "") for element, _ in parts]
    if all(is_quoted for _, is_quoted in parts):  # old pages indent all of their text so
        return [text for text in texts if text]
    return [Quotation(text) if is_quoted else text for text, (_, is_quoted) in zip(texts, parts, strict=True) if text]


def read_marked(elements: list[HtmlElement]) -> list[str]:
    """The text of each element, by trafilatura from one small tree with a mark after every one.

    Where a mark or a letter is missing afterwards, each speaks for itself: none is lost, none glued.
    """
    if not elements:
        return []
    tree = Element("div")
    tree.extend(elements)
    letters = _count_letters(tree.text_content())
    for element in elements:
        element.tail = MARK
    found = [clean_line(text.strip()) for text in html2txt(tree, clean=False).split(MARK)][:-1]
    if len(found) == len(elements) and sum(map(_count_letters, found)) == letters:
        return found
    return [tidy(" ".join(element.itertext())) for element in elements]


def _count_letters(text: str) -> int:
    """The characters that are no spaces. Rarer spaces count, so that a text with them is read the slow way."""
    return len(text) - sum(text.count(space) for space in _SPACES)


def part(element: HtmlElement, depth: int, *, is_quoted: bool) -> Iterator[tuple[HtmlElement, bool]]:
    """The elements that are paragraphs; loose text beside them becomes one, and two line breaks part one.

    With each, whether it stands in a block quotation.
    """
    is_quoted = is_quoted or element.tag == "blockquote"
    if depth > MAX_DEPTH or not _is_compound(element):
        yield element, is_quoted
        return
    if element.tag == "tr" and (row := _read_row(element)) is not None:
        yield row, is_quoted
        return
    run = _loose(element.text)
    for child in list(element):
        tail, child.tail = child.tail, None
        if _is_block(child):
            if run is not None:
                yield run, is_quoted
            yield from part(child, depth + 1, is_quoted=is_quoted)
            run = _loose(tail)
        elif child.tag == "br" and run is not None and len(run) and run[-1].tag == "br" and _is_blank(run[-1].tail):
            yield run, is_quoted
            run = _loose(tail)
        else:
            run = _paragraph(None) if run is None else run
            run.append(child)
            child.tail = tail
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
        elif found.tag in BLOCK_TAGS and _is_block(found):
            return True
    return break_count > 1


def _is_block(element: HtmlElement) -> bool:
    if element.tag == "cite":
        parent = element.getparent()
        return parent is not None and parent.tag in _HOLDS_CITE and not (element.tail or "").strip()
    return element.tag in BLOCK_TAGS or any(found.tag in BLOCK_TAGS for found in element.iterdescendants())


def _read_row(row: HtmlElement) -> HtmlElement | None:
    """A row of a data table as one paragraph; None for a row that lays out a page."""
    cells = [cell for cell in row if cell.tag in _CELLS and "".join(cell.itertext()).strip()]
    if len(cells) < 2 or any(_is_compound(cell) for cell in cells):  # noqa: PLR2004 - one cell is no row of data
        return None
    return _paragraph(" | ".join(tidy(" ".join(cell.itertext())) for cell in cells))


def _loose(text: str | None) -> HtmlElement | None:
    """The paragraph that loose text begins; None for the spaces between two elements."""
    return None if _is_blank(text) else _paragraph(text)


def _is_blank(text: str | None) -> bool:
    return not text or text.isspace()


def _paragraph(text: str | None) -> HtmlElement:
    paragraph = Element("p")
    paragraph.text = text
    return paragraph
