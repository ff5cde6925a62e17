"""What the site advertises where: its feeds, sitemaps and listings."""

from datetime import datetime

from replica.answer import PLAIN, XML, Answer, html
from replica.block import render_block
from replica.chrome import render_cards, render_document
from replica.feed import BOM, Item, month_path, render_feed, render_sitemap, render_sitemap_index
from replica.meta import describe
from replica.model import SECTIONS, STATIC, list_paragraphs
from replica.site import Article, Site
from replica.trouble import EMBARGOED, Trouble

FIRST_CARD_COUNT = 19
CARD_STEP = 18

INDEX_PATH = "/sitemap/sitemap.xml"

ROBOTS = f"""User-agent: *
Disallow: /preview/
Disallow: /search/
Disallow: *?utm
Disallow: *&utm
Disallow: /*/{EMBARGOED}-

Sitemap: {STATIC}{INDEX_PATH}
"""

BOM_FEED = "city"
"""This one begins with a byte-order mark, as a feed of 2017 did."""


def answer_feed(site: Site, name: str) -> Answer:
    """One feed."""
    articles = site.list_feed(name)
    items = [_whole_item(article) if name == "all" else _item(article) for article in articles]
    if name == "news":
        items += [_trouble_item(trouble, site.last_at) for trouble in site.troubles if not trouble.in_sitemap]
    text = render_feed(name, items)
    encoded = (BOM + text if name == BOM_FEED else text).encode()
    return Answer(encoded, XML, modified_at=_last_change(site, articles))


def _last_change(site: Site, articles: tuple[Article, ...]) -> datetime:
    return max((article.head.modified_at for article in articles), default=site.last_at)


def _item(article: Article) -> Item:
    head = article.head
    return Item(head.url, head.headline, describe(head, article.write()), head.published_at)


def _whole_item(article: Article) -> Item:
    """With the whole text as HTML, and the author before an opinion's title."""
    head, story = article.head, article.write()
    text = "".join(render_block(block, None) for block in story.blocks if list_paragraphs(block))
    title = f"{head.byline[0]}: {head.headline}" if head.kind == "opinion" else head.headline
    return Item(head.url, title, text, head.published_at, is_html=True)


def _trouble_item(trouble: Trouble, at: datetime) -> Item:
    return Item(trouble.url, trouble.path.rsplit("/", 1)[-1].replace("-", " ").title(), "", at)


def answer_sitemap(site: Site, path: str) -> Answer | None:
    """The index or a month's child; None for any other path."""
    if path == INDEX_PATH:
        index = render_sitemap_index(sorted(site.sitemap_urls), site.last_at)
        return Answer(index.encode(), XML, modified_at=site.last_at)
    urls = next((urls for month, urls in site.sitemap_urls.items() if month_path(month) == path), None)
    return Answer(render_sitemap(urls).encode(), XML, modified_at=site.last_at) if urls is not None else None


def answer_listing(site: Site, section: str, offset: int | None) -> Answer:
    """A section's page with its first cards; from an offset on bare cards, and nothing after the last."""
    heads = [article.head for article in site.newest_first if article.head.section == section]
    if offset is not None:
        return html(render_cards(heads[offset : offset + CARD_STEP]))
    title = SECTIONS[section][0]
    main = f'<main class="section"><h1>{title}</h1>{render_cards(heads[:FIRST_CARD_COUNT])}</main>'
    return html(render_document(f"<title>{title} - The Moscow Times</title>", main))


def answer_home(site: Site) -> Answer:
    """The home page; dead feed addresses answer it too."""
    heads = [article.head for article in site.newest_first[:FIRST_CARD_COUNT]]
    meta = "<title>The Moscow Times - Independent News From Russia</title>"
    return html(render_document(meta, f'<main class="home">{render_cards(heads)}</main>'))


def answer_robots(origin: str) -> Answer:
    """The main origin's rules; the static one forbids nothing."""
    return Answer((ROBOTS if origin == "www" else "User-agent: *\nDisallow:\n").encode(), PLAIN)
