"""Split blocks of HTML into paragraphs of text, without losing or joining any."""

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
"""Tags that begin a paragraph. `cite` does so after a pull quote, but not within a sentence."""

MAX_DEPTH = 100
"""Maximum nesting; anything deeper is not from an article, and becomes one paragraph."""

MAX_DATUM_CHARS = 200
"""Maximum characters of a data cell with several paragraphs; in a layout table, one of the columns has more."""

_CELLS = frozenset({"td", "th"})
_ENDS_WORD = re.compile(r"[a-zа-яё.!?…:;,”»)]$")
_BEGINS_WORD = re.compile(r"[A-ZА-ЯЁ“«]")
_HOLDS_CITE = frozenset({"div", "blockquote", "figure"})


class Attribution(Quotation):
    """The speaker of the preceding quotation, as a separate paragraph."""

    __slots__ = ()


class Infobox(str):
    """A paragraph of a box beside the text."""

    __slots__ = ()


def read_paragraphs(blocks: Iterable[HtmlElement], infobox_classes: frozenset[str] = frozenset()) -> list[str]:
    """Return the texts of the blocks' paragraphs in order. Modifies the blocks.

    Those in block quotations are `Quotation`s, those in elements with one of these classes `Infobox`es.
    """
    parts = [found for block in blocks for found in split_paragraphs(block, 0, str, infobox_classes)]
    texts = [restore_lines(render_text(element) if len(element) else tidy(element.text or "")) for element, _ in parts]
    if all(paragraph_type is Quotation for _, paragraph_type in parts):  # old pages indent all of their text this way
        return [text for text in texts if text]
    return [
        text if paragraph_type is str else paragraph_type(text)
        for text, (_, paragraph_type) in zip(texts, parts, strict=True)
        if text
    ]


def render_text(element: HtmlElement, *, is_line: bool = False) -> str:
    """Return the text of one element, with spaces at breaks and around blocks.

    `is_line`: for a title or a caption, in which adjacent elements may be shown on separate lines.
    """
    texts: list[str] = []
    for event, found in iterwalk(element, events=("start", "end")):
        if found.tag == "br" or found.tag in BLOCK_TAGS or (is_line and event == "start" and _is_adjacent(found)):
            texts.append(" ")
        if event == "start":
            texts.append(found.text or "")
        elif found is not element:
            texts.append(found.tail or "")
    return tidy("".join(texts))


def render_line(element: HtmlElement) -> str:
    """Return the text of a title or a caption."""
    return render_text(element, is_line=True) if len(element) else tidy(element.text or "")


def _is_adjacent(element: HtmlElement) -> bool:
    """Whether an element directly follows another and both have whole words, unlike a drop cap and its word."""
    before = element.getprevious()
    if before is None or before.tail:
        return False
    return bool(_ENDS_WORD.search("".join(before.itertext())) and _BEGINS_WORD.match("".join(element.itertext())))


def split_paragraphs(
    element: HtmlElement, depth: int, paragraph_type: type[str], infobox_classes: frozenset[str]
) -> Iterator[tuple[HtmlElement, type[str]]]:
    """Yield the elements that are paragraphs, each with its type.

    Loose text beside blocks becomes a paragraph, and two line breaks separate paragraphs.
    """
    paragraph_type = _find_type(element, paragraph_type, infobox_classes)
    if depth > MAX_DEPTH or not _is_compound(element):
        yield element, paragraph_type
        return
    if element.tag == "tr" and (row := read_row(element)) is not None:
        yield _make_paragraph(row), paragraph_type
        return
    current, last = _start_paragraph(element.text), None  # `last` because lxml scans all children to find the last one
    for child in list(element):
        tail, child.tail = child.tail, None
        if is_block(child):
            if current is not None:
                yield current, paragraph_type
            yield from split_paragraphs(child, depth + 1, paragraph_type, infobox_classes)
            current, last = _start_paragraph(tail), None
        elif (
            child.tag == "br" and current is not None and last is not None and last.tag == "br" and _is_blank(last.tail)
        ):
            yield current, paragraph_type
            current, last = _start_paragraph(tail), None
        else:
            current = _make_paragraph(None) if current is None else current
            current.append(child)
            child.tail, last = tail, child
    if current is not None:
        yield current, paragraph_type


def _find_type(element: HtmlElement, paragraph_type: type[str], infobox_classes: frozenset[str]) -> type[str]:
    """Return the type of an element's paragraphs, given that of the surrounding ones."""
    if element.tag == "blockquote":
        return Quotation
    if element.tag == "cite":
        before = element.getprevious()
        return (
            Attribution
            if paragraph_type is str and before is not None and before.tag == "blockquote"
            else paragraph_type
        )
    names = element.get("class") if infobox_classes and paragraph_type is str else None
    return paragraph_type if names is None or infobox_classes.isdisjoint(names.split()) else Infobox


def _is_compound(element: HtmlElement) -> bool:
    """Whether it contains blocks, or enough line breaks to separate paragraphs."""
    if not len(element):
        return False
    break_count = 0
    for found in element.iterdescendants():  # filtering by tag in lxml takes longer than the whole loop
        if found.tag == "br":
            break_count += 1
        elif found.tag in BLOCK_TAGS and is_block(found):
            return True
    return break_count > 1


def is_block(element: HtmlElement) -> bool:
    """Whether an element begins a paragraph, or contains one that does."""
    if element.tag == "cite":
        parent = element.getparent()
        return parent is not None and parent.tag in _HOLDS_CITE and not (element.tail or "").strip()
    return element.tag in BLOCK_TAGS or any(found.tag in BLOCK_TAGS for found in element.iterdescendants())


def read_row(row: HtmlElement) -> str | None:
    """Return a row of a data table as one paragraph; None for a row of a layout table."""
    cells = [cell for cell in row if cell.tag in _CELLS and "".join(cell.itertext()).strip()]
    if len(cells) < 2 or not all(map(_is_datum, cells)):  # noqa: PLR2004 - one cell is not a row of data
        return None
    return " | ".join(map(render_text, cells))


def _is_datum(cell: HtmlElement) -> bool:
    """Whether a cell has one line or some short ones; a column of a layout table has more."""
    if not _is_compound(cell):
        return True
    return len(cell.text_content()) <= MAX_DATUM_CHARS and next(cell.iter("table"), None) is None


def _start_paragraph(text: str | None) -> HtmlElement | None:
    """Return a new paragraph with this loose text; None if it is only whitespace."""
    return None if _is_blank(text) else _make_paragraph(text)


def _is_blank(text: str | None) -> bool:
    return not text or text.isspace()


def _make_paragraph(text: str | None) -> HtmlElement:
    paragraph = make_element("p")
    paragraph.text = text
    return paragraph
