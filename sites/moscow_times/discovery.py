"""Where The Moscow Times advertises its articles, and how its listings read."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

from lxml.etree import ParserError, XPath
from lxml.html import HtmlElement

from schemas.url import Sighting, Source, SourceKind
from sites.moscow_times.identity import EDITION_BY_HOST, ENGLISH, SECTIONS, STATIC_HOST, identify
from sites.profile import SourceChoice
from sites.source import read_xml_source, resolve_url
from sites.source_page import SourcePage, SourceUnreadable
from sites.structure import has_class
from sites.tag import parse_html
from sites.url import UrlMalformed, parse_url

FEEDS = ("all", "news", "opinion", "city", "meanwhile", "in-depth", "podcasts")
"""`all` has the 50 newest of all sections: business, climate, diaspora, lectures and the war have no feed of their own.
`/rss/arts-and-life` is `/rss/city` under another name."""
ALL_FEED = "/rss/all"

SITEMAP_INDEX = f"https://{STATIC_HOST}/sitemap/sitemap.xml"
NEWS_INDEX = f"https://{STATIC_HOST}/sitemap/newsmap.xml"
"""One news sitemap a section: a second witness of the last month, and of what no monthly sitemap has."""
NEWS_DAYS = 30
"""How far back the news sitemaps go."""

SECTION_OFFSETS = (19, 18)
"""A section's page has 1 lead card and 18 others: the fragments after it begin at 19, and go on by 18."""
MEDIA_OFFSETS = (20, 20)
"""The same of videos and galleries, 20 a page."""
MEDIA = ("videos", "galleries")

OPTIONAL_LISTINGS = frozenset({"features", "lectures", *MEDIA})
"""Listings known from the publisher's own code of 2024 alone: the site may have dropped one since."""

MONTH = re.compile(r"/sitemap/(?P<year>\d{4})-(?P<month>\d{1,2})\.xml$", re.ASCII)
_FEED = re.compile(r"^/rss/[\w-]+$", re.ASCII)
_SITEMAP = re.compile(r"^/(?:[\w-]+/)*[\w.-]+\.xml$", re.ASCII)
_LISTING = re.compile(rf"^/(?P<section>{'|'.join((*SECTIONS, *MEDIA))})(?:/(?P<offset>\d+))?$", re.ASCII)
_CARDS = XPath(f"descendant-or-self::div[{has_class('article-excerpt-lead', 'article-excerpt-default')}]")


def list_sources(choice: SourceChoice) -> tuple[Source, ...]:
    """The chosen sources, feeds first: they are the quickest to name what is new."""
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
    """What kind of source a URL is. `/page/rss` is a page about feeds, not a feed."""
    try:
        address = parse_url(url)
    except UrlMalformed:
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


def read_feed(body: bytes, url: str, media_type: str, seen_at: datetime) -> SourcePage:
    """A feed's items. Those of `/rss/all` without titles: there, an opinion's begins with its author's name.

    Raises:
        SourceUnreadable: it is no feed.
    """
    page = read_xml_source(body, url, media_type, seen_at)
    if parse_url(url).path != ALL_FEED:
        return page
    return replace(page, sightings=tuple(one.model_copy(update={"title": None}) for one in page.sightings))


def first_page(url: str) -> str:
    """The URL of the section's page that a fragment belongs to."""
    address = parse_url(url)
    match = _LISTING.match(address.path)
    if match is None:
        raise SourceUnreadable(f"{url} is no listing's URL")
    return f"{EDITION_BY_HOST[address.host].origin}/{match['section']}"


def next_page(url: str) -> str:
    """The URL of the fragment that follows a section's page or fragment."""
    address = parse_url(url)
    match = _LISTING.match(address.path)
    if match is None:
        raise SourceUnreadable(f"{url} is no listing's URL")
    first, step = MEDIA_OFFSETS if match["section"] in MEDIA else SECTION_OFFSETS
    offset = int(match["offset"]) + step if match["offset"] else first
    return f"{EDITION_BY_HOST[address.host].origin}/{match['section']}/{offset}"


def find_month(url: str) -> str | None:
    """The month (`YYYY-MM`) that a monthly sitemap's URL names; None for any other URL."""
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
        return parse_html(body, "utf-8")
    except (ParserError, ValueError) as error:
        raise SourceUnreadable(f"the listing page {url} is no HTML: {error}") from None


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
    """What a card leads to: a Russian one has no `data-url`, and may link to its section before its article."""
    named = [card.get("data-url") or ""]
    links = [link.get("href") or "" for link in card.iterfind(".//a[@href]")]
    found = [resolve_url(url, address.strip()) for address in (*named, *links) if address.strip()]
    return next((one for one in found if identify(one).id), found[0] if found else None)
