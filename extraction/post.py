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
from extraction.paragraph import read_paragraphs
from extraction.tree import MAX_ELEMENT_COUNT, count_elements, decode, parse_fragment
from schemas.capture import Capture
from sites.profile import Site
from sites.structure import PageRules

TEXT_KEYS = ("html", "text", "quote", "cite")
"""Where an item of a post has its words; only the first was seen."""


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
    # The newest comes first: turned round, posts without a time stay beside those that they stood beside.
    timed = [(read_post_time(post.get("time"), site.time_zone), post) for post in reversed(posts)]
    times = [at for at, _ in timed if at]
    if len(times) == len(timed):
        timed.sort(key=lambda one: one[0] or datetime.min.replace(tzinfo=UTC))
    paragraphs: list[str] = []
    element_count = 0
    for _, post in timed:
        for html in _list_texts(post.get("body"), site.page):
            block = parse_fragment(html)
            element_count += count_elements(block)
            if element_count > MAX_ELEMENT_COUNT:
                return Posts(tuple(paragraphs), min(times, default=None), max(times, default=None), ("posts-cut",))
            for foreign in site.page.find_foreign(block):
                if foreign.getparent() is not None:
                    foreign.drop_tree()
            paragraphs += read_paragraphs([block])
    return Posts(tuple(paragraphs), min(times, default=None), max(times, default=None))


def _list_texts(body: Any, rules: PageRules) -> Iterator[str]:
    """The HTML of a post's text, piece by piece: its pictures, embeds and links to other articles are none."""
    for item in body if isinstance(body, list) else [body]:
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict) and rules.is_text_type(item.get("type")):
            yield from (text for key in TEXT_KEYS if isinstance(text := item.get(key), str))


def read_post_time(value: Any, zone: tzinfo) -> datetime | None:
    """A post's time in UTC: ISO 8601, or seconds since 1970; None for any other."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value, UTC)
        except (ValueError, OverflowError, OSError):
            return None
    instant = read_instant(value, zone)
    return instant.at if instant else None
