"""Tags with more attributes than a parser can be given: libxml2 compares each with all before it."""

import re

from lxml import html
from lxml.html import HtmlElement

MAX_ATTRIBUTE_COUNT = 1_000
"""Tags have some tens. A thousand take libxml2 2 ms, 40,000 take it 25 seconds."""

# As HTML's tokenizer parts them. Nothing here can fail once it has begun, so no byte is looked at twice.
_ATTRIBUTE = rb"""[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"?|'[^']*+'?|[^\s>]*+))?[\s/]*+"""
# Beginning and attributes by one search: a page has some hundreds of tags.
_TAG = re.compile(rb"<(?:(!--)|(?:((?i:script|style))(?=[\s/>])|[a-zA-Z][^\s/>]*+)[\s/]*+((?:" + _ATTRIBUTE + rb")*+))")
_ONE = re.compile(_ATTRIBUTE)
# Most pages have neither, and then no such tag: each of its attributes has two bytes, and a `>` ends it unless that
# stands in a quoted value. Both are looked for in C; nothing here is looked at more than MAX_ATTRIBUTE_COUNT times.
_LONG_TAG = re.compile(rb"<[a-zA-Z][^>]{%d}" % MAX_ATTRIBUTE_COUNT)
_QUOTED_END = re.compile(rb"""=\s*+(?:"[^">]*+>|'[^'>]*+>)""")
_RAW_ENDS = {name: re.compile(rb"</" + name, re.IGNORECASE) for name in (b"script", b"style")}


class TagOvergrown(ValueError):  # noqa: N818 - it states a fact
    """A tag has more attributes than a parser can be given."""


def parse_html(body: bytes, encoding: str) -> HtmlElement:
    """The tree of a listing or another page that is no article.

    Raises:
        TagOvergrown: a tag in it has too many attributes.
        ParserError: nothing is in it.
    """
    if has_overgrown_tag(body):
        raise TagOvergrown(f"a tag with more than {MAX_ATTRIBUTE_COUNT} attributes")
    return html.document_fromstring(body, parser=html.HTMLParser(encoding=encoding))


def has_overgrown_tag(data: bytes) -> bool:
    """Whether a tag has more attributes than that. Takes time in proportion to the bytes."""
    if not _LONG_TAG.search(data) and not _QUOTED_END.search(data):
        return False
    place, has_comment_ends = 0, True
    while tag := _TAG.search(data, place):
        start, place = tag.span()
        if place - start > MAX_ATTRIBUTE_COUNT and _has_many(data, tag.start(3)):
            return True
        if tag.lastindex == 1:
            end = data.find(b"-->", place) if has_comment_ends else -1
            has_comment_ends = end >= 0
            place = max(place, end)
        elif tag[2]:  # what looks like a tag in a script is none
            raw_end = _RAW_ENDS[tag[2].lower()].search(data, place)
            if raw_end is None:
                return False
            place = raw_end.start()
    return False


def _has_many(data: bytes, place: int) -> bool:
    """Whether more attributes than that follow one another from here."""
    for _ in range(MAX_ATTRIBUTE_COUNT + 1):
        one = _ONE.match(data, place)
        if one is None:
            return False
        place = one.end()
    return True
