"""Reads feeds (RSS, Atom) and sitemaps, including malformed ones as far as they can be recovered."""

import re
import zlib
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
"""Elements that contain one URL each."""

DECLARATION_BYTES = 200
"""How far an XML declaration is looked for: a typical one has fifty bytes."""

GZIP = b"\x1f\x8b"
GZIP_WINDOW = 16
"""zlib's flag for gzip."""
MAX_SITEMAP_BYTES = 52_428_800
"""The largest sitemap that the protocol allows, when decompressed."""

_END = "broadsheet-end"
FEED_ROOTS = frozenset({"rss", "RDF", "feed"})
_ENCODING = re.compile(rb"""\s*+<\?xml\b[^>]*?encoding\s*+=\s*+["']([\w.:-]+)""")
_HTML = re.compile(
    rb"(?:\s++|<\?[^>]*+>|(?><!--.*?-->))*+<(?:!doctype\s+html|(?:html|head|body|meta|title|div|main|script|link)[\s>/])",
    re.IGNORECASE | re.DOTALL,
)
"""An HTML tag after comments and declarations, at the start: not the HTML of an article inside a feed."""

_REFERENCE = re.compile(rb"&#(?:x0*+(?P<hex>[0-9a-f]{1,8})|0*+(?P<number>[0-9]{1,8}));", re.IGNORECASE)
_SURROGATES = range(0xD800, 0xE000)
"""Surrogates, which are not characters. A recovering parser turns a reference to one into invalid text."""

_TITLE = re.compile(rb"(<news:title>)(?!\s*<!\[CDATA\[)(.*?)(</news:title>)", re.DOTALL)
"""A headline in a news sitemap, which publishers may leave unescaped …"""
_BARE_AMPERSAND = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)")
"""… and an `&` in it that does not begin an XML entity."""


def read_xml_source(body: bytes, url: str, media_type: str, seen_at: datetime) -> SourcePage:
    """Read a feed, a sitemap index or a sitemap; of a truncated one, the complete entries.

    Raises:
        SourceUnreadable: it is HTML, empty, or not XML of these kinds.
    """
    body, is_short = _decompress(body)
    root, recovered, is_stopped = _parse(body, url, media_type)
    is_cut = (recovered and _remove_unclosed(root, is_stopped=is_stopped)) or is_short
    name = _local_name(root)
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


def _decompress(body: bytes) -> tuple[bytes, bool]:
    """Return a document that was compressed as a file (`sitemap.xml.gz`), and whether some of it is missing."""
    if not body.startswith(GZIP):
        return body, False
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | GZIP_WINDOW)
    try:
        text = inflater.decompress(body, MAX_SITEMAP_BYTES)
    except zlib.error:
        return b"", True
    return text, not inflater.eof


def _parse(body: bytes, url: str, media_type: str) -> tuple[etree._Element, bool, bool]:
    """Return the root, whether it had to be recovered, and whether the parser stopped at one of its limits."""
    data = _read_utf8(body)
    if not data:
        raise SourceUnreadable(f"empty answer where a feed or a sitemap should be: {url}")
    if _HTML.match(data):
        raise SourceUnreadable(f"HTML ({media_type or 'no type'}) where a feed or a sitemap should be: {url}")
    for text, recover in ((data, False), (_TITLE.sub(_escape_title, data), False), (_append_end_marker(data), True)):
        # No entities and no network access: a feed is untrusted input.
        parser = etree.XMLParser(
            encoding="utf-8", recover=recover, resolve_entities=False, no_network=True, remove_comments=True
        )
        try:
            root = etree.fromstring(text, parser)
        except (etree.XMLSyntaxError, ValueError):
            continue
        if root is not None and _local_name(root) != _END:
            is_stopped = any(entry.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for entry in parser.error_log)
            return root, recover or text is not data, is_stopped
    raise SourceUnreadable(f"no XML ({media_type or 'no type'}) where a feed or a sitemap should be: {url}")


def _read_utf8(body: bytes) -> bytes:
    """Return the document in UTF-8, whatever its declaration says."""
    declared = _ENCODING.match(body[:DECLARATION_BYTES])
    text = decode_text(body, [declared[1].decode()] if declared else ()).strip().encode("utf-8", "replace")
    return _REFERENCE.sub(_drop_surrogate, text)


def _drop_surrogate(found: re.Match[bytes]) -> bytes:
    code = int(found["hex"], 16) if found["hex"] else int(found["number"])
    return b"" if code in _SURROGATES else found[0]


def _append_end_marker(data: bytes) -> bytes:
    """Append a marker element to the document: the elements around it were never closed.

    A truncated tag at the end is removed. After the root's end tag, the parser ignores the marker.
    """
    for begin, end in ((b"<![CDATA[", b"]]>"), (b"<!--", b"-->"), (b"<", b">")):
        if (at := data.rfind(begin)) > data.rfind(end):
            data = data[:at]
    return data + b"<" + _END.encode() + b"/>"


def _remove_unclosed(root: etree._Element, *, is_stopped: bool) -> bool:
    """Remove the entry that was never closed, as its URL may be truncated. Return whether any element was unclosed.

    A parser that stopped at a limit (depth, length, entity expansion) was within the last element.
    """
    last = next(root.iter(_END), None)
    if last is None and is_stopped:
        last = root
        while len(last):
            last = last[-1]
    if last is None:
        return False
    entries = [element for element in (last, *last.iterancestors()) if _local_name(element) in ENTRIES]
    if entries and (parent := entries[-1].getparent()) is not None:  # the outermost entry
        parent.remove(entries[-1])
    return True


def _escape_title(found: re.Match[bytes]) -> bytes:
    return found[1] + _BARE_AMPERSAND.sub(b"&amp;", found[2]).replace(b"<", b"&lt;") + found[3]


def _read_feed(root: etree._Element, url: str, seen_at: datetime) -> Iterator[Sighting]:
    for item in _find_all(root, "item", "entry"):
        link = _find_text_url(item, "link") or _atom_link(item) or _permalink(item)
        if not link:
            continue
        yield Sighting(
            url=resolve_url(url, link),
            source_url=url,
            source_kind=SourceKind.FEED,
            seen_at=seen_at,
            title=clean_characters(unescape(_find_text(item, "title"))).strip() or None,
            published_at=read_time(_find_text(item, "pubDate", "published", "date")),
        )


def _read_sitemap(root: etree._Element, url: str, seen_at: datetime) -> Iterator[Sighting]:
    for entry in _find_all(root, "url"):
        if link := _find_text_url(entry, "loc"):
            yield Sighting(
                url=resolve_url(url, link),
                source_url=url,
                source_kind=SourceKind.SITEMAP,
                seen_at=seen_at,
                title=clean_characters(
                    next((_find_text(news, "title") for news in _find_all(entry, "news")), "")
                ).strip()
                or None,
                published_at=next(
                    (read_time(_find_text(news, "publication_date")) for news in _find_all(entry, "news")), None
                ),
            )


def _read_locations(root: etree._Element, name: str, url: str) -> Iterator[str]:
    for entry in _find_all(root, name):
        if link := _find_text_url(entry, "loc"):
            yield resolve_url(url, link)


def resolve_url(base_url: str, link: str) -> str:
    """Make a page's URL absolute. A malformed one is returned unchanged, to be classified later."""
    try:
        return urljoin(base_url, link)
    except ValueError:
        return link


def read_time(text: str) -> datetime | None:
    """Parse an RFC 822 or ISO 8601 time to UTC; None if it is neither or has no offset."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            at = read(text)
            if at.tzinfo is None and text.rstrip().endswith("-0000"):
                at = at.replace(tzinfo=UTC)  # RFC 5322: UTC, with an unknown local time zone
            return at.astimezone(UTC) if at.tzinfo else None
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def _local_name(element: etree._Element) -> str:
    # Not `QName`: it rejects names that a recovering parser lets through.
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _find_all(root: etree._Element, *names: str) -> Iterator[etree._Element]:
    return (element for element in root.iterdescendants() if _local_name(element) in names)


def _find_text(item: etree._Element, *names: str) -> str:
    """Return the text of the first non-empty child with one of these names, whitespace collapsed."""
    for child in item.iterchildren("*"):  # skips entity references, which have no text
        if _local_name(child) in names and (text := _flatten(child)):
            return text
    return ""


def _find_text_url(item: etree._Element, name: str) -> str:
    """Return the text of the first child with this name that has text and no (unexpanded) entity in it."""
    children = (child for child in item.iterchildren("*") if _local_name(child) == name)
    return next(
        (text for child in children if next(child.iter(etree.Entity), None) is None and (text := _flatten(child))), ""
    )


def _flatten(element: etree._Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _permalink(item: etree._Element) -> str:
    """Return an entry's id if it is a URL, and not marked as no permalink."""
    for child in item.iterchildren("*"):  # skips entity references, which have no text
        text = _flatten(child)
        is_link = _local_name(child) == "id" or (
            _local_name(child) == "guid" and child.get("isPermaLink", "true").strip().lower() != "false"
        )
        if is_link and text.lower().startswith(("http://", "https://", "//", "/")):
            return text
    return ""


def _atom_link(item: etree._Element) -> str:
    links = [child for child in item if _local_name(child) == "link" and child.get("href")]
    best = [link for link in links if link.get("rel", "alternate") == "alternate"] or links
    return (best[0].get("href") or "").strip() if best else ""
