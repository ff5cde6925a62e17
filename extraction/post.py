"""Reads the posts of a live blog: `/live/ID/0` answers them as JSON. A page saved from a browser has them itself.

Known is `[{"id", "time", "body": [{"type": "html", "body": "<p>…"}, …]}]`, the oldest post first. All else may be
different, so nothing that is missing or of another type is more than passed over.
"""

import json
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from itertools import accumulate
from typing import Any

from lxml.html import HtmlElement

from extraction.agreement import simplify
from extraction.instant import read_instant
from extraction.line_break import part_lines
from extraction.linked_data import read_text
from extraction.paragraph import read_paragraphs
from extraction.picture import resolve
from extraction.tree import MAX_ELEMENT_COUNT, count_elements, decode, drop, parse_fragment
from schemas.article import Image
from schemas.capture import Capture
from sites.profile import Site
from sites.structure import PageRules

TEXT_KEYS = ("body", "html", "text", "quote", "cite")
"""Where an item of a post has its words; only the first is known."""

LEAST_THOUSANDTHS = 10**11
"""More seconds than that are after the year 5000: it is thousandths of them, from 1973 on."""

EARLIEST_YEAR = 1995
"""The newspaper's web site is not older: a smaller number is a counter, or a program's zero."""


@dataclass(frozen=True)
class Posts:
    """A live blog's posts, the oldest first."""

    blocks: tuple[HtmlElement, ...]
    """Their texts, without what is no text in them."""
    images: tuple[Image, ...] = ()
    first_at: datetime | None = None
    flags: tuple[str, ...] = ()

    @property
    def has_text(self) -> bool:
        """Whether any of them says anything."""
        return any(not text.isspace() for block in self.blocks for text in block.itertext())

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """All paragraphs of the texts."""
        return tuple(read_paragraphs(deepcopy(block) for block in self.blocks))


@dataclass(frozen=True)
class _Post:
    """One post, as it was found."""

    at: datetime | None
    blocks: list[HtmlElement]
    images: tuple[Image, ...] = ()


def read_posts(companions: Iterable[Capture], site: Site, record_id: str | None) -> Posts | None:
    """The posts of this record by the newest of the captures that has them; None where none does."""
    own = [one for one in companions if one.url and record_id and site.recognize_companion(one.url) == record_id]
    for capture in sorted(own, key=lambda one: one.fetched_at, reverse=True):
        posts = list_posts(capture)
        if posts is not None:
            return _assemble(_sort([_read_post(post, site) for post in posts]), site.page)
    return None


def find_page_posts(tree: HtmlElement, site: Site) -> Posts | None:
    """The posts that stand in a page; None where it has none. The page stays as it is."""
    found = [
        _Post(
            next((at for time in site.page.post_time(post) if (at := _read_element_time(time, site.time_zone))), None),
            [deepcopy(body) for body in site.page.post_body(post)],
        )
        for post in site.page.posts(tree)
    ]
    return _assemble(_sort(found), site.page) if found else None


def _read_element_time(element: HtmlElement, zone: tzinfo) -> datetime | None:
    return read_post_time(element.get("datetime") or "".join(element.itertext()), zone)


def list_posts(capture: Capture) -> list[dict[str, Any]] | None:
    """The posts as they came; None where the answer is no list of posts."""
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
    return _Post(
        read_post_time(post.get("time"), site.time_zone),
        [parse_fragment(html) for item in items for html in _list_texts(item, site.page)],
        tuple(image for item in items if (image := _read_image(item, site))),
    )


def _read_image(item: Any, site: Site) -> Image | None:
    """The picture that an item of a post is; None for any other item."""
    told = item.get("image") if isinstance(item, dict) and item.get("type") == "image" else None
    if not isinstance(told, dict) or not isinstance(source := told.get("src"), str):
        return None
    base_url = site.origins[0] if site.origins else None
    caption, credit = (read_text(told.get(name)) for name in ("caption", "credits"))
    return Image(url=resolve(source, base_url), caption=caption, credit=credit)


def _assemble(posts: list[_Post], rules: PageRules) -> Posts:
    known = [post.at for post in posts if post.at]
    flags = ["times-missing"] if len(known) < len(posts) else []
    blocks = [block for post in posts for block in post.blocks]
    element_counts = accumulate(map(count_elements, blocks))
    kept = [block for block, count in zip(blocks, element_counts, strict=True) if count <= MAX_ELEMENT_COUNT]
    if len(kept) < len(blocks):
        flags.append("posts-cut")
    for block in kept:
        for foreign in rules.find_foreign(block).elements:
            drop(foreign)
        part_lines(block)
        simplify(block)
    images = tuple(image for post in posts for image in post.images)
    found = Posts(tuple(kept), images, min(known, default=None), tuple(flags))
    return found if found.has_text else replace(found, flags=(*flags, "posts-empty"))


def _sort(posts: list[_Post]) -> list[_Post]:
    """The oldest first, as they come; one without a time stays behind the one that it came after."""
    known = [post.at for post in posts if post.at]
    rows = posts[::-1] if known and known[0] > known[-1] else posts
    last = next((post.at for post in rows if post.at), datetime.min.replace(tzinfo=UTC))
    timed: list[tuple[datetime, _Post]] = []
    for post in rows:
        last = post.at or last
        timed.append((last, post))
    return [post for _, post in sorted(timed, key=lambda one: one[0])]


def _list_texts(item: Any, rules: PageRules) -> Iterator[str]:
    """The HTML of an item's text, piece by piece: pictures, embeds and links to other articles have none."""
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
