"""Decode captures: check that they are HTML, and determine their encoding."""

import re

from w3lib.encoding import html_body_declared_encoding

from schemas.article import Unreadable
from schemas.capture import Capture
from sites.encoding import decode_text, find_charset, is_utf8, is_utf16

PROBE_BYTES = 4096
"""Bytes in which binary files reveal themselves. A body without a tag in four times as much is not a page."""

CONTROL_SHARE = 0.02
"""Maximum share of control characters at a page's start. Random bytes have a tenth, and may contain a tag by chance."""

HTML_TYPES = frozenset({"", "text/html", "application/xhtml+xml", "text/plain", "application/octet-stream"})
"""Media types of pages; the last two come from misconfigured servers and imports."""

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
_UNPARSABLE = bytes(code for code in range(32) if code not in b"\t\n\r")
_UNPARSABLE_REFERENCE = re.compile(
    rb"&#(?:0*+(?:[0-8]|1[124-9]|2\d|3[01]|6553[45])(?!\d)|x0*+(?:[0-8bcef]|1[\da-f]|fff[ef])(?![\da-f]));?",
    re.IGNORECASE,
)
"""Character references that libxml2 accepts, but that lxml then refuses to move within the tree."""

_NONCHARACTERS = ("\ufffe".encode(), "\uffff".encode())
_NONCHARACTER_LEAD = b"\xef"


def decode_page(capture: Capture) -> bytes | Unreadable:
    """Return the page's HTML in UTF-8, without unparsable characters, or the reason why it is not a page."""
    if capture.too_large:
        return Unreadable(reason="too-large", detail="larger than the limit for a page")
    if not capture.body or capture.body.isspace():
        return Unreadable(reason="empty-page")
    if not is_html(capture):
        return Unreadable(reason="not-html", detail=capture.media_type or "no tag in it")
    is_plain = not capture.body.startswith(_MARKS) and b"\0" not in capture.body[:PROBE_BYTES] and is_utf8(capture.body)
    return drop_unparsable(capture.body if is_plain else decode(capture).encode("utf-8", "replace"))


def is_html(capture: Capture) -> bool:
    """Whether a body is HTML, by its media type and its content."""
    if capture.media_type not in HTML_TYPES:
        return False
    probe = capture.body[:PROBE_BYTES]
    if probe.startswith(_UNICODE_MARKS) or is_utf16(probe):
        return True
    if _XML.match(probe.removeprefix(_UTF8_MARK)):
        return False
    control_count = len(probe) - len(probe.translate(None, _UNPARSABLE))
    return control_count <= CONTROL_SHARE * len(probe) and bool(_TAG.search(capture.body[: 4 * PROBE_BYTES]))


def decode(capture: Capture) -> str:
    """Decode the body by its bytes, with the header and its own declaration as hints."""
    header = find_charset(capture.header("content-type"))
    return decode_text(capture.body, (header, html_body_declared_encoding(capture.body)))


def drop_unparsable(data: bytes) -> bytes:
    """Return the HTML without characters that are invalid in XML, literal or as references."""
    data = data.translate(None, _UNPARSABLE)
    if _NONCHARACTER_LEAD in data:  # one byte is found far faster than several, and most pages do not have it
        for found in _NONCHARACTERS:
            data = data.replace(found, b"")
    return _UNPARSABLE_REFERENCE.sub(b"", data)
