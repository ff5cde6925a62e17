"""Reads the posts of a live blog, which are not in its page: `/live/ID/0` answers them as JSON.

Known is `[{"id", "time", "body": [{"type", "html"}]}]`, the newest post first. All else may be different, so nothing
that is missing or of another type is more than passed over.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from extraction.instant import read_instant
from extraction.line_break import part_lines
from extraction.paragraph import read_paragraphs
from extraction.tree import MAX_ELEMENT_COUNT, count_elements, decode, drop, parse_fragment
from schemas.capture import Capture
from sites.profile import Site
from sites.structure import PageRules

TEXT_KEYS = ("html", "text", "quote", "cite")
"""Where an item of a post has its words; only the first was seen."""

LEAST_THOUSANDTHS = 10**11
"""More seconds than that are after the year 5000: it is thousandths of them, from 1973 on."""

EARLIEST_YEAR = 1995
"""The newspaper's web site is not older: a smaller number is a counter, or a program's zero."""


@dataclass(frozen=True)
class Posts:
    """A live blog's posts, the oldest first."""

    paragraphs: tuple[str, ...]
    first_at: datetime | None = None
    last_at: datetime | None = None
    flags: tuple[str, ...] = ()


def read_posts(companions: Iterable[Capture], site: Site, record_id: str | None) -> Posts | None:
    """The posts of this record by the newest of the captures that has them; None where none does."""
    own = [one for one in companions if one.url and record_id and site.recognize_companion(one.url) == record_id]
    for capture in sorted(own, key=lambda one: one.fetched_at, reverse=True):
        posts = list_posts(capture)
        if posts is not None:
            return _read(posts, site)
    return None


def list_posts(capture: Capture) -> list[dict[str, Any]] | None:
    """The posts as they came; None where the answer is no list of posts."""
    if capture.status != 200 or capture.too_large:  # noqa: PLR2004 - OK
        return None
    try:
        found = json.loads(decode(capture), strict=False)
    except (ValueError, RecursionError):
        return None
    return [post for post in found if isinstance(post, dict)] if isinstance(found, list) else None


def _read(posts: list[dict[str, Any]], site: Site) -> Posts:
    times = [read_post_time(post.get("time"), site.time_zone) for post in posts]
    known = [at for at in times if at]
    flags = ["times-missing"] if len(known) < len(times) else []
    paragraphs: list[str] = []
    element_count = 0
    for post in _sort(posts, times):
        for html in _list_texts(post.get("body"), site.page):
            block = parse_fragment(html)
            element_count += count_elements(block)
            if element_count > MAX_ELEMENT_COUNT:
                flags.append("posts-cut")
                break
            for foreign in site.page.find_foreign(block).elements:
                drop(foreign)
            part_lines(block)
            paragraphs += read_paragraphs([block])
        if element_count > MAX_ELEMENT_COUNT:
            break
    if not paragraphs:
        flags.append("posts-empty")
    return Posts(tuple(paragraphs), min(known, default=None), max(known, default=None), tuple(flags))


def _sort(posts: list[dict[str, Any]], times: list[datetime | None]) -> list[dict[str, Any]]:
    """The oldest first. The newest comes first; one without a time stays behind the one that it came after."""
    known = [at for at in times if at]
    rows = list(zip(times, posts, strict=True))
    if len(known) < 2 or known[0] >= known[-1]:  # noqa: PLR2004 - two times show a direction
        rows.reverse()
    last = next((at for at, _ in rows if at), datetime.min.replace(tzinfo=UTC))
    timed: list[tuple[datetime, dict[str, Any]]] = []
    for at, post in rows:
        last = at or last
        timed.append((last, post))
    return [post for _, post in sorted(timed, key=lambda one: one[0])]


def _list_texts(body: Any, rules: PageRules) -> Iterator[str]:
    """The HTML of a post's text, piece by piece: its pictures, embeds and links to other articles are none."""
    body = _parse_json(body)
    for item in body if isinstance(body, list) else [body]:
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict) and rules.is_text_type(item.get("type")):
            yield from (text for key in TEXT_KEYS if isinstance(text := item.get(key), str))


def _parse_json(body: Any) -> Any:
    """A post's text, where it is JSON within JSON; as it is, where it is HTML."""
    if not isinstance(body, str) or not body.lstrip().startswith(("[", "{")):
        return body
    try:
        return json.loads(body, strict=False)
    except (ValueError, RecursionError):
        return body


def read_post_time(value: Any, zone: tzinfo) -> datetime | None:
    """A post's time in UTC: ISO 8601, or seconds (or thousandths of them) since 1970; None for any other."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            at = datetime.fromtimestamp(value / 1000 if value >= LEAST_THOUSANDTHS else value, UTC)
        except (ValueError, OverflowError, OSError):
            return None
        return at if at.year >= EARLIEST_YEAR else None
    instant = read_instant(value, zone)
    return instant.at if instant else None
