"""Compare the text that trafilatura extracts from the article's elements with the paragraphs read from its blocks.

These are two independent extractions of the page. If they agree, the text is confirmed; if not, flags name the
difference.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import trafilatura
from lxml.etree import SubElement, strip_tags
from lxml.html import HtmlElement
from trafilatura.settings import Document, Extractor

from extraction.normalization import restore_lines, tidy
from extraction.paragraph import BLOCK_TAGS, is_block, read_row
from extraction.tree import is_overgrown, make_element

_KEPT_TAGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "p", "pre", "blockquote"})
"""Tags that are kept; other tags become `<p>`."""

_PREFORMATTED_TAGS = frozenset({"pre", "blockquote"})
"""Tags in which trafilatura treats line breaks of the source as visible."""

# `dedup` would keep state, so that the sixth extraction of a page would differ.
# `recall`: the site's rules have removed the furniture, so everything left is text.
_OPTIONS = Extractor(output_format="python", fast=True, recall=True, comments=False, dedup=False)
_OPTIONS.min_extracted_size = 0  # accept a text of one sentence instead of falling back

_END_MARKER = "The end."
"""Paragraph appended to the text, because trafilatura drops a trailing heading."""


def find_differences(contents: Sequence[HtmlElement], paragraphs: Sequence[str]) -> frozenset[str]:
    """Return flags for how trafilatura's extraction differs from these paragraphs; empty if it does not.

    `contents` have no furniture and no inline elements (`simplify`), and are modified.
    """
    tree = narrow(contents)
    if is_overgrown(tree):
        return frozenset({"page-overgrown"})
    text = extract_text(tree)
    if text == "\n".join((*paragraphs, _END_MARKER)):  # fast path for most pages
        return frozenset()
    found, expected = _drop_repeats(_list_lines(text)), _drop_repeats(paragraphs)
    if found == expected:
        return frozenset()
    return frozenset(f"trafilatura-{what}-paragraph" for what in _name_differences(found, expected))


def extract_text(tree: HtmlElement) -> str:
    """Return what trafilatura extracts from a narrowed tree, one paragraph per line. Modifies the tree."""
    document = make_element("html")
    tree.tag = "article"
    SubElement(tree, "p").text = _END_MARKER
    SubElement(document, "body").append(tree)
    found = trafilatura.bare_extraction(document, options=_OPTIONS)
    return (found.text or "") if isinstance(found, Document) else ""


def _list_lines(text: str) -> list[str]:
    """Return the paragraphs of an extracted text, normalized."""
    lines = [restore_lines(line) for part in text.split("\n") if (line := tidy(part))]
    return lines[:-1] if lines[-1:] == [_END_MARKER] else lines


def _drop_repeats(paragraphs: Iterable[str]) -> list[str]:
    """Return the paragraphs without consecutive repeats, which trafilatura drops too."""
    return [paragraph for paragraph, _ in groupby(paragraphs)]


def simplify(content: HtmlElement) -> None:
    """Unwrap, in place, all elements that do not separate text, keeping their text."""
    for cite in [found for found in content.iter("cite") if not is_block(found)]:
        cite.drop_tag()
    tags = {str(found.tag) for found in content.iterdescendants()} - BLOCK_TAGS - {"br"}
    if tags:
        strip_tags(content, *tags)


def narrow(contents: Iterable[HtmlElement]) -> HtmlElement:
    """Return a tree with only paragraphs, headings and quotations, without wrappers and attributes.

    Wrappers, lists and class names are specific to the publisher, and would affect trafilatura's heuristics.
    """
    frame = make_element("body")
    for content in contents:
        content.tail = None
        frame.append(content)
    for element in list(frame.iterdescendants()):
        _simplify_element(element)
    strip_tags(frame, "div")
    return frame


def _simplify_element(element: HtmlElement) -> None:
    """Rename an element to what trafilatura understands, and wrap loose text beside blocks in paragraphs."""
    if element.attrib:
        element.attrib.clear()
    if element.tag == "br":
        return
    if element.tag == "hr":
        element.drop_tag()
        return
    if element.tag == "tr" and (row := read_row(element)) is not None:
        for cell in list(element):
            element.remove(cell)
        element.tag, element.text = "p", row
        return
    if len(element) and any(child.tag != "br" for child in element):
        _wrap_loose_text(element)
        element.tag = "div"
    elif element.tag in _PREFORMATTED_TAGS:
        _join_source_lines(element)
    elif element.tag not in _KEPT_TAGS:
        element.tag = "p"


def _join_source_lines(element: HtmlElement) -> None:
    """Replace line breaks of the source by spaces; visible ones are marks or `<br>` by now."""
    element.text = " ".join((element.text or "").split())
    for child in element:
        child.tail = " ".join((child.tail or "").split())


def _wrap_loose_text(box: HtmlElement) -> None:
    """Wrap the text beside an element's blocks in new paragraphs."""
    children = list(box)
    paragraph_element = _start_paragraph(box.text)
    box.text = None
    for child in children:
        tail, child.tail = child.tail, None
        if child.tag == "br":
            paragraph_element = make_element("p") if paragraph_element is None else paragraph_element
            paragraph_element.append(child)
            child.tail = tail
            continue
        if paragraph_element is not None:
            child.addprevious(paragraph_element)
        paragraph_element = _start_paragraph(tail)
    if paragraph_element is not None:
        box.append(paragraph_element)


def _start_paragraph(text: str | None) -> HtmlElement | None:
    if not text or text.isspace():
        return None
    paragraph_element = make_element("p")
    paragraph_element.text = text
    return paragraph_element


def _name_differences(found: Sequence[str], paragraphs: Sequence[str]) -> Iterator[str]:
    """Yield what trafilatura did to paragraphs: `lost`, `added`, `glued`, `parted`, `moved` or `changed`."""
    read = ["".join(line.split()) for line in found]
    expected = ["".join(paragraph.split()) for paragraph in paragraphs]
    lost, added = (
        list((Counter(expected) - Counter(read)).elements()),
        list((Counter(read) - Counter(expected)).elements()),
    )
    glued = {one for one in lost if any(one in other for other in added)}
    parted = {one for one in added if any(one in other for other in lost)}
    joined = {one for one in (*lost, *added) if any(part in one for part in glued | parted if part != one)}
    names = {
        "glued": glued,
        "parted": parted,
        "lost": set(lost) - glued - joined,
        "added": set(added) - parted - joined,
    }
    yield from (name for name, ones in names.items() if ones)
    if not lost and not added:
        yield "moved" if read != expected else "changed"
