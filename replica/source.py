"""Responses with what the site advertises: feeds, sitemaps, listings, search, the Russian edition."""

from collections.abc import Sequence
from datetime import date, timedelta
from html import escape
from urllib.parse import parse_qsl

from replica.answer import PLAIN, SHORT_AGE_SECONDS, XML, Answer, as_json, html
from replica.block import render_block
from replica.chrome import render_cards, render_document, render_lead_card
from replica.feed import (
    BOM,
    Item,
    is_listed,
    month_path,
    render_feed,
    render_news_sitemap,
    render_sitemap,
    render_sitemap_index,
)
from replica.meta import describe
from replica.model import MOSCOW, RUSSIAN, SECTIONS, STATIC, WWW, Head, moscow_text, slugify
from replica.record import list_paragraphs
from replica.site import Article, Site
from replica.trouble import EMBARGOED, Trouble

DEFAULT_CARD_COUNT = 18
"""Cards on a section's page after the lead card, and in each following fragment."""
ROLL_COUNT = 20
"""Cards per page of `/videos`, `/galleries` and tags."""
NEWS_SITEMAP_COUNT = 100
NEWS_SITEMAP_DAYS = timedelta(days=30)
FOUND_ARTICLE_COUNT = 100
FOUND_ARCHIVE_COUNT = 200

INDEX_PATH = "/sitemap/sitemap.xml"
NEWS_INDEX_PATH = "/sitemap/newsmap.xml"

ROBOTS = f"""User-agent: *
Disallow: /preview/
Disallow: /search/
Disallow: *?utm
Disallow: *&utm
Disallow: /*/{EMBARGOED}-

Sitemap: {STATIC}{INDEX_PATH}
"""

BOM_FEED = "city"
"""The feed that begins with a byte-order mark, as one of 2017 did."""


def answer_feed(site: Site, name: str) -> Answer:
    """Return one feed."""
    articles = site.list_feed(name)
    items = [_whole_item(article) if name == "all" else _item(article) for article in articles]
    if name == "news":
        items += [_trouble_item(trouble, site) for trouble in site.troubles if not trouble.in_sitemap]
    text = render_feed(name, items)
    encoded = (BOM + text if name == BOM_FEED else text).encode()
    modified_at = max((article.head.modified_at for article in articles), default=site.last_at)
    if name == "all":
        return Answer(encoded, XML, modified_at=modified_at, max_age_seconds=SHORT_AGE_SECONDS)
    return Answer(encoded, XML, modified_at=modified_at)


def _item(article: Article) -> Item:
    head = article.head
    description = describe(head, article.write())
    return Item(head.url, head.headline, description, head.published_at, is_ahead=_is_ahead(article.site, head))


def _is_ahead(site: Site, head: Head) -> bool:
    return head.published_at.astimezone(MOSCOW).date() >= site.ahead_from


def _whole_item(article: Article) -> Item:
    """Return an item with the whole text as HTML, and the author before an opinion's title."""
    head, story, today = article.head, article.write(), article.site.today
    text = "".join(render_block(block, None, today) for block in story.blocks if list_paragraphs(block))
    title = f"{head.byline[0]}: {head.headline}" if head.is_opinion else head.headline
    return Item(head.url, title, text, head.published_at, is_html=True, is_ahead=_is_ahead(article.site, head))


def _trouble_item(trouble: Trouble, site: Site) -> Item:
    title = trouble.path.rsplit("/", 1)[-1].replace("-", " ").title()
    return Item(trouble.url, title, "", site.last_at, is_ahead=site.today >= site.ahead_from)


def answer_sitemap(site: Site, path: str) -> Answer | None:
    """Return a sitemap index, a month's sitemap or a section's news sitemap; None for any other path."""
    months = {month_path(month): urls for month, urls in sorted(site.sitemap_urls.items())}
    sections = {f"/sitemap/newsmap-{section}.xml": section for section in SECTIONS}
    if path == INDEX_PATH:
        text = render_sitemap_index(months, site.last_at)
    elif path == NEWS_INDEX_PATH:
        text = render_sitemap_index(sections, site.last_at)
    elif path in months:
        text = render_sitemap(months[path])
    elif path in sections:
        newest = [
            head
            for head in list_section(site, sections[path])
            if site.last_at - head.published_at < NEWS_SITEMAP_DAYS and not head.is_sponsored
        ]
        text = render_news_sitemap(newest[:NEWS_SITEMAP_COUNT])
    else:
        return None
    return Answer(text.encode(), XML, modified_at=site.last_at)


def list_section(site: Site, section: str) -> list[Head]:
    """Return the articles in a section's listing, the newest first."""
    return [article.head for article in site.newest_first if is_listed(article.head, section)]


def answer_listing(site: Site, section: str, offset: int | None) -> Answer:
    """Return a section's page with its first cards; with an offset, bare cards, and nothing after the last.

    The publisher has no section without articles; a small replica may, and returns nothing there either.
    """
    heads = list_section(site, section)
    if offset is not None or not heads:
        return html(render_cards(heads[offset or 0 : (offset or 0) + DEFAULT_CARD_COUNT]))
    return _listing_page(SECTIONS[section], heads)


def _listing_page(title: str, heads: Sequence[Head], edition: str = "en") -> Answer:
    lead = "".join(render_lead_card(head) for head in heads[:1])
    cards = render_cards(heads[1 : DEFAULT_CARD_COUNT + 1])
    main = f'<main class="section"><h1>{title}</h1>{lead}{cards}</main>'
    return html(render_document(f"<title>{title} - The Moscow Times</title>", main, edition))


def answer_roll(site: Site, name: str, offset: int | None) -> Answer:
    """Return the page of `videos`, `galleries`, or a tag's slug: twenty cards, or twenty from an offset on."""
    kind = {"videos": "video", "galleries": "gallery"}.get(name)
    if kind:
        heads = [article.head for article in site.newest_first if article.head.kind == kind]
    else:
        heads = [article.head for article in site.by_tag.get(name, ())]
    cards = render_cards(heads[offset or 0 : (offset or 0) + ROLL_COUNT])
    if offset is not None:
        return html(cards)
    title = name.replace("-", " ").title()
    main = f'<main class="section"><h1>{title}</h1>{cards}</main>'
    return html(render_document(f"<title>{title} - The Moscow Times</title>", main))


def answer_podcasts(site: Site) -> Answer:
    """Return the podcasts' page, whose links have the day of the visit and no id."""
    heads = [article.head for article in site.newest_first if article.head.kind == "podcast"]
    links = "".join(
        f'<a class="podcast" href="{WWW}/{site.today:%Y/%m/%d}/{slugify(head.headline)}">{escape(head.headline)}</a>'
        for head in heads
    )
    main = f'<main class="podcasts"><h1>Podcasts</h1>{links}</main>'
    return html(render_document("<title>Podcasts - The Moscow Times</title>", main))


def answer_home(site: Site) -> Answer:
    """Return the home page; former feed URLs return it too."""
    heads = [article.head for article in site.newest_first[: DEFAULT_CARD_COUNT + 1]]
    meta = "<title>The Moscow Times - Independent News From Russia</title>"
    return html(render_document(meta, f'<main class="home">{render_cards(heads)}</main>'))


def answer_robots(origin: str) -> Answer:
    """Return robots.txt; only the main origin's forbids anything."""
    return Answer((ROBOTS if origin == "www" else "User-agent: *\nDisallow:\n").encode(), PLAIN)


def answer_tdm_file(site: Site) -> Answer:
    """Return the reservations of text and data mining."""
    policy = f"{WWW}/page/tdm-policy"
    return as_json([{"location": path, "tdm-reservation": 1, "tdm-policy": policy} for path in site.reserved])


def answer_search(site: Site, query: str) -> Answer:
    """Return the result of `/api/search`: articles and archive pages of a window of days, the newest first."""
    wanted = dict(parse_qsl(query))
    days = [date.fromisoformat(text) if (text := wanted.get(name)) else None for name in ("from", "to")]
    heads = [article.head for article in site.articles if _is_wanted(article.head, wanted, days)]
    heads.sort(key=lambda head: head.published_at, reverse=True)
    articles = [head for head in heads if not head.is_archive][:FOUND_ARTICLE_COUNT]
    archived = [head for head in heads if head.is_archive][:FOUND_ARCHIVE_COUNT]
    return as_json(
        [
            {
                "title": head.headline,
                "type": "archive" if head.is_archive else "article",
                "date": moscow_text(head.published_at),
                "url": head.url,
            }
            for head in (*articles, *archived)
        ]
    )


def _is_wanted(head: Head, wanted: dict[str, str], days: list[date | None]) -> bool:
    first, last = days
    day = head.published_at.astimezone(MOSCOW).date()
    return (
        wanted.get("query", "").lower() in head.headline.lower()
        and wanted.get("section", head.section) == head.section
        and (first is None or first <= day)
        and (last is None or day <= last)
    )


def answer_russian(site: Site, path: str) -> Answer | None:
    """Return the Russian edition's sitemap or listing; None for any other path."""
    heads = [article.head for article in site.russian]
    by_month: dict[str, list[str]] = {}
    for head in reversed(heads):
        at = head.published_at.astimezone(MOSCOW)
        by_month.setdefault(month_path((at.year, at.month)), []).append(head.url)
    if path == INDEX_PATH:
        return Answer(render_sitemap_index(by_month, site.last_at, RUSSIAN).encode(), XML, modified_at=site.last_at)
    if path in by_month:
        return Answer(render_sitemap(by_month[path]).encode(), XML, modified_at=site.last_at)
    return _listing_page("Новости", heads, "ru") if path in {"/", "/news"} else None
