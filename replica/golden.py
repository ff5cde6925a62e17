"""`python -m replica.golden`: makes the replica's test pages under `seeds/pages/`, each with its expected record.

A folder holds `page.html.gz`, `meta.json` (URL, headers, time of the fetch) and `expected.json`, which comes from
the replica's knowledge of its articles, never from a reader. Other pages there are not touched.
"""

import gzip
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from replica.answer import HTML, JSON
from replica.block import render_posts
from replica.model import (
    SITE,
    WWW,
    Element,
    Head,
    HtmlBlock,
    InfoBlock,
    InlineFigure,
    Paragraph,
    QuoteBlock,
    SliderBlock,
    Story,
    Table,
    Verse,
    View,
)
from replica.page import render_page
from replica.seed import SEEDS_DIR
from replica.site import Article, Site
from replica.trouble import list_troubles
from replica.writing import COMMA_TAG

FETCHED_ON = {
    1: date(2018, 5, 14),
    2: date(2020, 3, 2),
    3: date(2021, 6, 7),
    4: date(2022, 9, 19),
    5: date(2024, 2, 5),
    6: date(2024, 10, 21),
}
"""Furniture period -> a day in it."""
DAYS_BEFORE_FETCH = 300
"""Days over which the articles of a page's site are spread, all before its fetch."""
ARTICLE_COUNT = 24
SEARCHED_COUNT = 1_200
"""Articles among which one with a given feature is searched."""
CHOSEN = 17
"""Index of the article taken otherwise: a generated one, not a copy."""
VIEWED_BEFORE_FETCH = timedelta(minutes=3)
"""The modification time in the metadata is really the time of the view."""

Predicate = Callable[[Head, Story], bool]


@dataclass(frozen=True)
class Golden:
    """One test page."""

    slug: str
    url: str
    page: str
    expected: dict[str, Any]
    period: int = 6
    companions: dict[str, str] = field(default_factory=dict)
    """URL -> JSON: other responses that the page needs."""


def _has_block(block_type: type) -> Predicate:
    return lambda _, story: any(isinstance(block, block_type) for block in story.blocks)


def _has_element(element_type: type) -> Predicate:
    return lambda _, story: any(isinstance(element, element_type) for element in _list_elements(story))


def _list_elements(story: Story) -> list[Element]:
    return [element for block in story.blocks if isinstance(block, HtmlBlock) for element in block.elements]


def _has_lines(_: Head, story: Story) -> bool:
    return any(isinstance(block, QuoteBlock) and len(block.lines) > 1 for block in story.blocks)


def _has_bare_no_comment(_: Head, story: Story) -> bool:
    return Paragraph("No comment.") in _list_elements(story)


_BY_FEATURE: dict[str, tuple[str, Predicate]] = {
    "analysis": ("article", lambda head, _: head.label == "analysis"),
    "arts-and-life": ("article", lambda head, _: head.section == "arts-and-life"),
    "gallery": ("gallery", lambda head, story: not head.is_opinion and not story.blocks),
    "gallery-flagged-opinion": ("gallery", lambda head, _: head.is_opinion),
    "gallery-with-text": ("gallery", lambda head, story: not head.is_opinion and bool(story.blocks)),
    "infobox": ("article", _has_block(InfoBlock)),
    "inline-figure": ("article", _has_element(InlineFigure)),
    "lecture": ("article", lambda head, _: head.section == "lectures"),
    "no-comment": ("article", _has_bare_no_comment),
    "partner-article": ("partner", lambda head, story: head.kind == "article" and bool(story.blocks)),
    "partner-opinion": ("partner", lambda head, _: head.kind == "opinion"),
    "picture-only": ("picture", lambda _, story: not story.blocks),
    "seo-keywords": ("article", lambda _, story: bool(story.seo_keywords and story.tags)),
    "seo-title": ("article", lambda _, story: bool(story.seo_title)),
    "slider": ("article", _has_block(SliderBlock)),
    "sponsored": ("sponsored", lambda head, _: head.is_sponsored),
    "table": ("article", _has_element(Table)),
    "tag-with-comma": ("article", lambda _, story: COMMA_TAG in story.tags and len(story.tags) > 1),
    "three-authors": ("article", lambda head, _: len(head.authors) == 3),  # noqa: PLR2004 - "A, B and C"
    "two-line-quote": ("article", _has_lines),
    "ukraine-war": ("article", lambda head, _: head.section == "ukraine-war"),
    "updated": ("article", lambda head, _: head.is_updated),
    "verse": ("article", _has_element(Verse)),
    "video": ("video", lambda head, _: not head.is_opinion),
    "video-flagged-opinion": ("video", lambda head, _: head.is_opinion),
}
"""Slug -> the kind of article, and the feature that the first one taken must have."""


def list_goldens() -> Iterator[Golden]:
    """Yield all of the replica's test pages."""
    for period in FETCHED_ON:
        yield _golden(f"article-period-{period}", _make_site("article", period).articles[CHOSEN], period)
    for kind in ("opinion", "podcast", "archive"):
        yield _golden(kind, _make_site(kind, 6).articles[CHOSEN])
    yield _golden("opinion-period-2", _make_site("opinion", 2).articles[CHOSEN], 2)
    for seed, (slug, (kind, wanted)) in enumerate(_BY_FEATURE.items(), start=100):
        yield _golden(slug, _find(kind, seed, wanted))
    yield from _list_live()
    moved = _find("article", 200, lambda head, _: bool(head.old_paths))
    yield replace(_golden("slug-changed", moved), url=moved.sitemap_url)
    russian = Site(0, russian_count=3, first_on=date(2024, 5, 1), day_count=90).russian[0]
    yield _golden("russian-article", russian)
    below = _make_site("article", 6).articles
    yield _golden("saved-with-next-article", below[CHOSEN + 1], below=below[CHOSEN + 2].head)
    for index, name in enumerate(("donation", "ad-free", "newsletter", "agencies", "slashes")):
        yield _golden(f"seed-{name}", Site(ARTICLE_COUNT).articles[index])
    missing = list_troubles(datetime(2024, 10, 20, tzinfo=UTC))[0]
    yield Golden("soft-404", missing.url, missing.answer.body.decode(), {"unreadable": "soft-404"})


def _list_live() -> Iterator[Golden]:
    """Yield a live blog as the site serves it, with its posts beside it, and one that a browser saved."""
    served, saved = _make_site("live", 6).articles[CHOSEN : CHOSEN + 2]
    posts = {f"{WWW}/live/{served.head.number}/0": render_posts(served.write(), 0)}
    yield replace(_golden("live", served), companions=posts)
    yield _golden("live-saved", saved, has_posts=True)


def _make_site(kind: str, period: int, seed: int | None = None, count: int = ARTICLE_COUNT) -> Site:
    first_on = date.fromordinal(FETCHED_ON[period].toordinal() - DAYS_BEFORE_FETCH)
    return Site(
        count,
        seed=period if seed is None else seed,
        kinds=(kind,),
        furniture_period=period,
        duplicate_share=0,
        near_duplicate_share=0,
        first_on=first_on,
        day_count=DAYS_BEFORE_FETCH - 10,  # so that the last update is before the fetch too
    )


def _find(kind: str, seed: int, wanted: Predicate) -> Article:
    """Return the first generated article that satisfies the predicate."""
    articles = _make_site(kind, 6, seed, SEARCHED_COUNT).articles[5:]
    return next(article for article in articles if wanted(article.head, article.write()))


def _golden(
    slug: str, article: Article, period: int = 6, *, has_posts: bool = False, below: Head | None = None
) -> Golden:
    fetched_at = datetime.combine(FETCHED_ON[period], time(9), UTC)
    view = View(
        FETCHED_ON[period],
        fetched_at - VIEWED_BEFORE_FETCH,
        article.site.sidebar,
        tuple(other.head for other in article.site.articles[:4]),
        below,
        has_posts,
    )
    page = render_page(article.head, article.write(), view)
    expected = article.expected
    if article.head.sponsor or article.head.is_sponsored:
        expected |= {"flags": ["partner-content"]}
    return Golden(slug, article.url, page, expected, period)


def write_golden(golden: Golden, folder: Path) -> None:
    """Write the files of one page; the bytes are the same each time."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_gzip(folder / "page.html.gz", golden.page)
    companions = []
    for index, (url, text) in enumerate(golden.companions.items(), start=1):
        _write_gzip(folder / f"companion-{index}.gz", text)
        companions.append({"file": f"companion-{index}.gz", "url": url, "status": 200, "headers": _headers(JSON)})
    meta = {
        "url": golden.url,
        "fetched_at": f"{FETCHED_ON[golden.period]}T09:00:00Z",
        "status": 200,
        "headers": _headers(HTML),
        "companions": companions,
        "origin": "python -m replica.golden",
    }
    _write_json(folder / "meta.json", meta)
    _write_json(folder / "expected.json", {"checked": True} | golden.expected)


def _headers(media_type: str) -> list[list[str]]:
    return [["content-type", media_type]]


def _write_gzip(path: Path, text: str) -> None:
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Regenerate all of them."""
    for golden in list_goldens():
        write_golden(golden, SEEDS_DIR / "pages" / SITE / golden.slug)
        sys.stdout.write(f"{SITE}/{golden.slug}\n")


if __name__ == "__main__":
    main()
