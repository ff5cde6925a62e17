"""Parses HTML into a tree: no comments, no processing instructions."""

from lxml import html
from lxml.etree import ElementDefaultClassLookup, ParserError, XMLSyntaxError, XPath
from lxml.html import HtmlElement

from extraction.decoding import drop_unparsable
from schemas.article import Unreadable
from sites.tag import MAX_ATTRIBUTE_COUNT, has_overgrown_tag

MAX_ELEMENT_COUNT = 50_000
"""Long pages have ten thousand. Reading takes 40 µs an element at worst, and a page may take five seconds."""

JUDGED_ELEMENT_COUNT = 10_000
"""News pages have some thousands. trafilatura takes over a minute for 200,000, and a page may take five seconds."""

_COUNT = XPath("count(descendant-or-self::*)")
_PARSER = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
# One class for all: lxml's own choice by tag name calls Python for every element that is touched.
_PARSER.set_element_class_lookup(ElementDefaultClassLookup(element=HtmlElement))


def parse_page(data: bytes) -> HtmlElement | Unreadable:
    """The tree of a page's decoded HTML, or why it is no page."""
    if has_overgrown_tag(data):
        return Unreadable(reason="overgrown", detail=f"a tag with more than {MAX_ATTRIBUTE_COUNT} attributes")
    try:
        tree = html.document_fromstring(data, parser=_PARSER)
    except (ParserError, XMLSyntaxError, ValueError, AssertionError) as error:
        return Unreadable(reason="empty-page", detail=str(error)[:200])
    # The parser adds at most one element to each that is written, so that most pages need not be counted.
    if 2 * data.count(b"<") < MAX_ELEMENT_COUNT:
        return tree
    count = count_elements(tree)
    return tree if count <= MAX_ELEMENT_COUNT else Unreadable(reason="overgrown", detail=f"{count} elements")


def parse_fragment(text: str) -> HtmlElement:
    """A piece of HTML in an element of its own; an empty one where nothing in it can be parsed, or should."""
    data = drop_unparsable(text.encode("utf-8", "replace"))
    if has_overgrown_tag(data):
        return html.Element("div")
    try:
        return html.fragment_fromstring(data, create_parent="div", parser=_PARSER)
    except (ParserError, XMLSyntaxError, ValueError, AssertionError):
        return make_element("div")


def make_element(tag: str) -> HtmlElement:
    """Return a new element of the class that a page has: of `lxml.html.Element`, each child would have Python asked."""
    return _PARSER.makeelement(tag)


def drop(element: HtmlElement) -> None:
    """Take an element out of its tree, unless it is out already; the text behind it stays."""
    if element.getparent() is not None:
        element.drop_tree()


def count_elements(tree: HtmlElement) -> int:
    """How many elements the page has."""
    count = _COUNT(tree)
    return int(count) if isinstance(count, float) else 0


def is_overgrown(tree: HtmlElement) -> bool:
    """Whether the page has more elements than trafilatura can be asked to judge."""
    return count_elements(tree) > JUDGED_ELEMENT_COUNT
