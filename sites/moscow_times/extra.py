"""Sources that are off by default: each costs the publisher much, and names what few readers need.

`search`: the site's own search is the only source that names `/archive/` pages. It answers at most 200 of them, so the
years are halved until each window holds fewer: about a thousand requests.
`old-site`: the old site's lists by year and day, 1992 to 2017. Whether its host still answers is not known.
"""

import json
import re
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

from lxml.etree import ParserError

from schemas.url import Sighting, Source, SourceKind
from sites.moscow_times.identity import EDITION_BY_HOST, ENGLISH, OLD_ARTICLE, OLD_HOST
from sites.source import read_time, resolve_url
from sites.source_page import SourcePage, SourceUnreadable
from sites.tag import parse_html
from sites.url import UrlMalformed, parse_url

SEARCH_PATH = "/api/search"
ARCHIVE_LIMIT = 200
"""An answer with so many archive pages may have left some out. Articles are not counted: sitemaps name them all."""

YEARS = range(1992, 2018)
"""What the old site's lists and the archive pages go back to, and where both end."""

_YEAR = re.compile(r"^/sitemap/free/(?P<year>\d{4})\.html$", re.ASCII)
_DAY = re.compile(r"^/(?P<day>\d{4}/\d{1,2}/\d{1,2})\.html$", re.ASCII)

Days = tuple[date, date]
"""The first and the last publication day, both inclusive."""


def list_extra_sources(names: Collection[str]) -> tuple[Source, ...]:
    """Those that are switched on, the newest year first."""
    found = []
    for year in reversed(YEARS):
        if "search" in names:
            found.append(make_search_url((date(year, 1, 1), date(year, 12, 31))))
        if "old-site" in names:
            found.append(f"https://{OLD_HOST}/sitemap/free/{year}.html")
    return tuple(Source(url=url, kind=SourceKind.SITEMAP, is_optional=True) for url in found)


def make_search_url(days: Days) -> str:
    """The search for all that was published in these days."""
    query = {"query": "", "section": "", "from": days[0], "to": days[1], "order": "date"}
    return f"{ENGLISH.origin}{SEARCH_PATH}?{urlencode(query)}"


def find_days(url: str) -> Days | None:
    """The publication days that an extra source covers; None for any other URL."""
    try:
        address = parse_url(url)
        if address.host == OLD_HOST:
            return _find_old_days(address.path)
        if address.host in EDITION_BY_HOST and address.path == SEARCH_PATH:
            query = parse_qs(address.query)
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
    """What a search, or a list of the old site, names.

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
    """Every object with a type and a URL, however the answer groups them."""
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
    """Nothing of a single day: what its answer leaves out, no narrower search would name."""
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
    links = {resolve_url(url, link.get("href") or ""): link.text_content() for link in tree.iterfind(".//a[@href]")}
    old = {address: title for address, title in links.items() if _is_old(address)}
    articles = [address for address in old if OLD_ARTICLE.match(urlsplit(address).path)]
    children = tuple(address for address in old if _DAY.match(urlsplit(address).path)) if days[0] < days[1] else ()
    if not articles and not children:
        raise SourceUnreadable(f"neither days nor articles in a list of the old site: {url}")
    sightings = (
        Sighting(
            url=address,
            source_url=url,
            source_kind=SourceKind.SITEMAP,
            seen_at=seen_at,
            title=" ".join(old[address].split()) or None,
            published_on=days[0] if days[0] == days[1] else None,
        )
        for address in articles
    )
    return SourcePage(tuple(sightings), children)


def _is_old(address: str) -> bool:
    try:
        return parse_url(address).host == OLD_HOST
    except UrlMalformed:
        return False
