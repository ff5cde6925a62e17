"""The feeds, sitemaps and listings of The Moscow Times, and a reader for its listings."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

from lxml.etree import ParserError, XPath
from lxml.html import HtmlElement

from schemas.url import Sighting, Source, SourceKind
from sites.feed import read_xml_source, resolve_url
from sites.moscow_times.identity import EDITION_BY_HOST, ENGLISH, SECTIONS, STATIC_HOST, identify
from sites.profile import SourceChoice
from sites.source_page import SourcePage, SourceUnreadable
from sites.structure import has_class
from sites.tag import parse_html
from sites.url import UrlMalformed, parse_url

FEEDS = ("all", "news", "opinion", "city", "meanwhile", "in-depth", "podcasts")
"""`all` has the 50 newest articles of all sections: business, climate, diaspora, lectures and the war have no separate
feed. `/rss/arts-and-life` is the same as `/rss/city`."""
ALL_FEED = "/rss/all"

SITEMAP_INDEX = f"https://{STATIC_HOST}/sitemap/sitemap.xml"
NEWS_INDEX = f"https://{STATIC_HOST}/sitemap/newsmap.xml"
"""One news sitemap per section: a second source for the last month, with articles that monthly sitemaps lack."""
NEWS_DAYS = 30
"""How far back the news sitemaps go, in days."""

SECTION_OFFSETS = (19, 18)
"""First offset and step: a section's page has 1 lead card and 18 others, and each further fragment has 18."""
MEDIA_OFFSETS = (20, 20)
"""First offset and step of videos and galleries, with 20 cards per page."""
MEDIA = ("videos", "galleries")

OPTIONAL_LISTINGS = frozenset({"features", "lectures", *MEDIA})
"""Listings known only from the publisher's code of 2024: the site may have dropped one since."""

MONTH = re.compile(r"/sitemap/(?P<year>\d{4})-(?P<month>\d{1,2})\.xml$", re.ASCII)
_FEED = re.compile(r"^/rss/[\w-]+$", re.ASCII)
_SITEMAP = re.compile(r"^/(?:[\w-]+/)*[\w.-]+\.xml$", re.ASCII)
_LISTING = re.compile(rf"^/(?P<section>{'|'.join((*SECTIONS, *MEDIA))})(?:/(?P<offset>\d+))?$", re.ASCII)
_CARDS = XPath(f"descendant-or-self::div[{has_class('article-excerpt-lead', 'article-excerpt-default')}]")


def list_sources(choice: SourceChoice) -> tuple[Source, ...]:
    """Return the chosen sources, feeds first: they list new articles soonest."""
    found: dict[str, tuple[Source, ...]] = {
        "feeds": tuple(_make_source(f"/rss/{name}", SourceKind.FEED, name) for name in FEEDS),
        "sitemaps": (
            Source(url=SITEMAP_INDEX, kind=SourceKind.SITEMAP),
            Source(url=NEWS_INDEX, kind=SourceKind.SITEMAP, is_optional=True, newest_days=NEWS_DAYS),
        ),
        "listings": tuple(_make_source(f"/{name}", SourceKind.LISTING, name) for name in (*SECTIONS, *MEDIA)),
    }
    return tuple(source for sources in found.values() for source in sources) if choice == "all" else found[choice]


def _make_source(path: str, kind: SourceKind, section: str) -> Source:
    is_optional = kind is SourceKind.LISTING and section in OPTIONAL_LISTINGS
    return Source(url=ENGLISH.origin + path, kind=kind, section=section, is_optional=is_optional)


def recognize_source(url: str) -> SourceKind | None:
    """Return the kind of source that a URL is; None if it is not one. `/page/rss` is a page about feeds."""
    try:
        parts = parse_url(url)
    except UrlMalformed:
        return None
    if parts.host == STATIC_HOST:
        return SourceKind.SITEMAP if _SITEMAP.match(parts.path) else None
    if parts.host not in EDITION_BY_HOST:
        return None
    if _FEED.match(parts.path):
        return SourceKind.FEED
    return SourceKind.LISTING if _LISTING.match(parts.path) else None


def read_listing(body: bytes, url: str, seen_at: datetime) -> SourcePage:
    """Read the cards of a section's page, or of a bare HTML fragment after it; an empty fragment ends the list.

    Raises:
        SourceUnreadable: it has text, but no card.
    """
    if not body.strip():
        return SourcePage(())
    sightings = tuple(_read_cards(_parse(body, url), url, seen_at))
    if not sightings:
        raise SourceUnreadable(f"no article card on the listing page {url}")
    return SourcePage(sightings, (next_page(url),))


def read_feed(body: bytes, url: str, media_type: str, seen_at: datetime) -> SourcePage:
    """Read a feed's items. Titles of `/rss/all` are dropped: those of opinion pieces begin with the author's name.

    Raises:
        SourceUnreadable: it is not a feed.
    """
    page = read_xml_source(body, url, media_type, seen_at)
    if parse_url(url).path != ALL_FEED:
        return page
    return replace(page, sightings=tuple(one.model_copy(update={"title": None}) for one in page.sightings))


def first_page(url: str) -> str:
    """Return the URL of the section's page that a fragment belongs to."""
    parts = parse_url(url)
    match = _LISTING.match(parts.path)
    if match is None:
        raise SourceUnreadable(f"{url} is not a listing's URL")
    return f"{EDITION_BY_HOST[parts.host].origin}/{match['section']}"


def next_page(url: str) -> str:
    """Return the URL of the fragment after a section's page or fragment."""
    parts = parse_url(url)
    match = _LISTING.match(parts.path)
    if match is None:
        raise SourceUnreadable(f"{url} is not a listing's URL")
    first, step = MEDIA_OFFSETS if match["section"] in MEDIA else SECTION_OFFSETS
    offset = int(match["offset"]) + step if match["offset"] else first
    return f"{EDITION_BY_HOST[parts.host].origin}/{match['section']}/{offset}"


def find_month(url: str) -> str | None:
    """Return the month (`YYYY-MM`) in a monthly sitemap's URL; None for any other URL."""
    match = MONTH.search(url)
    if match is None or not 1 <= int(match["month"]) <= 12:  # noqa: PLR2004 - months of a year
        return None
    return f"{match['year']}-{int(match['month']):02}"


def is_month_due(child_url: str, since: date | None, until: date | None) -> bool:
    """Return whether a monthly sitemap can list articles of these days; True for any other child."""
    month = find_month(child_url)
    is_early = since is not None and month is not None and month < f"{since:%Y-%m}"
    is_late = until is not None and month is not None and month > f"{until:%Y-%m}"
    return not (is_early or is_late)


def _parse(body: bytes, url: str) -> HtmlElement:
    try:
        # A fragment has no head to declare its encoding; the publisher uses UTF-8.
        return parse_html(body, "utf-8")
    except (ParserError, ValueError) as error:
        raise SourceUnreadable(f"the listing page {url} is not HTML: {error}") from None


def _read_cards(tree: HtmlElement, url: str, seen_at: datetime) -> Iterator[Sighting]:
    for card in _CARDS(tree):
        if found := _find_card_url(card, url):
            yield Sighting(
                url=found,
                source_url=url,
                source_kind=SourceKind.LISTING,
                seen_at=seen_at,
                title=" ".join((card.get("data-title") or "").split()) or None,
            )


def _find_card_url(card: HtmlElement, url: str) -> str | None:
    """Return the URL that a card links to. A Russian card has no `data-url` and may link to its section first."""
    named = [card.get("data-url") or ""]
    links = [link.get("href") or "" for link in card.iterfind(".//a[@href]")]
    found = [resolve_url(url, link.strip()) for link in (*named, *links) if link.strip()]
    return next((one for one in found if identify(one).id), found[0] if found else None)
