"""Routes URLs to responses."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

from replica import old_site
from replica.answer import JSON, SHORT_AGE_SECONDS, XML, Answer, html, redirect
from replica.block import render_posts
from replica.chrome import render_simple_page
from replica.feed import FEEDS
from replica.model import SECTIONS, WWW
from replica.site import Article, Site
from replica.source import (
    answer_feed,
    answer_home,
    answer_listing,
    answer_podcasts,
    answer_robots,
    answer_roll,
    answer_russian,
    answer_search,
    answer_sitemap,
    answer_tdm_file,
)
from replica.trouble import soft_404

_SIMPLE = (
    "author|authors|tag|all-about|issue|in-print|page|partner|plus|newsletters|contribute|account|search|event"
    "|location|ambassador"
)
"""First path segments of the publisher's URLs that are not articles."""
_SAME_LISTINGS = {"features": "in-depth"}
"""Second names of listings."""
_SEARCH_PATH = "/api/search"
_TDM_FILE_PATH = "/.well-known/tdmrep.json"
_PDF = b"%PDF-1.4\n%%EOF\n"


def find_answer(site: Site, origin: str, path: str) -> Answer:
    """Return the response to a path at an origin (`www`, `static`, `ru`, `old`); only the search reads a query."""
    path, _, query = path.partition("?")
    if path == "/robots.txt":
        return answer_robots(origin)
    match origin:
        case "static":
            return answer_sitemap(site, path) or html("Not found", status=404)
        case "old":
            return _follow(site, _OLD_ROUTES, path) or html("Not found", status=404)
        case "ru":
            return answer_russian(site, path) or _follow(site, _RUSSIAN_ROUTES, path) or soft_404()
    if path == _SEARCH_PATH or (path == _TDM_FILE_PATH and site.reserved):
        return answer_search(site, query) if path == _SEARCH_PATH else answer_tdm_file(site)
    trouble = next((trouble for trouble in site.troubles if trouble.path == path), None)
    return trouble.answer if trouble else _follow(site, _ROUTES, path) or soft_404()


def _follow(site: Site, routes: tuple["_Route", ...], path: str) -> Answer | None:
    for pattern, answer in routes:
        if found := pattern.fullmatch(path):
            return answer(site, found)
    return None


def _article(site: Site, found: re.Match[str]) -> Answer:
    """Return the page, or a redirect if only the id is right."""
    return _show(site.by_number.get(int(found["number"])), found[0])


def _russian_article(site: Site, found: re.Match[str]) -> Answer:
    by_number = {article.head.number: article for article in site.russian}
    return _show(by_number.get(int(found["number"])), found[0])


def _show(article: Article | None, path: str) -> Answer:
    if article is None:
        return soft_404()
    if article.path != path:
        return redirect(article.url)
    answer = html(article.page_html(), modified_at=article.head.modified_at)
    answer = replace(answer, viewed_at=article.viewed_at)
    return replace(answer, max_age_seconds=None) if article.head.is_archive else answer


def _archived(site: Site, found: re.Match[str]) -> Answer:
    article = site.by_slug.get(found["slug"])
    return _show(article, found[0]) if article and article.head.is_archive else soft_404()


def _old_archived(_: Site, found: re.Match[str]) -> Answer:
    return redirect(f"{WWW}/archive/{found['slug']}")


def _slug_alone(site: Site, found: re.Match[str]) -> Answer:
    """Redirect a URL with a day and a slug but no id: the slug decides."""
    article = site.by_slug.get(found["slug"])
    return redirect(article.url) if article and not article.head.is_archive else soft_404()


def _pdf(site: Site, found: re.Match[str]) -> Answer:
    return Answer(_PDF, "application/pdf") if int(found["number"]) in site.by_number else soft_404()


def _bare(site: Site, found: re.Match[str]) -> Answer:
    """Return the bare article by its number, with the number of the next older one."""
    number = int(found["number"])
    if number not in site.by_number:
        return soft_404()
    older = max((other for other in site.by_number if other < number), default=None)
    return html(site.by_number[number].container_html(older))


def _feed(site: Site, found: re.Match[str]) -> Answer:
    return answer_feed(site, found["name"])


def _partner_feed(site: Site, _: re.Match[str]) -> Answer:
    """Return the only old feed URL that still serves a feed."""
    return Answer(answer_feed(site, "all").body, XML)


def _listing(site: Site, found: re.Match[str]) -> Answer:
    section = _SAME_LISTINGS.get(found["section"], found["section"])
    return answer_listing(site, section, int(found["offset"]) if found["offset"] else None)


def _roll(site: Site, found: re.Match[str]) -> Answer:
    return answer_roll(site, found["name"], int(found["offset"]) if found["offset"] else None)


def _live(site: Site, found: re.Match[str]) -> Answer:
    article = site.by_number.get(int(found["number"]))
    if article is None or article.head.kind != "live":
        return Answer(b"[]", JSON, max_age_seconds=SHORT_AGE_SECONDS)
    body = render_posts(article.write(), int(found["since"])).encode()
    return Answer(body, JSON, modified_at=article.head.modified_at, max_age_seconds=SHORT_AGE_SECONDS)


def _podcasts(site: Site, _: re.Match[str]) -> Answer:
    return answer_podcasts(site)


def _home(site: Site, _: re.Match[str]) -> Answer:
    return answer_home(site)


def _simple(_: Site, found: re.Match[str]) -> Answer:
    name = found[0].rstrip("/").rsplit("/", 1)[-1]
    return html(render_simple_page(name.replace("-", " ").title(), "A page of the site that is no article."))


def _gone(_: Site, __: re.Match[str]) -> Answer:
    return html("Not found", status=404)


def _old_year(site: Site, found: re.Match[str]) -> Answer:
    return old_site.answer_year(site, int(found["year"]))


def _old_day(site: Site, found: re.Match[str]) -> Answer:
    try:
        on = date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return html("Not found", status=404)
    return old_site.answer_day(site, on)


def _old_article(site: Site, found: re.Match[str]) -> Answer:
    article = site.archived_by_number.get(int(found["number"]))
    return old_site.answer_article(article) if article else html("Not found", status=404)


_Route = tuple[re.Pattern[str], Callable[[Site, re.Match[str]], Answer]]


def _compile(routes: Mapping[str, Callable[[Site, re.Match[str]], Answer]]) -> tuple[_Route, ...]:
    return tuple((re.compile(pattern), answer) for pattern, answer in routes.items())


_DATED = r"/\d{4}/\d{2}/\d{2}/[^/]*-a(?P<number>\d+)"
_ROUTES = _compile(
    {
        _DATED: _article,
        rf"{_DATED}/pdf": _pdf,
        r"/\d{4}/\d{2}/\d{2}/(?P<slug>[a-z0-9-]+)": _slug_alone,
        r"/archive/(?P<slug>[a-z0-9-]+)": _archived,
        # URLs of former sites: by slug, by number, and those that no longer exist.
        r"/news/article/(?P<slug>[a-z0-9-]+)/\d+\.html": _old_archived,
        r"/[a-z_-]+/article/(?:[^/]+/)*(?P<number>\d+)\.html": _article,
        r"/photogalleries/[^/]*-(?P<number>\d+)": _article,
        r"/(?:articles|news)/[^/]*-(?P<number>\d+)": _article,
        r"/stories/.*|/article\.php": _gone,
        r"/all/(?P<number>\d+)": _bare,
        rf"/rss/(?P<name>{'|'.join(FEEDS)})": _feed,
        rf"/(?P<section>{'|'.join((*SECTIONS, *_SAME_LISTINGS))})(?:/(?P<offset>\d+))?": _listing,
        r"/(?P<name>videos|galleries)(?:/(?P<offset>\d+))?": _roll,
        r"/tag/(?P<name>[a-z0-9-]+)(?:/(?P<offset>\d+))?": _roll,
        r"/live/(?P<number>\d+)/(?P<since>\d+)": _live,
        r"/podcasts": _podcasts,
        r"/feeds/partner\.xml": _partner_feed,
        r"/|/feeds/[^/]+\.xml": _home,
        rf"/(?:{_SIMPLE})(?:/.*)?": _simple,
    }
)
_RUSSIAN_ROUTES = _compile({_DATED: _russian_article})
_YEAR = rf"(?:{old_site.LISTS})?/(?P<year>\d{{4}})"
_OLD_ROUTES = _compile(
    {
        rf"{_YEAR}\.html": _old_year,
        rf"{_YEAR}/(?P<month>\d{{1,2}})/(?P<day>\d{{1,2}})\.html": _old_day,
        rf"{_YEAR}/\d{{1,2}}/article/[a-z0-9-]*/(?P<number>\d+)\.html": _old_article,
    }
)
