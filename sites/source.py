"""Reads feeds (RSS, Atom) and sitemaps, also malformed ones where something can be saved."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from urllib.parse import urljoin

from lxml import etree

from schemas.url import Sighting, SourceKind
from sites.character import clean_characters
from sites.encoding import decode_text
from sites.source_page import SourcePage, SourceUnreadable

ENTRIES = frozenset({"item", "entry", "url", "sitemap"})
"""What names a URL each."""

DECLARATION_BYTES = 200
"""A declaration has some fifty."""

_END = "broadsheet-end"
FEED_ROOTS = frozenset({"rss", "RDF", "feed"})
_ENCODING = re.compile(rb"""\s*+<\?xml\b[^>]*?encoding\s*+=\s*+["']([\w.:-]+)""")
_HTML = re.compile(
    rb"(?:\s++|<\?[^>]*+>|(?><!--.*?-->))*+<(?:!doctype\s+html|(?:html|head|body|meta|title|div|main|script|link)[\s>/])",
    re.IGNORECASE | re.DOTALL,
)
"""What is met first, after comments and declarations: what an article in a feed has within it is not."""

_REFERENCE = re.compile(rb"&#(?:x0*+(?P<hex>[0-9a-f]{1,8})|0*+(?P<number>[0-9]{1,8}));", re.IGNORECASE)
_SURROGATES = range(0xD800, 0xE000)
"""Halves of characters. A parser that recovers makes of a reference to one what is no text."""

_TITLE = re.compile(rb"(<news:title>)(?!\s*<!\[CDATA\[)(.*?)(</news:title>)", re.DOTALL)
"""A headline in a news sitemap, which a publisher may write without escaping it …"""
_BARE_AMPERSAND = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)")
"""… and an `&` in it that begins no entity of XML."""


def read_xml_source(body: bytes, url: str, media_type: str, seen_at: datetime) -> SourcePage:
    """What a feed, a sitemap index or a sitemap says; of one that is cut, its whole entries.

    Raises:
        SourceUnreadable: it is HTML, empty, or no XML of these kinds.
    """
    root, recovered, is_stopped = _parse(body, url, media_type)
    is_cut = recovered and _take_open(root, is_stopped=is_stopped)
    name = _local(root)
    children: tuple[str, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    if name in FEED_ROOTS:
        sightings = tuple(_read_feed(root, url, seen_at))
    elif name == "sitemapindex":
        children = tuple(_read_locations(root, "sitemap", url))
    elif name == "urlset":
        sightings = tuple(_read_sitemap(root, url, seen_at))
    else:
        raise SourceUnreadable(f"neither feed nor sitemap, but <{name}>: {url}")
    return SourcePage(sightings, children, recovered=recovered, is_cut=is_cut)


def _parse(body: bytes, url: str, media_type: str) -> tuple[etree._Element, bool, bool]:
    """The root, whether it had to be recovered, and whether the parser stopped at one of its limits."""
    data = _read_utf8(body)
    if not data:
        raise SourceUnreadable(f"empty answer where a feed or a sitemap should be: {url}")
    if _HTML.match(data):
        raise SourceUnreadable(f"HTML ({media_type or 'no type'}) where a feed or a sitemap should be: {url}")
    for text, recover in ((data, False), (_TITLE.sub(_escape_title, data), False), (_mark_end(data), True)):
        # No entities, no network: a feed is a stranger's text.
        parser = etree.XMLParser(
            encoding="utf-8", recover=recover, resolve_entities=False, no_network=True, remove_comments=True
        )
        try:
            root = etree.fromstring(text, parser)
        except (etree.XMLSyntaxError, ValueError):
            continue
        if root is not None and _local(root) != _END:
            is_stopped = any(entry.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for entry in parser.error_log)
            return root, recover or text is not data, is_stopped
    raise SourceUnreadable(f"no XML ({media_type or 'no type'}) where a feed or a sitemap should be: {url}")


def _read_utf8(body: bytes) -> bytes:
    """The document in UTF-8, whatever its declaration says."""
    declared = _ENCODING.match(body[:DECLARATION_BYTES])
    text = decode_text(body, [declared[1].decode()] if declared else ()).strip().encode("utf-8", "replace")
    return _REFERENCE.sub(_drop_surrogate, text)


def _drop_surrogate(found: re.Match[bytes]) -> bytes:
    code = int(found["hex"], 16) if found["hex"] else int(found["number"])
    return b"" if code in _SURROGATES else found[0]


def _mark_end(data: bytes) -> bytes:
    """The document with an element behind all it has: those that it lies within were never closed.

    A tag that is cut is taken away; behind the root's own end tag the parser passes over the mark.
    """
    for begin, end in ((b"<![CDATA[", b"]]>"), (b"<!--", b"-->"), (b"<", b">")):
        if (place := data.rfind(begin)) > data.rfind(end):
            data = data[:place]
    return data + b"<" + _END.encode() + b"/>"


def _take_open(root: etree._Element, *, is_stopped: bool) -> bool:
    """Take out what was never closed, and say whether there was anything: the URL in it may be half of one.

    A parser that stopped (too deep, too long, entities that grow) was within the last element that there is.
    """
    last = next(root.iter(_END), None)
    if last is None and is_stopped:
        last = root
        while len(last):
            last = last[-1]
    if last is None:
        return False
    entries = [element for element in (last, *last.iterancestors()) if _local(element) in ENTRIES]
    if entries and (parent := entries[-1].getparent()) is not None:  # the outermost, with all within it
        parent.remove(entries[-1])
    return True


def _escape_title(found: re.Match[bytes]) -> bytes:
    return found[1] + _BARE_AMPERSAND.sub(b"&amp;", found[2]).replace(b"<", b"&lt;") + found[3]


def _read_feed(root: etree._Element, url: str, seen_at: datetime) -> Iterator[Sighting]:
    for item in _all(root, "item", "entry"):
        address = _address(item, "link") or _atom_link(item) or _permalink(item)
        if not address:
            continue
        yield Sighting(
            url=resolve_url(url, address),
            source_url=url,
            source_kind=SourceKind.FEED,
            seen_at=seen_at,
            title=clean_characters(unescape(_text(item, "title"))).strip() or None,
            published_at=read_time(_text(item, "pubDate", "published", "date")),
        )


def _read_sitemap(root: etree._Element, url: str, seen_at: datetime) -> Iterator[Sighting]:
    for entry in _all(root, "url"):
        if address := _address(entry, "loc"):
            yield Sighting(
                url=resolve_url(url, address),
                source_url=url,
                source_kind=SourceKind.SITEMAP,
                seen_at=seen_at,
                title=clean_characters(next((_text(news, "title") for news in _all(entry, "news")), "")).strip()
                or None,
                published_at=next((read_time(_text(news, "publication_date")) for news in _all(entry, "news")), None),
            )


def _read_locations(root: etree._Element, name: str, url: str) -> Iterator[str]:
    for entry in _all(root, name):
        if address := _address(entry, "loc"):
            yield resolve_url(url, address)


def resolve_url(base_url: str, address: str) -> str:
    """A URL as it stands on a page, absolute; one that is malformed stays as it is, and is judged as such."""
    try:
        return urljoin(base_url, address)
    except ValueError:
        return address


def read_time(text: str) -> datetime | None:
    """An RFC 822 or ISO 8601 time in UTC; None where it is neither, or does not say its offset."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            at = read(text)
            if at.tzinfo is None and text.rstrip().endswith("-0000"):
                at = at.replace(tzinfo=UTC)  # RFC 5322: a time in UTC that says nothing of the local zone
            return at.astimezone(UTC) if at.tzinfo else None
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def _local(element: etree._Element) -> str:
    # Not `QName`: it refuses names that only a recovering parser lets through.
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _all(root: etree._Element, *names: str) -> Iterator[etree._Element]:
    return (element for element in root.iterdescendants() if _local(element) in names)


def _text(item: etree._Element, *names: str) -> str:
    """The text of the first child of one of these names, spaces collapsed."""
    for child in item.iterchildren("*"):  # no reference to an entity, which has no text
        if _local(child) in names and (text := _flatten(child)):
            return text
    return ""


def _address(item: etree._Element, name: str) -> str:
    """The text of the first child of this name; of one with an entity in it, which nobody reads, nothing."""
    children = (child for child in item.iterchildren("*") if _local(child) == name)
    return next(
        (text for child in children if next(child.iter(etree.Entity), None) is None and (text := _flatten(child))), ""
    )


def _flatten(element: etree._Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _permalink(item: etree._Element) -> str:
    """The URL that an entry's id is, unless it says that it is none; a bare number is none either."""
    for child in item.iterchildren("*"):  # no reference to an entity, which has no text
        text = _flatten(child)
        is_link = _local(child) == "id" or (
            _local(child) == "guid" and child.get("isPermaLink", "true").strip().lower() != "false"
        )
        if is_link and text.lower().startswith(("http://", "https://", "//", "/")):
            return text
    return ""


def _atom_link(item: etree._Element) -> str:
    links = [child for child in item if _local(child) == "link" and child.get("href")]
    best = [link for link in links if link.get("rel", "alternate") == "alternate"] or links
    return (best[0].get("href") or "").strip() if best else ""
