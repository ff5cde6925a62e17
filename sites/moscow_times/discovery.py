"""Where The Moscow Times advertises its articles, and how its listings read."""

import re
from collections.abc import Iterator
from datetime import date, datetime

from lxml import html
from lxml.etree import ParserError, XPath
from lxml.html import HtmlElement

from schemas.address import Sighting, Source, SourceKind
from sites.address import AddressMalformed, read_address
from sites.moscow_times.identity import EDITION_BY_HOST, ENGLISH, SECTIONS, STATIC_HOST
from sites.profile import SourceChoice, SourcePage, SourceUnreadable
from sites.source import resolve_address
from sites.structure import has_class

FEEDS = ("news", "opinion", "city", "meanwhile", "in-depth", "podcasts")
"""`/rss/arts-and-life` is `/rss/city` under another name; `/rss/all` names nothing that these do not."""

SITEMAP_INDEX = f"https://{STATIC_HOST}/sitemap/sitemap.xml"

FIRST_OFFSET = 19
"""A section's page has 19 cards; the fragments after it begin at this offset …"""
OFFSET_STEP = 18
"""… and go on by this step."""

MONTH = re.compile(r"/sitemap/(?P<year>\d{4})-(?P<month>\d{1,2})\.xml$", re.ASCII)
_FEED = re.compile(r"^/rss/[\w-]+$", re.ASCII)
_SITEMAP = re.compile(r"^/sitemap/[\w-]+\.xml$", re.ASCII)
_LISTING = re.compile(rf"^/(?P<section>{'|'.join(SECTIONS)})(?:/(?P<offset>\d+))?$", re.ASCII)
_CARDS = XPath(f"descendant-or-self::div[{has_class('article-excerpt-default')}]")


def list_sources(choice: SourceChoice) -> tuple[Source, ...]:
    """The chosen sources, feeds first: they are the quickest to name what is new."""
    found: dict[str, list[tuple[str, SourceKind, str | None]]] = {
        "feeds": [(f"{ENGLISH.origin}/rss/{name}", SourceKind.FEED, name) for name in FEEDS],
        "sitemaps": [(SITEMAP_INDEX, SourceKind.SITEMAP, None)],
        "listings": [(f"{ENGLISH.origin}/{name}", SourceKind.LISTING, name) for name in SECTIONS],
    }
    wanted = found.values() if choice == "all" else [found[choice]]
    return tuple(Source(url=url, kind=kind, section=section) for rows in wanted for url, kind, section in rows)


def recognize_source(url: str) -> SourceKind | None:
    """What kind of source an address is. `/page/rss` is a page about feeds, not a feed."""
    try:
        address = read_address(url)
    except AddressMalformed:
        return None
    if address.host == STATIC_HOST:
        return SourceKind.SITEMAP if _SITEMAP.match(address.path) else None
    if address.host not in EDITION_BY_HOST:
        return None
    if _FEED.match(address.path):
        return SourceKind.FEED
    return SourceKind.LISTING if _LISTING.match(address.path) else None


def read_listing(body: bytes, url: str, seen_at: datetime) -> SourcePage:
    """The cards of a section's page, or of one of the bare fragments that follow; an empty one ends the list.

    Raises:
        SourceUnreadable: it has text, but no card.
    """
    if not body.strip():
        return SourcePage(())
    sightings = tuple(_read_cards(_parse(body, url), url, seen_at))
    if not sightings:
        raise SourceUnreadable(f"no article card on the listing page {url}")
    return SourcePage(sightings, (next_page(url),))


def first_page(url: str) -> str:
    """The address of the section's page that a fragment belongs to."""
    address = read_address(url)
    match = _LISTING.match(address.path)
    if match is None:
        raise SourceUnreadable(f"{url} is no listing's address")
    return f"{EDITION_BY_HOST[address.host].origin}/{match['section']}"


def next_page(url: str) -> str:
    """The address of the fragment that follows a section's page or fragment."""
    address = read_address(url)
    match = _LISTING.match(address.path)
    if match is None:
        raise SourceUnreadable(f"{url} is no listing's address")
    offset = int(match["offset"]) + OFFSET_STEP if match["offset"] else FIRST_OFFSET
    return f"{EDITION_BY_HOST[address.host].origin}/{match['section']}/{offset}"


def find_month(url: str) -> str | None:
    """The month (`YYYY-MM`) that a monthly sitemap's address names; None for any other address."""
    match = MONTH.search(url)
    if match is None or not 1 <= int(match["month"]) <= 12:  # noqa: PLR2004 - months of a year
        return None
    return f"{match['year']}-{int(match['month']):02}"


def is_month_due(child_url: str, since: date | None, until: date | None) -> bool:
    """Whether a monthly sitemap can name articles of these days; any other child always can."""
    month = find_month(child_url)
    is_early = since is not None and month is not None and month < f"{since:%Y-%m}"
    is_late = until is not None and month is not None and month > f"{until:%Y-%m}"
    return not (is_early or is_late)


def _parse(body: bytes, url: str) -> HtmlElement:
    try:
        # A fragment has no head that could name its encoding; the publisher's is UTF-8.
        return html.document_fromstring(body, parser=html.HTMLParser(encoding="utf-8"))
    except (ParserError, ValueError) as error:
        raise SourceUnreadable(f"the listing page {url} is no HTML: {error}") from None


def _read_cards(tree: HtmlElement, url: str, seen_at: datetime) -> Iterator[Sighting]:
    for card in _CARDS(tree):
        link = card.find(".//a[@href]")  # Russian cards have no data-url
        address = card.get("data-url") or (link.get("href") if link is not None else "")
        if address and address.strip():
            yield Sighting(
                url=resolve_address(url, address.strip()),
                source_url=url,
                source_kind=SourceKind.LISTING,
                seen_at=seen_at,
                title=" ".join((card.get("data-title") or "").split()) or None,
            )
