"""`python -m replica.golden`: makes those test pages under `seeds/pages/` that are the replica's, each with its record.

A folder holds `page.html.gz`, `meta.json` (address, headers, time of the fetch) and `expected.json`, which comes from
what the replica knows of its articles, never from a reader. Other pages there stay as they are.
"""

import gzip
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from replica.answer import HTML, JSON
from replica.block import render_live
from replica.model import SITE, WWW, HtmlBlock, Paragraph, build_record
from replica.page import render_page
from replica.seed import SEEDS_DIR
from replica.site import Article, Site
from replica.trouble import list_troubles

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
"""Over so many days the articles of a page's site are spread, all before its fetch."""
ARTICLE_COUNT = 24
CHOSEN = 17
"""Which of them: a generated one, no copy of another."""


@dataclass(frozen=True)
class Golden:
    """One test page."""

    slug: str
    url: str
    page: str
    expected: dict[str, Any]
    period: int = 6
    companions: dict[str, str] = field(default_factory=dict)
    """Address -> JSON: what the page needs beside it."""


def list_goldens() -> Iterator[Golden]:
    """All of the replica's test pages."""
    for period in FETCHED_ON:
        yield _golden(f"article-period-{period}", _choose("article", period), period)
    for kind in ("opinion", "gallery", "video", "podcast", "archive"):
        yield _golden(kind, _choose(kind, 6))
    yield _golden("opinion-period-2", _choose("opinion", 2), 2)
    yield _gallery_with_text(_choose("gallery", 5))
    live = _choose("live", 6)
    posts = {f"{WWW}/live/{live.head.number}/0": render_live(live.write())}
    yield replace(_golden("live", live), companions=posts)
    for index, name in enumerate(("donation", "ad-free", "newsletter", "agencies", "slashes")):
        yield _golden(f"seed-{name}", Site(ARTICLE_COUNT).articles[index])
    missing = list_troubles(datetime(2024, 10, 20, tzinfo=UTC))[0]
    yield Golden("soft-404", missing.url, missing.answer.body.decode(), {"unreadable": "soft-404"})


def _choose(kind: str, period: int) -> Article:
    fetched_on = FETCHED_ON[period]
    first_on = date.fromordinal(fetched_on.toordinal() - DAYS_BEFORE_FETCH)
    site = Site(
        ARTICLE_COUNT,
        seed=period,
        kinds=(kind,),
        furniture_period=period,
        duplicate_share=0,
        near_duplicate_share=0,
        first_on=first_on,
        day_count=DAYS_BEFORE_FETCH - 10,  # the last update lies before the fetch as well
    )
    return site.articles[CHOSEN]


def _golden(slug: str, article: Article, period: int = 6) -> Golden:
    return Golden(slug, article.url, article.page_html(), article.expected, period)


def _gallery_with_text(article: Article) -> Golden:
    """The replica's own galleries have pictures alone."""
    story = article.write()
    text = HtmlBlock((Paragraph("The pictures below were taken over one week in three towns on the river."),))
    told = replace(story, blocks=(text, *story.blocks))
    cluster = [one.head for one in article.site.articles[:5]]
    page = render_page(article.head, told, article.site.sidebar, cluster)
    return Golden("gallery-with-text", article.url, page, build_record(article.head, told), 5)


def write_golden(golden: Golden, folder: Path) -> None:
    """The files of one page, the same bytes each time."""
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
    """Make them all again."""
    for golden in list_goldens():
        write_golden(golden, SEEDS_DIR / "pages" / SITE / golden.slug)
        sys.stdout.write(f"{SITE}/{golden.slug}\n")


if __name__ == "__main__":
    main()
