"""A publisher that does not exist, for trying how another is added: a blog with numbered addresses."""

import json

from replica.pages import Pages, render_feed, render_sitemap

ORIGIN = "https://riverbend.example"
TITLE = "The Riverbend Post"
PATHS = tuple(
    f"/{place}/a-story-of-the-{place}-{number}" for number, place in enumerate(("mill", "quay", "weir"), 41001)
)

BODY = (
    "The council met on Thursday evening to decide what should become of the old buildings beside the river.",
    "“Nobody has lived there since the flood,” said the chairwoman. “But nobody wants to see them go, either.”",
    "A decision is expected before the end of the year, when the money that the county has promised will be due.",
)


def make_pages() -> dict[str, Pages]:
    """Return origin -> pages."""
    feed = render_feed({f"{ORIGIN}{path}": make_headline(path) for path in PATHS}, "Thu, 06 Jun 2024 10:00:00 +0000")
    sitemap = render_sitemap([*(f"{ORIGIN}{path}" for path in PATHS), f"{ORIGIN}/about"])
    pages = {path: ("text/html; charset=utf-8", render_page(path)) for path in PATHS}
    robots = f"User-agent: *\nAllow: /\nSitemap: {ORIGIN}/map.xml\n".encode()
    sources = {"/feed": ("application/rss+xml", feed), "/map.xml": ("text/xml", sitemap)}
    return {ORIGIN: pages | sources | {"/robots.txt": ("text/plain", robots)}}


def make_headline(path: str) -> str:
    """Return an article's headline."""
    return path.rpartition("/")[2].rpartition("-")[0].replace("-", " ").title()


def render_page(path: str) -> bytes:
    """Return an article's page."""
    headline = make_headline(path)
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": headline,
        "author": {"name": "Ada Byron"},
    }
    data |= {"datePublished": "2024-06-06T22:30:00+00:00"}
    paragraphs = "".join(f"<p>{text}</p>" for text in BODY)
    return f"""<!DOCTYPE html><html lang="en-GB"><head><title>{headline} | {TITLE}</title>
<meta property="og:site_name" content="{TITLE}"><meta property="og:type" content="article">
<link rel="canonical" href="{ORIGIN}{path}"><link rel="alternate" type="application/rss+xml" href="/feed">
<script type="application/ld+json">{json.dumps(data)}</script></head>
<body><nav><a href="/about">About</a></nav><article><h1>{headline}</h1>{paragraphs}</article></body></html>""".encode()
