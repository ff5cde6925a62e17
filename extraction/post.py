"""Extract a live blog's posts, from the JSON at `/live/ID/0` or from a page saved by a browser.

The known format is `[{"id", "time", "body": [{"type": "html", "body": "<p>…"}, …]}]`, the oldest post first. Anything
else may vary, so missing values and other types are skipped.
"""

import json
import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, tzinfo
from itertools import accumulate, pairwise
from typing import Any

from lxml.html import HtmlElement

from boilerplate.text_block import is_running_text
from extraction.agreement import simplify
from extraction.decoding import decode
from extraction.line_break import separate_lines
from extraction.linked_data import read_text
from extraction.paragraph import read_paragraphs
from extraction.picture import read_images, resolve
from extraction.timestamps import parse_timestamp
from extraction.tree import MAX_ELEMENT_COUNT, count_elements, drop, parse_fragment
from extraction.visible import drop_invisible
from schemas.article import Image
from schemas.capture import Capture
from sites.profile import Site
from sites.structure import BLOCK_SENTENCE_COUNT, PageRules, flag_unknown

TEXT_KEYS = ("body", "html", "text", "quote", "cite")
"""Keys of an item's text; only the first has been seen."""

MIN_MILLISECONDS = 10**11
"""Larger numbers are milliseconds (from 1973 on): as seconds, they would be after the year 5000."""

EARLIEST_YEAR = 1995
"""The newspaper's website is not older: a smaller number is a counter or a zero value."""

_CLOCK = re.compile(
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.]\d{2})?(?:\s*(?P<half>[ap])\.?m\.?)?", re.ASCII | re.IGNORECASE
)


@dataclass(frozen=True)
class Posts:
    """A live blog's posts, the oldest first."""

    blocks: tuple[HtmlElement, ...]
    """The cleaned texts."""
    images: tuple[Image, ...] = ()
    first_at: datetime | None = None
    flags: tuple[str, ...] = ()

    @property
    def has_text(self) -> bool:
        """Whether any post has text."""
        return any(not text.isspace() for block in self.blocks for text in block.itertext())

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The paragraphs of all posts."""
        return tuple(read_paragraphs(deepcopy(block) for block in self.blocks))


@dataclass(frozen=True)
class _Post:
    """One post, unprocessed."""

    at: datetime | None
    blocks: list[HtmlElement]
    images: tuple[Image, ...] = ()
    flags: frozenset[str] = frozenset()
    clock: time | None = None
    """A time shown without a date."""


def read_posts(companions: Iterable[Capture], site: Site, record_id: str | None) -> Posts | None:
    """Return this record's posts from its newest capture that has any; None if there is none."""
    own = [one for one in companions if one.url and record_id and site.recognize_companion(one.url) == record_id]
    for capture in sorted(own, key=lambda one: one.fetched_at, reverse=True):
        posts = list_posts(capture)
        if posts is not None:
            return _assemble(_sort([_read_post(post, site) for post in posts]), site.page)
    return None


def find_page_posts(tree: HtmlElement, site: Site, base_url: str | None = None) -> Posts | None:
    """Return the posts in a page with this `base_url`; None if it has none. Does not modify the page."""
    found = [_read_page_post(post, site, base_url) for post in site.page.posts(tree)]
    return _assemble(_sort(found), site.page) if found else None


def _read_page_post(post: HtmlElement, site: Site, base_url: str | None) -> _Post:
    times = site.page.post_time(post)
    shown = [element.get("datetime") or "".join(element.itertext()) for element in times]
    clocks = [clock for text in shown if (clock := _read_clock(text))]
    return _Post(
        next((at for text in shown if (at := read_post_time(text, site.time_zone))), None),
        [deepcopy(body) for body in site.page.post_body(post)],
        tuple(image for image, _ in read_images(post, site.page, base_url)),
        clock=clocks[0] if clocks else None,
    )


def _read_clock(text: str) -> time | None:
    """Parse a time of day; None for any other text."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        return None
    hour = int(match["hour"]) % 12 + 12 * (match["half"] in "pP") if match["half"] else int(match["hour"])
    try:
        return time(hour, int(match["minute"]))
    except ValueError:
        return None


def list_posts(capture: Capture) -> list[dict[str, Any]] | None:
    """Return the raw posts; None if the response is not a list of posts."""
    if not capture.is_success or capture.too_large:
        return None
    try:
        found = json.loads(decode(capture), strict=False)
    except (ValueError, RecursionError):
        return None
    return [post for post in found if isinstance(post, dict)] if isinstance(found, list) else None


def _read_post(post: dict[str, Any], site: Site) -> _Post:
    body = _parse_json(post.get("body"))
    items = body if isinstance(body, list) else [body]
    read = _Post(read_post_time(post.get("time"), site.time_zone), [])
    images: list[Image] = []
    kept, dropped = [], []
    for item in items:
        images += _read_item_images(item, site)
        for is_text, block in _list_blocks(item, site.page):
            if is_text is None and not is_running_text(block, BLOCK_SENTENCE_COUNT):
                dropped.append(block)
                continue
            kept += [block] if is_text is None else []
            images += (image for image, _ in read_images(block, site.page, _find_base_url(site)))
            read.blocks.append(block)
    return replace(read, images=tuple(images), flags=flag_unknown(len(kept), dropped))


def _read_item_images(item: Any, site: Site) -> Iterator[Image]:
    """Yield the picture of an image item; nothing for other items."""
    image_data = item.get("image") if isinstance(item, dict) and item.get("type") == "image" else None
    if isinstance(image_data, dict) and isinstance(source := image_data.get("src"), str):
        caption, credit = (read_text(image_data.get(name)) for name in ("caption", "credits"))
        yield Image(url=resolve(source, _find_base_url(site)), caption=caption, credit=credit)


def _find_base_url(site: Site) -> str | None:
    return site.origins[0] if site.origins else None


def _assemble(posts: list[_Post], rules: PageRules) -> Posts:
    known = [post.at for post in posts if post.at]
    flags = {flag for post in posts for flag in post.flags} | _flag_times(posts)
    blocks = [block for post in posts for block in post.blocks]
    element_counts = accumulate(map(count_elements, blocks))
    kept = [block for block, count in zip(blocks, element_counts, strict=True) if count <= MAX_ELEMENT_COUNT]
    flags |= {"posts-cut"} if len(kept) < len(blocks) else set()
    for block in kept:
        found = rules.find_foreign(block)
        flags |= found.flags
        for foreign in found.elements:
            drop(foreign)
        separate_lines(block, rules)
        simplify(block)
    images = tuple(image for post in posts for image in post.images)
    read = Posts(tuple(kept), images, min(known, default=None), tuple(sorted(flags)))
    return read if read.has_text else replace(read, flags=(*read.flags, "posts-empty"))


def _flag_times(posts: list[_Post]) -> set[str]:
    """Return the flag for posts without a full time."""
    timeless = [post for post in posts if not post.at]
    if not timeless:
        return set()
    return {"times-without-day"} if all(post.clock for post in timeless) else {"times-missing"}


def _sort(posts: list[_Post]) -> list[_Post]:
    """Sort the oldest first; a post without a time stays after its predecessor."""
    rows = posts[::-1] if _is_newest_first(posts) else posts
    last = next((post.at for post in rows if post.at), datetime.min.replace(tzinfo=UTC))
    timed: list[tuple[datetime, _Post]] = []
    for post in rows:
        last = post.at or last
        timed.append((last, post))
    return [post for _, post in sorted(timed, key=lambda one: one[0])]


def _is_newest_first(posts: list[_Post]) -> bool:
    """Whether times decrease from post to post; without dates, more decreases than increases (at midnight) decide."""
    known = [post.at for post in posts if post.at]
    if known:
        return known[0] > known[-1]
    clocks = [post.clock for post in posts if post.clock]
    fall_count = sum(before > after for before, after in pairwise(clocks))
    return fall_count > sum(before < after for before, after in pairwise(clocks))


def _list_blocks(item: Any, rules: PageRules) -> Iterator[tuple[bool | None, HtmlElement]]:
    """Yield an item's texts, and whether they are known to be text; pictures, embeds and links have none."""
    if isinstance(item, str):
        yield True, _parse_visible(item)
    elif isinstance(item, dict) and (is_text := rules.is_text_type(item.get("type"))) is not False:
        yield from ((is_text, _parse_visible(text)) for key in TEXT_KEYS if isinstance(text := item.get(key), str))


def _parse_visible(text: str) -> HtmlElement:
    fragment = parse_fragment(text)
    drop_invisible(fragment)
    return fragment


def _parse_json(body: Any) -> Any:
    """Decode a post's text if it is JSON within JSON; return HTML unchanged."""
    if not isinstance(body, str) or not body.lstrip().startswith(("[", "{")):
        return body
    try:
        return json.loads(body, strict=False)
    except (ValueError, RecursionError):
        return body


def read_post_time(value: Any, zone: tzinfo) -> datetime | None:
    """Return a post's time in UTC: ISO 8601, or seconds or milliseconds since 1970; None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            at = datetime.fromtimestamp(value / 1000 if value >= MIN_MILLISECONDS else value, UTC)
        except (ValueError, OverflowError, OSError):
            return None
        return at if at.year >= EARLIEST_YEAR else None
    timestamp = parse_timestamp(value, zone)
    return timestamp.at if timestamp else None
