"""A small replica of Meduza in English, from the facts in sites/meduza/README.md: two articles."""

from replica.pages import Pages, render_feed

ORIGIN = "https://meduza.io"
PATH = "/en/feature/2024/05/07/the-last-train-from-the-river-port"
AMP_PATH = f"/amp{PATH}"
NEWS_PATH = "/en/news/2024/05/06/ferries-return-to-the-river-port"
HEADLINE = "The last train from the river port"
PUBLISHED_AT = "2024-05-06T22:30:00+00:00"
"""Half past one on 7 May in Riga."""

BODY = (
    "The last train from the river port left at midnight, and nobody on the platform knew of another.",
    "“We were told to wait for the morning,” said a conductor. “Then the morning train was cancelled too.”",
    "The port has had no regular service since the bridge was closed in March. Ferries cross twice a day.",
)
NEWS_BODY = (
    "Ferries returned to the river port on Monday after a pause of three weeks, the regional transport ministry said.",
    "Two boats a day will carry passengers until the bridge is repaired, which is expected to take until the autumn.",
)


def make_pages() -> dict[str, Pages]:
    """Return origin -> pages."""
    article = _render(PATH, HEADLINE, PUBLISHED_AT, BODY)
    news = _render(NEWS_PATH, "Ferries return to the river port", "2024-05-06T09:00:00+00:00", NEWS_BODY)
    listed = {f"{ORIGIN}{PATH}": HEADLINE, f"{ORIGIN}{NEWS_PATH}": "Ferries return to the river port"}
    feed = ("application/rss+xml", render_feed(listed, "Mon, 06 May 2024 22:30:00 +0000"))
    html = "text/html; charset=utf-8"
    return {
        ORIGIN: {
            PATH: (html, article),
            AMP_PATH: (html, article),
            NEWS_PATH: (html, news),
            "/rss/en/all": feed,
            "/rss2/en/news": feed,
        }
    }


def _render(path: str, headline: str, published_at: str, body: tuple[str, ...]) -> bytes:
    paragraphs = "".join(f'<p class="SimpleBlock-module-p_x1">{text}</p>' for text in body)
    return f"""<!DOCTYPE html><html lang="en"><head><title>{headline} — Meduza</title>
<link rel="canonical" href="{ORIGIN}{path}"><meta property="og:title" content="{headline} — Meduza">
<meta property="og:type" content="article">
<meta property="article:published_time" content="{published_at}"></head><body>
<div class="GeneralMaterial-module-article_mK1"><div class="GeneralMaterial-module-materialHeader_q9">
<h1 data-testid="simple-title">{headline}</h1></div>
<div data-testid="toolbar" class="Toolbar-module-root_a2"><button>Share</button></div>
<div class="GeneralMaterial-module-materialContent_z7">{paragraphs}
<div class="RelatedBlock-module-root_b3"><h3>Read also</h3>
<a href="/en/news/2024/05/01/other">Something else entirely</a></div>
</div></div></body></html>""".encode()
