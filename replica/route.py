"""Which answer an address gets."""

import re
from collections.abc import Callable

from replica.answer import JSON, Answer, html, moved
from replica.block import render_live
from replica.chrome import render_simple_page
from replica.feed import FEEDS
from replica.model import SECTIONS, WWW
from replica.site import Site
from replica.source import answer_feed, answer_home, answer_listing, answer_robots, answer_sitemap
from replica.trouble import soft_404

_SIMPLE = (
    "author|authors|tag|all-about|issue|in-print|page|partner|plus|newsletters|podcasts|videos|galleries|contribute"
    "|account|search|event"
)
"""First parts of the publisher's addresses that are no articles."""


def find_answer(site: Site, origin: str, path: str) -> Answer:
    """What the site answers at an origin (`www`, `static`) to a path, whose query says nothing."""
    path = path.split("?", 1)[0]
    if path == "/robots.txt":
        return answer_robots(origin)
    if origin == "static":
        return answer_sitemap(site, path) or html("Not found", status=404)
    trouble = next((trouble for trouble in site.troubles if trouble.path == path), None)
    return trouble.answer if trouble else _find_page(site, path)


def _find_page(site: Site, path: str) -> Answer:
    for pattern, answer in _ROUTES:
        if found := pattern.fullmatch(path):
            return answer(site, found)
    return soft_404()


def _article(site: Site, found: re.Match[str]) -> Answer:
    """The page, or a redirect where the id is right and the rest is not."""
    article = site.by_number.get(int(found["number"]))
    if article is None or (article.head.is_archive and article.head.path != found[0]):
        return soft_404()
    if article.head.path != found[0]:
        return moved(WWW + article.head.path)
    return html(article.page_html(), modified_at=article.head.modified_at)


def _feed(site: Site, found: re.Match[str]) -> Answer:
    return answer_feed(site, found["name"])


def _listing(site: Site, found: re.Match[str]) -> Answer:
    return answer_listing(site, found["section"], int(found["offset"]) if found["offset"] else None)


def _live(site: Site, found: re.Match[str]) -> Answer:
    article = site.by_number.get(int(found["number"]))
    if article is None or article.head.kind != "live":
        return Answer(b"[]", JSON)
    return Answer(render_live(article.write()).encode(), JSON, modified_at=article.head.modified_at)


def _home(site: Site, _: re.Match[str]) -> Answer:
    return answer_home(site)


def _simple(_: Site, found: re.Match[str]) -> Answer:
    name = found[0].rstrip("/").rsplit("/", 1)[-1]
    return html(render_simple_page(name.replace("-", " ").title(), "A page of the site that is no article."))


_Route = tuple[re.Pattern[str], Callable[[Site, re.Match[str]], Answer]]

_ROUTES: tuple[_Route, ...] = (
    (re.compile(r"/\d{4}/\d{2}/\d{2}/[^/]*-a(?P<number>\d+)"), _article),
    (re.compile(r"/archive/[a-z0-9-]*-(?P<number>\d+)"), _article),
    # The addresses of 2016 to 2018, whose ids are today's.
    (re.compile(r"/(?:articles|news)/[^/]*-(?P<number>\d+)"), _article),
    (re.compile(rf"/rss/(?P<name>{'|'.join(FEEDS)})"), _feed),
    (re.compile(rf"/(?P<section>{'|'.join(SECTIONS)})(?:/(?P<offset>\d+))?"), _listing),
    (re.compile(r"/live/(?P<number>\d+)/0"), _live),
    (re.compile(r"/|/feeds/[^/]+\.xml"), _home),
    (re.compile(rf"/(?:{_SIMPLE})(?:/.*)?"), _simple),
)
