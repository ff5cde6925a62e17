"""Sources that are off by default: they need many requests, for pages that few users need.

`search`: the site's search is the only source of `/archive/` pages. It returns at most 200 of them, so each year is
halved until every range of dates has fewer: about a thousand requests.
`old-site`: the old site's lists by year and day, 1992 to 2017. It is not known whether its host is still online.
"""

import json
import re
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

from lxml.etree import ParserError

from schemas.url import Sighting, Source, SourceKind
from sites.feed import read_time, resolve_url
from sites.moscow_times.identity import EDITION_BY_HOST, ENGLISH, OLD_ARTICLE, OLD_HOST
from sites.source_page import SourcePage, SourceUnreadable
from sites.tag import parse_html
from sites.url import UrlMalformed, parse_url

SEARCH_PATH = "/api/search"
ARCHIVE_LIMIT = 200
"""A response with this many archive pages may be incomplete. Articles do not count: sitemaps list them all."""

YEARS = range(1992, 2018)
"""The years of the old site's lists and of the archive pages."""

_YEAR = re.compile(r"^/sitemap/free/(?P<year>\d{4})\.html$", re.ASCII)
_DAY = re.compile(r"^/(?P<day>\d{4}/\d{1,2}/\d{1,2})\.html$", re.ASCII)

Days = tuple[date, date]
"""The first and the last publication day, both inclusive."""


def list_extra_sources(names: Collection[str]) -> tuple[Source, ...]:
    """Return the enabled extra sources, newest year first."""
    found = []
    for year in reversed(YEARS):
        if "search" in names:
            found.append(make_search_url((date(year, 1, 1), date(year, 12, 31))))
        if "old-site" in names:
            found.append(f"https://{OLD_HOST}/sitemap/free/{year}.html")
    return tuple(Source(url=url, kind=SourceKind.SITEMAP, is_optional=True) for url in found)


def make_search_url(days: Days) -> str:
    """Return the URL of a search for everything published on these days."""
    query = {"query": "", "section": "", "from": days[0], "to": days[1], "order": "date"}
    return f"{ENGLISH.origin}{SEARCH_PATH}?{urlencode(query)}"


def find_days(url: str) -> Days | None:
    """Return the publication days that an extra source covers; None for any other URL."""
    try:
        parts = parse_url(url)
        if parts.host == OLD_HOST:
            return _find_old_days(parts.path)
        if parts.host in EDITION_BY_HOST and parts.path == SEARCH_PATH:
            query = parse_qs(parts.query)
            return date.fromisoformat(query["from"][0]), date.fromisoformat(query["to"][0])
    except (UrlMalformed, ValueError, KeyError):
        pass
    return None


def _find_old_days(path: str) -> Days | None:
    if match := _YEAR.match(path):
        year = int(match["year"])
        return date(year, 1, 1), date(year, 12, 31)
    if match := _DAY.match(path):
        day = date(*(int(part) for part in match["day"].split("/")))
        return day, day
    return None


def read_extra_source(body: bytes, url: str, days: Days, seen_at: datetime) -> SourcePage:
    """Read the URLs in a search response or in a list of the old site.

    Raises:
        SourceUnreadable: it is something else.
    """
    is_old = parse_url(url).host == OLD_HOST
    return _read_old_list(body, url, days, seen_at) if is_old else _read_search(body, url, days, seen_at)


def _read_search(body: bytes, url: str, days: Days, seen_at: datetime) -> SourcePage:
    try:
        found = list(_find_hits(json.loads(body)))
    except (ValueError, RecursionError):
        raise SourceUnreadable(f"no JSON where the hits of a search should be: {url}") from None
    archived_count = sum(1 for hit in found if hit["type"] == "archive")
    sightings = (
        Sighting(
            url=resolve_url(url, hit["url"]),
            source_url=url,
            source_kind=SourceKind.SITEMAP,
            seen_at=seen_at,
            title=hit["title"] or None,
            published_at=read_time(hit["date"]),
            published_on=_read_day(hit["date"]),
        )
        for hit in found
    )
    children = _halve(days) if archived_count >= ARCHIVE_LIMIT else ()
    return SourcePage(tuple(sightings), tuple(make_search_url(half) for half in children))


def _find_hits(value: object) -> Iterator[dict[str, str]]:
    """Yield every object with a type and a URL, however the response groups them."""
    if isinstance(value, list):
        for one in value:
            yield from _find_hits(one)
    elif isinstance(value, dict):
        fields = {name: str(value.get(name) or "").strip() for name in ("url", "type", "title", "date")}
        if fields["type"] in {"article", "archive"} and fields["url"]:
            yield fields
        else:
            yield from _find_hits(list(value.values()))


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _halve(days: Days) -> tuple[Days, ...]:
    """Split a range of days into halves; return none for a single day, which no search can narrow further."""
    first, last = days
    if first >= last:
        return ()
    middle = first + (last - first) // 2
    return (first, middle), (middle + timedelta(days=1), last)


def _read_old_list(body: bytes, url: str, days: Days, seen_at: datetime) -> SourcePage:
    try:
        tree = parse_html(body, "cp1251")
    except (ParserError, ValueError) as error:
        raise SourceUnreadable(f"no HTML where a list of the old site should be ({error}): {url}") from None
    links = {
        resolve_url(url, anchor.get("href") or ""): anchor.text_content() for anchor in tree.iterfind(".//a[@href]")
    }
    old = {link: title for link, title in links.items() if _is_old(link)}
    articles = [link for link in old if OLD_ARTICLE.match(urlsplit(link).path)]
    children = tuple(link for link in old if _DAY.match(urlsplit(link).path)) if days[0] < days[1] else ()
    if not articles and not children:
        raise SourceUnreadable(f"neither days nor articles in a list of the old site: {url}")
    sightings = (
        Sighting(
            url=link,
            source_url=url,
            source_kind=SourceKind.SITEMAP,
            seen_at=seen_at,
            title=" ".join(old[link].split()) or None,
            published_on=days[0] if days[0] == days[1] else None,
        )
        for link in articles
    )
    return SourcePage(tuple(sightings), children)


def _is_old(link: str) -> bool:
    try:
        return parse_url(link).host == OLD_HOST
    except UrlMalformed:
        return False
