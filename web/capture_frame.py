"""Renders a capture for its frame: inert, with the parts marked that are text of the record."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from lxml import html
from lxml.html import HtmlElement
from markupsafe import Markup

from extraction.tracing import Mark, trace_text
from extraction.tree import make_element
from schemas.article import split_paragraphs
from schemas.capture import Capture
from web.captured_document import make_document
from web.inert_page import make_inert


class CaptureFrame(NamedTuple):
    """A capture as it is shown in its frame."""

    page: Markup | None
    """None if there is nothing to show."""
    notes: tuple[str, ...]
    word_count: int
    """Of the record."""
    found_count: int
    """Of these, the words that are marked."""


class TextNode(NamedTuple):
    """A text in a tree: that at the beginning of an element, or that behind it."""

    element: HtmlElement
    is_tail: bool

    @property
    def text(self) -> str:
        """The text."""
        return (self.element.tail if self.is_tail else self.element.text) or ""


def render_capture(capture: Capture, body: str) -> CaptureFrame:
    """Return a capture as it is shown, with the paragraphs of a record's body marked."""
    document = make_document(capture)
    if document.tree is None:
        return CaptureFrame(None, document.notes, 0, 0)
    page = make_inert(document.tree)
    nodes = list(_list_nodes(page))
    trace = trace_text([one.text for one in nodes], split_paragraphs(body))
    _mark(nodes, trace.marks)
    markup = html.tostring(page, encoding="unicode", method="html")
    return CaptureFrame(Markup(markup), document.notes, trace.word_count, trace.found_count)  # noqa: S704 - it is inert


def _list_nodes(page: HtmlElement) -> Iterator[TextNode]:
    """Yield the texts of a page in its order, without those that are hidden."""
    pending: list[TextNode] = [TextNode(page, is_tail=False)]
    while pending:
        node = pending.pop()
        is_shown = node.is_tail or node.element.get("hidden") is None
        if is_shown and node.text:
            yield node
        for child in reversed(node.element) if is_shown and not node.is_tail else ():
            pending += (TextNode(child, is_tail=True), TextNode(child, is_tail=False))


def _mark(nodes: Sequence[TextNode], marks: Sequence[Mark]) -> None:
    """Put `<mark>` around the marked texts; the first of each paragraph has an id, the last a link to the next."""
    firsts: dict[int, int] = {}
    lasts: dict[int, int] = {}
    for place, mark in enumerate(marks):
        firsts.setdefault(mark.paragraph, place)
        lasts[mark.paragraph] = place
    numbers = {place: number for number, place in enumerate(sorted(firsts.values()), 1)}
    paragraph_numbers = {paragraph: numbers[place] for paragraph, place in firsts.items()}
    for node, group in groupby(enumerate(marks), key=lambda one: one[1].node):
        elements = []
        placed = list(group)
        for place, mark in placed:
            element = make_element("mark")
            element.text = nodes[node].text[mark.start : mark.end]
            number = paragraph_numbers[mark.paragraph]
            if firsts[mark.paragraph] == place:
                element.set("id", f"m{number}")
            elements.append(element)
            if lasts[mark.paragraph] == place and number < len(firsts):
                elements.append(_link_next(number + 1))
        _insert(nodes[node], [mark for _, mark in placed], elements)


def _link_next(number: int) -> HtmlElement:
    link = make_element("a")
    link.set("class", "next")
    link.set("href", f"#m{number}")
    link.set("aria-label", "Next marked passage")
    link.text = "↓"
    return link


def _insert(node: TextNode, marks: Sequence[Mark], elements: Sequence[HtmlElement]) -> None:
    """Replace a text by these elements, with what is not marked between them."""
    text = node.text
    ends = [*(mark.start for mark in marks[1:]), len(text)]
    tails = iter([text[mark.end : end] for mark, end in zip(marks, ends, strict=True)])
    for element, after in zip(elements, [*elements[1:], None], strict=True):
        is_last = after is None or after.tag == "mark"
        element.tail = next(tails) if is_last else None
    if node.is_tail:
        node.element.tail = None
        for element in reversed(elements):
            node.element.addnext(element)
        node.element.tail = text[: marks[0].start]
    else:
        node.element.text = text[: marks[0].start]
        for place, element in enumerate(elements):
            node.element.insert(place, element)
