"""Renders feeds and sitemaps as the publisher writes them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from html import escape

from replica.model import MOSCOW, STATIC, WWW, Head, moscow_text

FEEDS: dict[str, Callable[[Head], bool]] = {
    "news": lambda head: head.section == "news",
    "opinion": lambda head: head.section == "opinion",
    "city": lambda head: head.section == "arts-and-life",
    "arts-and-life": lambda head: head.section == "arts-and-life",
    "meanwhile": lambda head: head.section == "meanwhile",
    "in-depth": lambda head: head.section == "in-depth",
    "podcasts": lambda head: head.kind == "podcast",
    "all": lambda _: True,
}
"""Name -> what it holds. Other sections have no feed, so that the feeds together do not hold everything."""

FEED_COUNT = 50
"""Entries of a feed."""

BOM = "\ufeff"


@dataclass(frozen=True)
class Item:
    """One entry of a feed."""

    url: str
    title: str
    description: str
    published_at: datetime
    is_html: bool = False
    """The description is the whole body as HTML, in CDATA."""


def render_feed(name: str, items: Iterable[Item]) -> str:
    """RSS 2.0; descriptions are padded with tabs and line breaks as the publisher's are."""
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
    return (
        f"<item>\n\t<title>{escape(item.title, quote=False)}</title>\n\t<link>{item.url}</link>\n"
        f"\t<description>{description}</description>\n"
        f"\t<pubDate>{format_datetime(item.published_at.astimezone(MOSCOW))}</pubDate>\n"
        f'\t<guid isPermaLink="true">{item.url}</guid>\n</item>\n'
    )


def month_path(month: tuple[int, int]) -> str:
    """`/sitemap/2024-3.xml`: the month is not padded."""
    return f"/sitemap/{month[0]}-{month[1]}.xml"


def render_sitemap_index(months: Iterable[tuple[int, int]], built_at: datetime) -> str:
    """The index: each child with the time at which its file was built, which says nothing of its pages."""
    children = "".join(
        f"<sitemap><loc>{STATIC}{month_path(month)}</loc><lastmod>{moscow_text(built_at)}</lastmod></sitemap>\n"
        for month in months
    )
    return f'{_DECLARATION}<sitemapindex xmlns="{_NAMESPACE}">\n{children}</sitemapindex>\n'


def render_sitemap(urls: Sequence[str]) -> str:
    """A month's child: bare addresses."""
    locations = "".join(f"<url><loc>{escape(url)}</loc></url>\n" for url in urls)
    return f'{_DECLARATION}<urlset xmlns="{_NAMESPACE}">\n{locations}</urlset>\n'


_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
