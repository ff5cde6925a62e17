"""Renders feeds and sitemaps as the publisher writes them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape

from replica.model import MOSCOW, STATIC, WWW, Head, moscow_text

FEEDS: dict[str, Callable[[Head], bool]] = {
    "news": lambda head: is_listed(head, "news"),
    "opinion": lambda head: is_listed(head, "opinion"),
    "city": lambda head: is_listed(head, "arts-and-life"),
    "arts-and-life": lambda head: is_listed(head, "arts-and-life"),
    "meanwhile": lambda head: is_listed(head, "meanwhile"),
    "in-depth": lambda head: is_listed(head, "in-depth"),
    "podcasts": lambda head: head.kind == "podcast",
    "all": lambda head: not head.is_sponsored and head.kind not in {"live", "podcast"},
}
"""Name -> the articles that it holds. Other sections have no feed, so the feeds together are incomplete."""

FEED_COUNT = 50
"""Entries per feed."""

BOM = "\ufeff"


def is_listed(head: Head, section: str) -> bool:
    """Return whether a section's feed and listing name an article."""
    return head.section == section and not head.is_unflagged


@dataclass(frozen=True)
class Item:
    """One entry of a feed."""

    url: str
    title: str
    description: str
    published_at: datetime
    is_html: bool = False
    """The description is the whole body as HTML, in CDATA."""
    is_ahead: bool = False
    """Its date is Moscow time labelled as UTC."""


def render_feed(name: str, items: Iterable[Item]) -> str:
    """Render RSS 2.0; descriptions are padded with tabs and line breaks like the publisher's."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom">\n<channel>\n'
        f"<title>The Moscow Times - {escape(name)}</title>\n<link>{WWW}</link>\n"
        f'<atom:link href="{WWW}/rss/{name}" rel="self" type="application/rss+xml" />\n'
        "<description>The Moscow Times offers everything you need to know about Russia</description>\n"
        "<language>en-us</language>\n" + "".join(_item(item) for item in items) + "</channel>\n</rss>\n"
    )


def _item(item: Item) -> str:
    if item.is_html:
        description = f"<![CDATA[{item.description.replace(']]>', ']]&gt;')}]]>"
    else:
        description = f"\n\t\t\t\t{escape(item.description, quote=False)}\n\t\t\t"
    at = item.published_at.astimezone(MOSCOW)
    return (
        f"<item>\n\t<title>{escape(item.title, quote=False)}</title>\n\t<link>{item.url}</link>\n"
        f"\t<description>{description}</description>\n"
        f"\t<pubDate>{format_datetime(at.replace(tzinfo=UTC) if item.is_ahead else at)}</pubDate>\n"
        f'\t<guid isPermaLink="true">{item.url}</guid>\n</item>\n'
    )


def month_path(month: tuple[int, int]) -> str:
    """Return `/sitemap/2024-3.xml`: the month is not padded."""
    return f"/sitemap/{month[0]}-{month[1]}.xml"


def render_sitemap_index(paths: Iterable[str], built_at: datetime, origin: str = STATIC) -> str:
    """Render a sitemap index; `lastmod` is when the child's file was built, and says nothing about its pages."""
    children = "".join(
        f"<sitemap><loc>{origin}{path}</loc><lastmod>{moscow_text(built_at)}</lastmod></sitemap>\n" for path in paths
    )
    return f'{_DECLARATION}<sitemapindex xmlns="{_NAMESPACE}">\n{children}</sitemapindex>\n'


def render_sitemap(urls: Sequence[str]) -> str:
    """Render a month's sitemap: bare URLs."""
    locations = "".join(f"<url><loc>{escape(url)}</loc></url>\n" for url in urls)
    return f'{_DECLARATION}<urlset xmlns="{_NAMESPACE}">\n{locations}</urlset>\n'


def render_news_sitemap(heads: Iterable[Head]) -> str:
    """Render a section's news sitemap; titles are not escaped, so an ampersand makes it invalid XML."""
    items = "".join(
        f"<url><loc>{head.url}</loc><news:news><news:publication><news:name>The Moscow Times</news:name>"
        "<news:language>en</news:language></news:publication>"
        f"<news:publication_date>{moscow_text(head.published_at)}</news:publication_date>"
        f"<news:title>{head.headline}</news:title></news:news></url>\n"
        for head in heads
    )
    return f'{_DECLARATION}<urlset xmlns="{_NAMESPACE}" xmlns:news="{_NEWS_NAMESPACE}">\n{items}</urlset>\n'


_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_NEWS_NAMESPACE = "http://www.google.com/schemas/sitemap-news/0.9"
