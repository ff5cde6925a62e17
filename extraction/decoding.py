"""Decodes what was captured: whether it is HTML at all, and its characters, once."""

import re

from w3lib.encoding import html_body_declared_encoding

from schemas.article import Unreadable
from schemas.capture import Capture
from sites.encoding import decode_text, find_charset, is_utf8, is_utf16

PROBE_BYTES = 4096
"""Binary files show in their first 4 kB what they are; a page without a tag in four times as much is none."""

CONTROL_SHARE = 0.02
"""Of control characters at a page's beginning; in random bytes a tenth are, and a tag comes by chance."""

HTML_TYPES = frozenset({"", "text/html", "application/xhtml+xml", "text/plain", "application/octet-stream"})
"""Media types that a page comes with; the last two from servers and imports that do not know better."""

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
"""libxml2 takes what is written so into the tree, and lxml then refuses to move it there."""

_NONCHARACTERS = ("\ufffe".encode(), "\uffff".encode())


def decode_page(capture: Capture) -> bytes | Unreadable:
    """The page's HTML in UTF-8, without characters that cannot be parsed; or why it is no page."""
    if capture.too_large:
        return Unreadable(reason="too-large", detail="larger than the limit for a page")
    if not capture.body or capture.body.isspace():
        return Unreadable(reason="empty-page")
    if not is_html(capture):
        return Unreadable(reason="not-html", detail=capture.media_type or "no tag in it")
    is_plain = not capture.body.startswith(_MARKS) and b"\0" not in capture.body[:PROBE_BYTES] and is_utf8(capture.body)
    return drop_unparsable(capture.body if is_plain else decode(capture).encode("utf-8", "replace"))


def is_html(capture: Capture) -> bool:
    """Whether a body is HTML by its type and by its looks."""
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
    """The body as text: its bytes decide, its header and its own declaration are hints."""
    header = find_charset(capture.header("content-type"))
    return decode_text(capture.body, (header, html_body_declared_encoding(capture.body)))


def drop_unparsable(data: bytes) -> bytes:
    """The HTML without characters that no XML may have, as such or as references."""
    data = data.translate(None, _UNPARSABLE)
    for found in _NONCHARACTERS:
        data = data.replace(found, b"")
    return _UNPARSABLE_REFERENCE.sub(b"", data)
