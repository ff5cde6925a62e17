"""Has trafilatura extract the text from what the site's rules leave of a page, and compares that with the blocks.

The blocks' paragraphs are one reading of the page, trafilatura's lines the other. Where both say the same, that is what
the article says; where they differ, flags name the difference.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from lxml.etree import _Element, strip_tags
from lxml.html import Element, HtmlElement
from trafilatura.htmlprocessing import convert_tags
from trafilatura.main_extractor import handle_textelem
from trafilatura.settings import TAG_CATALOG, Extractor

from extraction.paragraph import BLOCK_TAGS, is_block, read_row
from extraction.prose import restore_lines, tidy
from extraction.tree import is_overgrown

_PLAIN_TAGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "p", "pre", "blockquote"})
"""What is not a paragraph by another name."""

# `dedup` would keep state: the same page would read differently the sixth time.
_TAGS = set(TAG_CATALOG)
_OPTIONS = Extractor(output_format="python", fast=True, comments=False, dedup=False)


def find_differences(contents: Sequence[HtmlElement], paragraphs: Sequence[str]) -> frozenset[str]:
    """What trafilatura reads otherwise in what holds the text, as flags; none where it reads the same paragraphs.

    `contents` are without furniture and inline elements (`simplify`), and are taken apart.
    """
    tree = narrow(contents)
    if is_overgrown(tree):
        return frozenset({"page-overgrown"})
    found = extract_lines(tree)
    if found == list(paragraphs):
        return frozenset()
    return frozenset(f"trafilatura-{what}-paragraph" for what in _name_differences(found, paragraphs))


def extract_lines(tree: HtmlElement) -> list[str]:
    """The paragraphs that trafilatura extracts from a narrowed tree.

    Each element goes through trafilatura's own extraction. What its main extractor does before, choosing and pruning,
    goes by attributes and links: the narrowed tree has none, so that would change nothing, and takes twice as long.
    """
    handled = (handle_textelem(element, _TAGS, _OPTIONS) for element in list(convert_tags(tree, _OPTIONS)))
    texts = [_read_text(found) if len(found) else found.text or "" for found in handled if found is not None]
    lines = (tidy(line) for text in texts for line in text.split("\n"))
    return [restore_lines(line) for line in lines if line]


def _read_text(element: _Element) -> str:
    """The text of what trafilatura took for one element, with its line breaks; all other spaces are plain by now."""
    for line_break in element.iter("lb"):
        line_break.tail = f"\n{line_break.tail or ''}"
    return "".join(element.itertext())


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
    frame = Element("body")
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
    elif element.tag not in _PLAIN_TAGS:
        element.tag = "p"


def _wrap_loose(box: HtmlElement) -> None:
    """Put the text beside a box's blocks into paragraphs of its own."""
    children = list(box)
    run = _begin_run(box.text)
    box.text = None
    for child in children:
        tail, child.tail = child.tail, None
        if child.tag == "br":
            run = Element("p") if run is None else run
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
    run = Element("p")
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
