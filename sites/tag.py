"""Rejects tags with too many attributes before parsing: libxml2 compares each attribute with all before it."""

import re

from lxml import html
from lxml.html import HtmlElement

MAX_ATTRIBUTE_COUNT = 1_000
"""Normal tags have dozens at most. libxml2 takes 2 ms for a thousand, and 25 seconds for 40,000."""

# Split like HTML's tokenizer does. No match can fail once it has begun, so no byte is read twice.
_ATTRIBUTE = rb"""[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"?|'[^']*+'?|[^\s>]*+))?[\s/]*+"""
# Tag name and attributes in one search: a page has hundreds of tags.
_TAG = re.compile(rb"<(?:(!--)|(?:((?i:script|style))(?=[\s/>])|[a-zA-Z][^\s/>]*+)[\s/]*+((?:" + _ATTRIBUTE + rb")*+))")
_ONE = re.compile(_ATTRIBUTE)
# A tag with too many attributes is longer than this or has a `>` in a quoted value: each attribute has two bytes, and
# an unquoted `>` ends the tag. Most pages have neither. Both searches run in C and read no byte more than
# MAX_ATTRIBUTE_COUNT times.
_LONG_TAG = re.compile(rb"<[a-zA-Z][^>]{%d}" % MAX_ATTRIBUTE_COUNT)
_QUOTED_END = re.compile(rb"""=\s*+(?:"[^">]*+>|'[^'>]*+>)""")
_RAW_ENDS = {name: re.compile(rb"</" + name, re.IGNORECASE) for name in (b"script", b"style")}


class TagOvergrown(ValueError):  # noqa: N818 - it states a fact
    """A tag has too many attributes to be parsed."""


def parse_html(body: bytes, encoding: str) -> HtmlElement:
    """Parse a listing, or another page that is not an article.

    Raises:
        TagOvergrown: a tag in it has too many attributes.
        ParserError: it is empty.
    """
    if has_overgrown_tag(body):
        raise TagOvergrown(f"a tag with more than {MAX_ATTRIBUTE_COUNT} attributes")
    return html.document_fromstring(body, parser=html.HTMLParser(encoding=encoding))


def has_overgrown_tag(data: bytes) -> bool:
    """Return whether a tag has more than `MAX_ATTRIBUTE_COUNT` attributes, in time linear in the bytes."""
    if not _LONG_TAG.search(data) and not _QUOTED_END.search(data):
        return False
    at, has_comment_ends = 0, True
    while tag := _TAG.search(data, at):
        start, at = tag.span()
        if at - start > MAX_ATTRIBUTE_COUNT and _has_too_many(data, tag.start(3)):
            return True
        if tag.lastindex == 1:
            end = data.find(b"-->", at) if has_comment_ends else -1
            has_comment_ends = end >= 0
            at = max(at, end)
        elif tag[2]:  # no tags within a script or style
            raw_end = _RAW_ENDS[tag[2].lower()].search(data, at)
            if raw_end is None:
                return False
            at = raw_end.start()
    return False


def _has_too_many(data: bytes, at: int) -> bool:
    """Return whether more than `MAX_ATTRIBUTE_COUNT` attributes follow from here."""
    for _ in range(MAX_ATTRIBUTE_COUNT + 1):
        one = _ONE.match(data, at)
        if one is None:
            return False
        at = one.end()
    return True
