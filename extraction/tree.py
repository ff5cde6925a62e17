"""Parse HTML into a tree without comments and processing instructions."""

from lxml import html
from lxml.etree import ElementDefaultClassLookup, ParserError, XMLSyntaxError, XPath
from lxml.html import HtmlElement

from extraction.decoding import drop_unparsable
from schemas.article import Unreadable
from sites.tag import MAX_ATTRIBUTE_COUNT, has_overgrown_tag

MAX_ELEMENT_COUNT = 50_000
"""Long pages have ten thousand. Extraction takes up to 40 µs per element, and has five seconds per page."""

MAX_TRAFILATURA_ELEMENT_COUNT = 10_000
"""News pages have some thousands. trafilatura takes over a minute for 200,000, and a page has five seconds."""

_COUNT = XPath("count(descendant-or-self::*)")
_PARSER = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
# One class for all elements: lxml's default lookup by tag name calls Python for every element accessed.
_PARSER.set_element_class_lookup(ElementDefaultClassLookup(element=HtmlElement))


def parse_page(data: bytes) -> HtmlElement | Unreadable:
    """Parse a page's decoded HTML, or return the reason why it is not a page."""
    if has_overgrown_tag(data):
        return Unreadable(reason="overgrown", detail=f"a tag with more than {MAX_ATTRIBUTE_COUNT} attributes")
    try:
        tree = html.document_fromstring(data, parser=_PARSER)
    except (ParserError, XMLSyntaxError, ValueError, AssertionError) as error:
        return Unreadable(reason="empty-page", detail=str(error)[:200])
    _empty_embeds(tree)
    # The parser adds at most one element per tag, so that most pages need not be counted.
    if 2 * data.count(b"<") < MAX_ELEMENT_COUNT:
        return tree
    count = count_elements(tree)
    return tree if count <= MAX_ELEMENT_COUNT else Unreadable(reason="overgrown", detail=f"{count} elements")


def parse_fragment(text: str) -> HtmlElement:
    """Parse an HTML fragment into a new `<div>`, which is empty if it cannot or should not be parsed."""
    data = drop_unparsable(text.encode("utf-8", "replace"))
    if has_overgrown_tag(data):
        return html.Element("div")
    try:
        tree = html.fragment_fromstring(data, create_parent="div", parser=_PARSER)
    except (ParserError, XMLSyntaxError, ValueError, AssertionError):
        return make_element("div")
    _empty_embeds(tree)
    return tree


def _empty_embeds(tree: HtmlElement) -> None:
    """Move behind each `<embed>` what libxml2 has put into it: browsers know that the tag has no end tag."""
    for element in [*tree.iter("embed")]:
        children = list(element)
        after, element.tail = element.tail or "", None
        if children:
            children[-1].tail = (children[-1].tail or "") + after
        for child in reversed(children):
            element.addnext(child)
        element.tail = (element.text or "") + ("" if children else after)
        element.text = None


def make_element(tag: str) -> HtmlElement:
    """Return a new element of the parser's class; for `lxml.html.Element`, each child would call Python."""
    return _PARSER.makeelement(tag)


def drop(element: HtmlElement) -> None:
    """Remove an element from its tree, unless it has no parent; the text after it stays."""
    if element.getparent() is not None:
        element.drop_tree()


def count_elements(tree: HtmlElement) -> int:
    """Count the elements of a tree."""
    count = _COUNT(tree)
    return int(count) if isinstance(count, float) else 0


def is_overgrown(tree: HtmlElement) -> bool:
    """Whether the page has too many elements for trafilatura."""
    return count_elements(tree) > MAX_TRAFILATURA_ELEMENT_COUNT
