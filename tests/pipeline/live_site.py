"""A handmade publisher with one page of each kind, built according to the site's documented structure."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

WWW = "https://www.themoscowtimes.com"
STATIC = "https://static.themoscowtimes.com"
RUSSIAN = "https://ru.themoscowtimes.com"

DAY = "/2026/09/30"
PATHS = {
    "default": f"{DAY}/rouble-falls-a1",
    "opinion": f"{DAY}/what-next-a2",
    "gallery": f"{DAY}/in-photos-a3",
    "video": f"{DAY}/on-film-a4",
    "podcast": f"{DAY}/we-talk-a5",
    "live": f"{DAY}/live-from-the-front-a6",
}
CRUMBS = {"@type": "BreadcrumbList", "itemListElement": [{"item": WWW}, {"item": f"{WWW}/business"}]}
LD = "".join(
    f'<script type="application/ld+json">{text}</script>'
    for text in ('{"@type": "WebSite",}', json.dumps(CRUMBS), '{"@type": "NewsArticle", "headline": "A headline"}')
)
HEADER = (
    '<header class="article__header"><span class="label">opinion</span><h1><a href="#">A headline</a></h1></header>'
    '<div class="byline"><div class="byline__author">By <a class="byline__author__name">Ann</a></div>'
    '<div>Updated: <time class="byline__datetime" datetime="2026-09-30T12:00:00+03:00">Sept. 30</time></div></div>'
)
BLOCK = '<div class="article__block article__block--html"><p>Text.</p></div>'
ITEM = '<div class="article__gallery__item" data-image-caption="A caption"><img src="1.jpg"></div>'
TAGS = '<div class="article__tags">Read more about: <a href="/tag/x">X</a></div>'
POSTS = [{"id": 9, "time": "2026-09-30T12:00:00+03:00", "body": [{"type": "html", "body": "<p>A post.</p>"}]}]


def make_page(kind: str, number: int) -> str:
    """Return an article page."""
    data_type = kind if kind in {"gallery", "video", "podcast"} else "default"
    content = f'<div class="article__content">{BLOCK}</div>'
    header = HEADER
    if kind == "gallery":
        content = f'<div class="article__content">{HEADER}</div><div class="article__gallery">{ITEM}</div>'
        header = ""
    if kind == "opinion":
        content += '<div class="article__disclaimer">The views expressed here are not ours.</div>'
    article = f'<article class="article article--news">{header}{content}{TAGS}</article>'
    head = f'<meta property="article:tag" content="X">{LD}'
    if kind == "live":
        return f'<html><body><article class="article article--live">{HEADER}<div class="live-intro">S.</div></article>'
    return (
        f'<html><head>{head}</head><body><div class="gtm-section" data-section="news" data-type="{data_type}"></div>'
        f'<div class="article-container" id="article-id-{number}" data-page-id="{number}">{article}</div></body></html>'
    )


def make_feed(*kinds: str) -> str:
    """Return a feed of these pages."""
    items = "".join(
        f"<item><title>T</title><link>{WWW}{PATHS[kind]}</link><description><![CDATA[<p>Text</p>]]></description>"
        "<pubDate>Wed, 30 Sep 2026 09:00:00 +0000</pubDate></item>"
        for kind in kinds
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{items}</channel></rss>'


def make_cards(kind: str, count: int, *, lead: bool) -> str:
    """Return the cards of a listing."""
    names = ["lead"] * lead + ["default"] * count
    return "".join(
        f'<div class="article-excerpt-{name}" data-url="{WWW}{PATHS[kind]}"><a href="{PATHS[kind]}">T</a></div>'
        for name in names
    )


def make_site() -> dict[str, str]:
    """Return path -> response body."""
    index = f"<sitemapindex><sitemap><loc>{STATIC}/sitemap/2026-9.xml</loc></sitemap></sitemapindex>"
    return {
        "/robots.txt": f"User-agent: *\nDisallow: /preview/\nSitemap: {STATIC}/sitemap/sitemap.xml\n",
        **{f"/rss/{name}": make_feed("default") for name in ("news", "city", "meanwhile", "in-depth")},
        "/rss/all": make_feed("default", "opinion"),
        "/rss/opinion": make_feed("opinion"),
        "/rss/podcasts": make_feed("podcast"),
        "/sitemap/sitemap.xml": index,
        "/sitemap/newsmap.xml": index,
        "/news": make_cards("live", 18, lead=True),
        "/news/19": make_cards("default", 18, lead=False),
        "/videos": make_cards("video", 20, lead=False),
        "/galleries": make_cards("gallery", 20, lead=False),
        "/live/6/0": json.dumps(POSTS),
        **{path: make_page(kind, number) for number, (kind, path) in enumerate(PATHS.items(), 1)},
    }


@contextmanager
def serving(pages: Mapping[str, str]) -> Iterator[tuple[dict[str, str], list[str]]]:
    """Serve these pages; yield the site's origins and the requested paths."""
    asked: list[str] = []

    def answer(request: Request) -> Response:
        asked.append(request.full_path.removesuffix("?"))
        return Response(pages.get(asked[-1], ""), status=200 if asked[-1] in pages else 404)

    with HTTPServer("127.0.0.1") as server:
        server.expect_request(re.compile("")).respond_with_handler(answer)
        yield dict.fromkeys((WWW, STATIC, RUSSIAN), server.url_for("").rstrip("/")), asked
