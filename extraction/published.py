"""Chooses when an article was published and last changed."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, tzinfo
from typing import Any

from lxml.etree import XPath
from lxml.html import HtmlElement

from extraction.parsed import Page
from extraction.timestamps import Timestamp, parse_timestamp

PUBLISHED_METAS = (
    "article:published_time",
    "og:published_time",
    "og:article:published_time",
    "datepublished",
    "parsely-pub-date",
    "sailthru.date",
    "dc.date.issued",
    "dcterms.created",
    "dc.date",
    "citation_publication_date",
    "citation_date",
    "article.published",
    "published_date",
    "publish-date",
    "publication_date",
    "pubdate",
    "date",
)
MODIFIED_METAS = (
    "article:modified_time",
    "og:updated_time",
    "og:article:modified_time",
    "datemodified",
    "last-modified",
)
"""Names of meta tags, best first."""

LABEL_DEPTH = 3
"""Elements around a time in which its label may stand before it."""

LABEL_CHARS = 40
"""`Last updated on Tuesday:` has 24; longer is the byline, or a sentence."""

_PARTED = re.compile(r"[|•·\n]")
_MARKED_TIMES = XPath("descendant::time[@pubdate and @datetime]")


def choose_published_at(page: Page) -> datetime | None:
    """The time of publication in UTC. A time that the page shows as the update's is none."""
    found = _choose_time(page, "published_at", _list_published(page))
    return found or _choose_path_day(page) or _choose_guessed_day(page)


def choose_modified_at(page: Page) -> datetime | None:
    """The time of the last change in UTC: what the page shows, or its metadata where the site's rules trust them."""
    return _choose_time(page, "modified_at", _list_modified(page))


def _list_published(page: Page) -> Iterator[tuple[Any, str]]:
    """What may be the time, best first."""
    yield page.metadata.json_ld.get("datePublished"), "json-ld"
    yield from ((value, "meta") for name in PUBLISHED_METAS for value in page.metadata.metas.get(name, ()))
    yield from _list_shown(page, is_update=False)
    if page.is_unknown:
        yield from ((value, "microdata") for value in page.microdata.get("datePublished", ())[:1])
        yield from ((element.get("datetime"), "page") for element in _MARKED_TIMES(page.tree)[:1])
    if page.posts and page.posts.first_at:
        yield page.posts.first_at.isoformat(), "posts"


def _list_modified(page: Page) -> Iterator[tuple[Any, str]]:
    if page.site.page.trusts_modified:
        yield page.metadata.json_ld.get("dateModified"), "json-ld"
        yield from ((value, "meta") for name in MODIFIED_METAS for value in page.metadata.metas.get(name, ()))
    yield from _list_shown(page, is_update=True)
    if page.is_unknown and page.site.page.trusts_modified:
        yield from ((value, "microdata") for value in page.microdata.get("dateModified", ())[:1])


def _list_shown(page: Page, *, is_update: bool) -> Iterator[tuple[Any, str]]:
    """The page shows one time alone: the update's, where there was a late one."""
    updated = page.site.page.updated
    for element in page.select(page.site.page.time):
        texts = ("".join(element.itertext()), _find_label(element))
        if any(updated and updated.match(text) for text in texts) == is_update:
            yield element.get("datetime"), "page"


def _find_label(element: HtmlElement) -> str:
    """What stands right before a time, in its own element or in one around it: `Updated: `."""
    for _ in range(LABEL_DEPTH):
        before, parent = element.getprevious(), element.getparent()
        text = (before.tail if before is not None else parent.text if parent is not None else None) or ""
        if not text.strip() and before is not None and before.tag != "time":
            text = "".join(before.itertext())
        if text.strip() or before is not None or parent is None:
            label = _PARTED.split(text.strip(" :|\n\t"))[-1].strip()
            return label if len(label) <= LABEL_CHARS else ""
        element = parent
    return ""


def _choose_time(page: Page, name: str, candidates: Iterator[tuple[Any, str]]) -> datetime | None:
    """The first; where that is a mere day, the first that names an hour of this day, as the site's calendar has it."""
    zone = page.site.time_zone
    day: tuple[Timestamp, str] | None = None
    for text, source in candidates:
        instant = parse_timestamp(text, zone)
        if instant is None:
            continue
        if not instant.is_day and (day is None or _is_same_day(instant, day[0], zone)):
            return _note(page, name, instant, source)
        day = day or (instant, source)
    return _note(page, name, *day) if day else None


def _is_same_day(one: Timestamp, other: Timestamp, zone: tzinfo) -> bool:
    return one.at.astimezone(zone).date() == other.at.astimezone(zone).date()


def _note(page: Page, name: str, instant: Timestamp, source: str) -> datetime:
    page.note(name, source)
    if not instant.is_aware:
        page.flags.add(f"{name.replace('_', '-')}-{'day-only' if instant.is_day else 'without-offset'}")
    return instant.at


def _choose_path_day(page: Page) -> datetime | None:
    """The day in the URL, as the midnight that begins it, flagged."""
    day = page.site.path_date(page.url) if page.url else None
    if day is None:
        return None
    midnight = datetime.combine(day, time(), page.site.time_zone).astimezone(UTC)
    return _note(page, "published_at", Timestamp(midnight, is_aware=False, is_day=True), "path")


def _choose_guessed_day(page: Page) -> datetime | None:
    instant = parse_timestamp(page.guess_day(), page.site.time_zone)
    if instant is None:
        page.flags.add("published-at-missing")
        return None
    return _note(page, "published_at", instant, "htmldate")
