"""Choose an article's times of publication and last modification."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
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

UTC_OFFSET = "+00:00"
MINUTE = timedelta(minutes=1)
"""Two places that give one time may differ in the seconds."""

MAX_LABEL_DEPTH = 3
"""Ancestors of a time in which its label is searched."""

MAX_LABEL_CHARS = 40
"""Maximum characters of a label. `Last updated on Tuesday:` has 24; longer texts are the byline, or a sentence."""

_LABEL_SEPARATOR = re.compile(r"[|•·\n]")
_TITLE_DATE = re.compile(r"(?<![\d.])(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})\s*$", re.ASCII)
_NEW_YEAR = re.compile(
    r"\d{4}[-/.]?0?1[-/.]?0?1(?!\d)|(?<!\d)0?1[-/.]\s?0?1[-/.]\s?\d\d|1月\s*1日"
    r"|(?<!\d)0?1(?:st|er|[.ºª])?,?\s+(?:de\s+|of\s+)?(?:jan|янв|січ|студ|ene|gen|sty|led|sij|siu|oca|ιαν|xaneir)"
    r"|\b(?:jan|ene|oca)\w*\.?\s+0?1(?!\d)",
    re.IGNORECASE,
)
"""A first of January, written as a day. Of a year alone (`© 2024`), htmldate makes that day too."""
_MARKED_TIMES = XPath("descendant::time[@pubdate and @datetime]")


def choose_published_at(page: Page) -> datetime | None:
    """Return the time of publication in UTC. A time that the page labels as an update does not count."""
    found = _choose_time(page, "published_at", _list_published(page))
    return found or _choose_path_date(page) or _choose_guessed_date(page)


def choose_modified_at(page: Page) -> datetime | None:
    """Return the time of the last modification in UTC: as shown, or from metadata if the site's rules trust that."""
    return _choose_time(page, "modified_at", _list_modified(page))


def _list_published(page: Page) -> Iterator[tuple[Any, str]]:
    """Yield candidates for the time, best first."""
    yield _read_stated(page, "datePublished"), "json-ld"
    yield from ((value, "meta") for name in PUBLISHED_METAS for value in page.metadata.metas.get(name, ()))
    yield from _list_shown(page, is_update=False)
    if page.is_unknown:
        yield from ((value, "microdata") for value in page.microdata.get("datePublished", ())[:1])
        yield from ((element.get("datetime"), "page") for element in _MARKED_TIMES(page.tree)[:1])
    if page.posts and page.posts.first_at:
        yield page.posts.first_at.isoformat(), "posts"


def _read_stated(page: Page, name: str) -> Any:
    """Return a value of JSON-LD, which may be the first of a list."""
    value = page.metadata.json_ld.get(name)
    return next(iter(value), None) if isinstance(value, list) else value


def _list_modified(page: Page) -> Iterator[tuple[Any, str]]:
    if page.site.page.trusts_modified:
        yield _read_stated(page, "dateModified"), "json-ld"
        yield from ((value, "meta") for name in MODIFIED_METAS for value in page.metadata.metas.get(name, ()))
    yield from _list_shown(page, is_update=True)
    if page.is_unknown and page.site.page.trusts_modified:
        yield from ((value, "microdata") for value in page.microdata.get("dateModified", ())[:1])


def _list_shown(page: Page, *, is_update: bool) -> Iterator[tuple[Any, str]]:
    """Yield the times shown. A page shows only one: that of a late update, if there was one."""
    updated = page.site.page.updated
    for element in page.select(page.site.page.time):
        texts = ("".join(element.itertext()), _find_label(element))
        if any(updated and updated.match(text) for text in texts) == is_update:
            yield element.get("datetime"), "page"


def _find_label(element: HtmlElement) -> str:
    """Return the text directly before a time, in its parent or another ancestor: `Updated: `."""
    for _ in range(MAX_LABEL_DEPTH):
        before, parent = element.getprevious(), element.getparent()
        text = (before.tail if before is not None else parent.text if parent is not None else None) or ""
        if not text.strip() and before is not None and before.tag != "time":
            text = "".join(before.itertext())
        if text.strip() or before is not None or parent is None:
            label = _LABEL_SEPARATOR.split(text.strip(" :|\n\t"))[-1].strip()
            return label if len(label) <= MAX_LABEL_CHARS else ""
        element = parent
    return ""


def _choose_time(page: Page, name: str, candidates: Iterator[tuple[Any, str]]) -> datetime | None:
    """Return the first time; if it is only a date, the first candidate with an hour on that date in the site's zone."""
    zone = page.site.time_zone
    day: tuple[Any, Timestamp, str] | None = None
    for text, source in candidates:
        timestamp = parse_timestamp(text, zone)
        if timestamp is None:
            continue
        if not timestamp.is_day and (day is None or _is_same_day(timestamp, day[1], zone)):
            local = (
                _find_local(timestamp, candidates, zone) if name == "published_at" and page.is_unknown else timestamp
            )
            return _record_text(page, name, text, local, source)
        day = day or (text, timestamp, source)
    return _record_text(page, name, *day) if day else None


def _find_local(timestamp: Timestamp, others: Iterator[tuple[Any, str]], zone: tzinfo) -> Timestamp:
    """Return a time in UTC with the offset that another place gives with the same time: that is the publisher's."""
    if timestamp.offset != UTC_OFFSET:
        return timestamp
    found = (parse_timestamp(text, zone) for text, _ in others)
    offsets = (one.offset for one in found if one and abs(one.at - timestamp.at) < MINUTE)
    return replace(timestamp, offset=next((one for one in offsets if one not in {None, UTC_OFFSET}), UTC_OFFSET))


def _record_text(page: Page, name: str, text: Any, timestamp: Timestamp, source: str) -> datetime:
    if name == "published_at":
        page.published_text = text
    return _record_time(page, name, timestamp, source)


def _is_same_day(one: Timestamp, other: Timestamp, zone: tzinfo) -> bool:
    return one.at.astimezone(zone).date() == other.at.astimezone(zone).date()


def _record_time(page: Page, name: str, timestamp: Timestamp, source: str) -> datetime:
    page.record_source(name, source)
    if name == "published_at":
        page.published_offset = timestamp.offset
    if not timestamp.is_aware:
        page.flags.add(f"{name.replace('_', '-')}-{'day-only' if timestamp.is_day else 'without-offset'}")
    return timestamp.at


def _choose_path_date(page: Page) -> datetime | None:
    """Return the start of the date in the URL, and flag it."""
    day = page.site.path_date(page.url) if page.url else None
    if day is None:
        return None
    midnight = datetime.combine(day, time(), page.site.time_zone).astimezone(UTC)
    return _record_time(page, "published_at", Timestamp(midnight, is_aware=False, is_day=True), "path")


def list_other_days(page: Page, chosen: date) -> Iterator[date]:
    """Yield the days that JSON-LD, the best meta tag and the URL name, unless it is the chosen one, written alike."""
    zone, metas = page.site.time_zone, page.metadata.metas
    meta = next((metas[name][0] for name in PUBLISHED_METAS if name in metas), None)
    stated = _read_stated(page, "datePublished")
    for text in (stated, meta) if stated != meta else (stated,):
        if text != page.published_text and (found := parse_timestamp(text, zone)):
            yield found.at.astimezone(zone).date()
    # The search is much faster than finding the day, and nearly always enough.
    if page.url and f"/{chosen:%Y/%m/%d}/" not in page.url and (day := page.site.path_date(page.url)):
        yield day


def _read_title_date(page: Page, zone: tzinfo) -> Timestamp | None:
    """Return the date at the end of a title: `A bridge closes | DW | 28.04.2023`. With dots, the day comes first."""
    titles = (page.metadata.title, page.metadata.meta.get("og:title"))
    found = next((match for title in titles if title and (match := _TITLE_DATE.search(title))), None)
    timestamp = parse_timestamp(f"{found['year']}-{found['month']}-{found['day']}", zone) if found else None
    return timestamp if timestamp and timestamp.at <= page.fetched_at else None


def _choose_guessed_date(page: Page) -> datetime | None:
    zone = page.site.time_zone
    if page.is_unknown and (timestamp := _read_title_date(page, zone)):
        return _record_time(page, "published_at", timestamp, "page")
    timestamp = parse_timestamp(page.guess_date(), zone)
    if timestamp is None or _is_year_alone(page, timestamp.at.astimezone(zone).date()):
        page.flags.add("published-at-missing")
        return None
    return _record_time(page, "published_at", timestamp, "htmldate")


def _is_year_alone(page: Page, guess: date) -> bool:
    """Whether a guess is the first of January, which the page does not name."""
    if (guess.month, guess.day) != (1, 1):
        return False
    texts = (page.url or "", page.html.decode("utf-8", "replace"), " ".join(page.tree.itertext()))
    return not any(map(_NEW_YEAR.search, texts))
