"""Captures and pages for the tests of extraction."""

import hashlib
from datetime import UTC, datetime
from urllib.parse import urlsplit

from replica.route import find_answer
from replica.site import Article
from schemas.capture import Capture, CaptureRef
from sites import find_site

FETCHED_AT = datetime(2024, 7, 10, tzinfo=UTC)
URL = "https://www.themoscowtimes.com/2024/06/29/a-slug-a85656"
JSON = (("content-type", "application/json"),)
HTML = (("content-type", "text/html; charset=utf-8"),)


def make_capture(
    body: bytes | str, url: str | None = URL, headers: tuple[tuple[str, str], ...] = HTML, *, too_large: bool = False
) -> Capture:
    """Return a capture of these bytes."""
    data = body.encode() if isinstance(body, str) else body
    ref = CaptureRef(warc="test.warc.gz", offset=0, length=1, sha256=hashlib.sha256(data).hexdigest())
    return Capture(ref=ref, url=url, fetched_at=FETCHED_AT, status=200, headers=headers, body=data, too_large=too_large)


def make_page(content: str, *, head: str = "", top: str = "", bottom: str = "") -> str:
    """Return an article page: `content` are its blocks, surrounded by `top` and `bottom` inside the article."""
    header = '<header class="article__header"><h1><a href="#">A Headline</a></h1><h2></h2></header>'
    return f"""<!doctype html><html lang="en"><head><title>A Headline - The Moscow Times</title>{head}</head><body>
    <nav><a href="/news">News</a></nav><div class="container article-container">
    <article class="article article--default">{header}{top}
    <div class="article__content">{content}</div>{bottom}</article>
    <aside class="sidebar"><p>Most read</p></aside></div>
    <article class="article"><div class="article__content"><p>Another article, loaded below.</p></div></article>
    </body></html>"""


def make_block(inner: str, kind: str = "html") -> str:
    """Return one block of an article's content."""
    return f'<div class="article__block article__block--{kind}">{inner}</div>'


def make_companions(article: Article) -> tuple[Capture, ...]:
    """Return the captures of an article's companion URLs."""
    urls = find_site(article.url).companion_urls(article.url, article.page_html().encode())
    return tuple(make_capture(find_answer(article.site, "www", urlsplit(url).path).body, url, JSON) for url in urls)
