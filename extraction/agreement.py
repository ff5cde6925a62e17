"""Has trafilatura extract the text from what the site's rules leave of a page, and compares that with the blocks.

The blocks' paragraphs are one reading of the page, trafilatura's lines the other. Where both say the same, that is what
the article says; where they differ, flags name the difference.
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

_PLAIN_TAGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "p", "pre", "blockquote"})
"""What is not a paragraph by another name."""

_SPACED_TAGS = frozenset({"pre", "blockquote"})
"""In which trafilatura takes each line break of the source for one that readers see."""

# `dedup` would keep state: the same page would read differently the sixth time.
# `recall`: the site's rules have taken the furniture out, and there is no more of the page to look for text in.
_OPTIONS = Extractor(output_format="python", fast=True, recall=True, comments=False, dedup=False)
_OPTIONS.min_extracted_size = 0  # a text of one sentence is a text: it does not have to look for another one

_END = "The end."
"""A paragraph behind the text: trafilatura drops a heading that nothing follows."""


def find_differences(contents: Sequence[HtmlElement], paragraphs: Sequence[str]) -> frozenset[str]:
    """What trafilatura reads otherwise in what holds the text, as flags; none where it reads the same paragraphs.

    `contents` are without furniture and inline elements (`simplify`), and are taken apart.
    """
    tree = narrow(contents)
    if is_overgrown(tree):
        return frozenset({"page-overgrown"})
    text = extract_text(tree)
    if text == "\n".join((*paragraphs, _END)):  # most pages, at the least cost
        return frozenset()
    found, told = _drop_repeats(_list_lines(text)), _drop_repeats(paragraphs)
    if found == told:
        return frozenset()
    return frozenset(f"trafilatura-{what}-paragraph" for what in _name_differences(found, told))


def extract_text(tree: HtmlElement) -> str:
    """Return what trafilatura extracts from a narrowed tree, a paragraph a line. The tree is taken apart."""
    document = make_element("html")
    tree.tag = "article"
    SubElement(tree, "p").text = _END
    SubElement(document, "body").append(tree)
    found = trafilatura.bare_extraction(document, options=_OPTIONS)
    return (found.text or "") if isinstance(found, Document) else ""


def _list_lines(text: str) -> list[str]:
    """The paragraphs of an extracted text, written as records have them."""
    lines = [restore_lines(line) for part in text.split("\n") if (line := tidy(part))]
    return lines[:-1] if lines[-1:] == [_END] else lines


def _drop_repeats(paragraphs: Iterable[str]) -> list[str]:
    """The paragraphs, one that says what the one before says left out: trafilatura does so, and nothing is lost."""
    return [paragraph for paragraph, _ in groupby(paragraphs)]


def simplify(content: HtmlElement) -> None:
    """Take all elements out that part no text, in place; their text stays."""
    for cite in [found for found in content.iter("cite") if not is_block(found)]:
        cite.drop_tag()
    tags = {str(found.tag) for found in content.iterdescendants()} - BLOCK_TAGS - {"br"}
    if tags:
        strip_tags(content, *tags)


def narrow(contents: Iterable[HtmlElement]) -> HtmlElement:
    """The paragraphs, headings and quotations in what holds the text, without boxes and attributes.

    Boxes, lists and the names of classes are the publisher's, and trafilatura would judge by them.
    """
    frame = make_element("body")
    for content in contents:
        content.tail = None
        frame.append(content)
    for element in list(frame.iterdescendants()):
        _make_plain(element)
    strip_tags(frame, "div")
    return frame


def _make_plain(element: HtmlElement) -> None:
    """Name an element by what it is to trafilatura, and put loose text beside blocks into paragraphs."""
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
        _wrap_loose(element)
        element.tag = "div"
    elif element.tag in _SPACED_TAGS:
        _join_source_lines(element)
    elif element.tag not in _PLAIN_TAGS:
        element.tag = "p"


def _join_source_lines(element: HtmlElement) -> None:
    """Make the line breaks of the page's source spaces: its own have become marks by now, or `<br>`."""
    element.text = " ".join((element.text or "").split())
    for child in element:
        child.tail = " ".join((child.tail or "").split())


def _wrap_loose(box: HtmlElement) -> None:
    """Put the text beside a box's blocks into paragraphs of its own."""
    children = list(box)
    run = _begin_run(box.text)
    box.text = None
    for child in children:
        tail, child.tail = child.tail, None
        if child.tag == "br":
            run = make_element("p") if run is None else run
            run.append(child)
            child.tail = tail
            continue
        if run is not None:
            child.addprevious(run)
        run = _begin_run(tail)
    if run is not None:
        box.append(run)


def _begin_run(text: str | None) -> HtmlElement | None:
    if not text or text.isspace():
        return None
    run = make_element("p")
    run.text = text
    return run


def _name_differences(found: Sequence[str], paragraphs: Sequence[str]) -> Iterator[str]:
    """`lost`, `added`, `glued`, `parted`, `moved`, `changed`: what happened to paragraphs on trafilatura's way."""
    read = ["".join(line.split()) for line in found]
    told = ["".join(paragraph.split()) for paragraph in paragraphs]
    lost, added = list((Counter(told) - Counter(read)).elements()), list((Counter(read) - Counter(told)).elements())
    glued = {one for one in lost if any(one in other for other in added)}
    parted = {one for one in added if any(one in other for other in lost)}
    wholes = {one for one in (*lost, *added) if any(part in one for part in glued | parted if part != one)}
    names = {
        "glued": glued,
        "parted": parted,
        "lost": set(lost) - glued - wholes,
        "added": set(added) - parted - wholes,
    }
    yield from (name for name, ones in names.items() if ones)
    if not lost and not added:
        yield "moved" if read != told else "changed"
