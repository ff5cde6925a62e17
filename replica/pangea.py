"""Small replicas of RFE/RL and VOA, whose content system is the same: from the facts in sites/rferl/README.md."""

import gzip
import json

from replica.pages import Pages, render_sitemap

RFERL = "https://www.rferl.org"
VOA = "https://www.voanews.com"
RFERL_PATH = "/a/villagers-rebuild-bridge/33779274.html"
VOA_PATH = "/a/harbor-town-votes/7588001.html"
HEADLINES = {RFERL: "Villagers Rebuild Their Bridge", VOA: "Harbor Town Votes on Its Lighthouse"}
PUBLISHED_AT = {RFERL: "2024-04-28 22:30:00Z", VOA: "2024-04-28 02:00:00Z"}
"""The 29th in Prague; the 27th in Washington."""

BODIES = {
    RFERL: (
        "Villagers in the hills above the town have rebuilt the bridge that a flood carried away in the spring.",
        "The work took six weeks, and nobody was paid for it. “We could not wait for the ministry,” said the mayor.",
        "The ministry said that it had planned to begin with repairs in the autumn, once the money had been approved.",
    ),
    VOA: (
        "Residents of a harbor town voted to keep their lighthouse, which the coast guard had wanted to sell.",
        "The vote was closer than expected. Of nine hundred ballots, four hundred and sixty were for the lighthouse.",
        "“It has not guided a ship in thirty years,” said the harbor master. “But it is what people come to see.”",
    ),
}


def make_pages() -> dict[str, Pages]:
    """Return origin -> pages."""
    return {RFERL: _make_origin(RFERL, RFERL_PATH), VOA: _make_origin(VOA, VOA_PATH)}


def _make_origin(origin: str, path: str) -> Pages:
    index = (
        '<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        f"<sitemap><loc>{origin}/sitemap_1_1.xml.gz</loc></sitemap></sitemapindex>"
    )
    child = gzip.compress(render_sitemap([f"{origin}{path}", f"{origin}/z/600"]), mtime=0)
    return {
        path: ("text/html; charset=utf-8", _render(origin, path)),
        "/sitemap.xml": ("text/xml", index.encode()),
        "/sitemap_1_1.xml.gz": ("application/x-gzip", child),
    }


def _render(origin: str, path: str) -> bytes:
    headline, published_at = HEADLINES[origin], PUBLISHED_AT[origin]
    paragraphs = "".join(f"<p>{text}</p>" for text in BODIES[origin])
    data = {
        "@context": "http://schema.org",
        "@type": "NewsArticle",
        "headline": headline,
        "datePublished": published_at,
        "dateModified": published_at,
        "author": [{"@type": "Person", "name": "Anna Example"}],
        "articleSection": "News",
    }
    return f"""<!DOCTYPE html><html lang="en"><head><title>{headline}</title>
<link rel="canonical" href="{origin}{path}"><meta property="og:title" content="{headline}">
<meta property="og:type" content="article"><script type="application/ld+json">{json.dumps(data)}</script></head>
<body class="pg pg-article pg-article--single"><h1 class="title pg-title">{headline}</h1>
<div class="publishing-details"><div class="published">
<time datetime="{published_at.replace(" ", "T")}">April 28, 2024</time></div>
<div class="links"><ul class="links__list">
<li class="links__item authors"><a href="/author/x">Anna Example</a></li></ul></div></div>
<div class="share--sticky"><a href="#">Share on Facebook</a></div>
<div id="article-content"><div class="wsw">{paragraphs}<div class="media-block"><a href="/a/another/1.html">More news
from the region</a></div><div class="ctc-message">Copied to the clipboard</div></div></div></body></html>""".encode()
