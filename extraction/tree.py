"""Parses a page once: the right charset, no comments, no processing instructions."""

import re

from lxml import html
from lxml.etree import ElementDefaultClassLookup, ParserError, XMLSyntaxError, XPath
from lxml.html import HtmlElement
from w3lib.encoding import html_body_declared_encoding

from schemas.article import Unreadable
from schemas.capture import Capture
from sites.encoding import decode_text, find_charset, is_utf8, is_wide
from sites.tag import MAX_ATTRIBUTE_COUNT, has_overgrown_tag

PROBE_BYTES = 4096
"""Binary files show in their first 4 kB what they are; a page without a tag in four times as much is none."""

CONTROL_SHARE = 0.02
"""Of control characters at a page's beginning; in random bytes a tenth are, and a tag comes by chance."""

HTML_TYPES = frozenset({"", "text/html", "application/xhtml+xml", "text/plain", "application/octet-stream"})
"""Media types that a page comes with; the last two from servers and imports that do not know better."""

MAX_ELEMENT_COUNT = 50_000
"""Long pages have ten thousand. Reading takes 40 µs an element at worst, and a page may take five seconds."""

JUDGED_ELEMENT_COUNT = 10_000
"""News pages have some thousands. trafilatura takes over a minute for 200,000, and a page may take five seconds."""

_COUNT = XPath("count(descendant-or-self::*)")
_TAG = re.compile(
    rb"<(?:!doctype\s+html|html|head|meta|title|body|div|p|article|section|main|h1|table|span|a|br)\b", re.IGNORECASE
)
_XML = re.compile(
    rb"\s*(?:<\?xml\b[^>]*>\s*(?:<[?!](?!doctype\s+html)[^>]*>\s*)*<(?!!|\?|(?:\w+:)?html\b)"
    rb"|(?:<!--[^>]*-->\s*)*<(?:rss|feed|urlset|sitemapindex|rdf:rdf|opml)[\s>])",
    re.IGNORECASE,
)
_UNICODE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_UTF8_MARK = b"\xef\xbb\xbf"
_MARKS = (*_UNICODE_MARKS, _UTF8_MARK)
_PARSER = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
# One class for all: lxml's own choice by tag name calls Python for every element that is touched.
_PARSER.set_element_class_lookup(ElementDefaultClassLookup(element=HtmlElement))
_UNPARSABLE = bytes(code for code in range(32) if code not in b"\t\n\r")
_UNPARSABLE_REFERENCE = re.compile(
    rb"&#(?:0*+(?:[0-8]|1[124-9]|2\d|3[01]|6553[45])(?!\d)|x0*+(?:[0-8bcef]|1[\da-f]|fff[ef])(?![\da-f]));?",
    re.IGNORECASE,
)
"""libxml2 takes what is written so into the tree, and lxml then refuses to move it there."""

_NONCHARACTERS = ("\ufffe".encode(), "\uffff".encode())


def parse_page(capture: Capture) -> HtmlElement | Unreadable:
    """The page's tree, or why it is no page."""
    if capture.too_large:
        return Unreadable(reason="too-large", detail="larger than the limit for a page")
    if not capture.body or capture.body.isspace():
        return Unreadable(reason="empty-page")
    if not is_html(capture):
        return Unreadable(reason="not-html", detail=capture.media_type or "no tag in it")
    return _parse(_drop_unparsable(read_utf8(capture)))


def parse_beginning(capture: Capture, end: int | None) -> HtmlElement | Unreadable:
    """The tree of a page that was parsed before, up to this byte of its UTF-8."""
    return _parse(_drop_unparsable(read_utf8(capture)[:end]))


def _drop_unparsable(data: bytes) -> bytes:
    """The HTML without characters that no XML may have, as such or as references."""
    data = data.translate(None, _UNPARSABLE)
    for found in _NONCHARACTERS:
        data = data.replace(found, b"")
    return _UNPARSABLE_REFERENCE.sub(b"", data)


def _parse(data: bytes) -> HtmlElement | Unreadable:
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
    data = _drop_unparsable(text.encode("utf-8", "replace"))
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


def is_html(capture: Capture) -> bool:
    """Whether a body is HTML by its type and by its looks."""
    if capture.media_type not in HTML_TYPES:
        return False
    probe = capture.body[:PROBE_BYTES]
    if probe.startswith(_UNICODE_MARKS) or is_wide(probe):
        return True
    if _XML.match(probe.removeprefix(_UTF8_MARK)):
        return False
    control_count = len(probe) - len(probe.translate(None, _UNPARSABLE))
    return control_count <= CONTROL_SHARE * len(probe) and bool(_TAG.search(capture.body[: 4 * PROBE_BYTES]))


def read_utf8(capture: Capture) -> bytes:
    """The body in UTF-8; as it is where it is that."""
    if not capture.body.startswith(_MARKS) and is_utf8(capture.body) and b"\0" not in capture.body[:PROBE_BYTES]:
        return capture.body
    return decode(capture).encode("utf-8", "replace")


def decode(capture: Capture) -> str:
    """The body as text: its bytes decide, its header and its own declaration are hints."""
    header = find_charset(capture.header("content-type"))
    return decode_text(capture.body, (header, html_body_declared_encoding(capture.body)))
