"""Serves the old site: lists of its articles by year and day, and the articles, all in windows-1251."""

from collections.abc import Iterable
from datetime import date
from html import escape

from replica.answer import Answer
from replica.model import slugify
from replica.record import list_paragraphs
from replica.site import Article, Site

LISTS = "/sitemap/free"
"""The prefix of all its paths."""


def answer_year(site: Site, year: int) -> Answer:
    """Return links to the days of a year that have articles."""
    days = sorted({one.head.published_at.date() for one in _archived(site) if one.head.published_at.year == year})
    return _list(str(year), ((f"/{day.year}/{day.month}/{day.day}.html", f"{day:%d %B}") for day in days))


def answer_day(site: Site, on: date) -> Answer:
    """Return links to the articles of a day."""
    found = [one.head for one in _archived(site) if one.head.published_at.date() == on]
    return _list(
        f"{on:%d %B %Y}",
        (
            (f"/{on.year}/{on.month}/article/{slugify(head.headline)}/{head.number}.html", head.headline)
            for head in found
        ),
    )


def answer_article(article: Article) -> Answer:
    """Return an article with the same words as its archive page."""
    head = article.head
    texts = "".join(f"<p>{escape(text)}</p>\n" for block in article.write().blocks for text in list_paragraphs(block))
    return _page(
        head.headline,
        f'<div class="article_wrap"><h2>{escape(head.headline)}</h2><span>{head.published_at:%d %B %Y}</span>'
        f'<div class="article_text">{texts}</div></div>',
    )


def _archived(site: Site) -> list[Article]:
    return [article for article in site.articles if article.head.is_archive]


def _list(title: str, links: Iterable[tuple[str, str]]) -> Answer:
    items = "".join(f'<li><a href="{LISTS}{path}">{escape(text)}</a></li>\n' for path, text in links)
    return _page(title, f"<ul>{items}</ul>")


def _page(title: str, inner: str) -> Answer:
    text = (
        '<html><head><meta http-equiv="Content-Type" content="text/html; charset=windows-1251">'
        f"<title>{escape(title)}</title></head>\n<body>{inner}</body></html>\n"
    )
    return Answer(text.encode("cp1251", "xmlcharrefreplace"), "text/html; charset=windows-1251")
