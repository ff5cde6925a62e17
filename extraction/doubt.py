"""Doubt whether an unknown publisher's page is an article: flag it, or recognize a front page or a home page."""

import re
from datetime import datetime

from lxml.etree import XPath

from extraction.byline import Byline
from extraction.linked_data import ARTICLE_TYPES, read_types
from extraction.normalization import tidy
from extraction.parsed import Page
from schemas.article import Unreadable

MIN_HEADLINE_CHARS = 25
"""Fewest characters of a link that may be a headline; items of a menu are shorter."""

MIN_HEADLINE_COUNT = 10
"""Fewest linked headlines of a front page."""

MAX_TEASER_CHARS = 100
"""Most running text of a front page for each headline. A longer article has more."""

MAX_FRONT_CHARS = 1500
"""Most running text of any front page: with more, it is an article beside many links."""

MIN_SENTENCE_CHARS = 40

_NEWS_PATH = re.compile(r"//[^/]+/(?:[^?#]*/)?(?:news|article|stor(?:y|ies))[^/?#]*/[^/?#]")
"""A page below `/news/`; the front of that section ends there."""

_BESIDE = "ancestor::nav or ancestor::header or ancestor::footer or ancestor::aside"
_LINKS = XPath(f"descendant::a[not({_BESIDE})]")
_TEXTS = XPath("descendant::body//text()[not(ancestor::a or parent::script or parent::style)]", smart_strings=False)


def is_doubtful(page: Page, byline: Byline, published_at: datetime | None) -> bool:
    """Whether a page neither says that it is an article, nor has an author or a time of publication.

    Holds for 57 % of a public set's listings, shops, forums and services, and for hardly any article of a newspaper.
    """
    if page.site.hosts or byline.authors or byline.agencies:
        return False
    if read_types(page.metadata.json_ld) & ARTICLE_TYPES or "article" in page.metadata.meta.get("og:type", "").lower():
        return False
    if page.url and (page.site.path_date(page.url) or _NEWS_PATH.search(page.url)):
        return False
    return published_at is None or "published-at-day-only" in page.flags


def find_front(page: Page) -> Unreadable | None:
    """Return the reason why a doubtful page is a home page, or the front of a section; otherwise None."""
    stated, title = page.identity.stated, page.metadata.title or ""
    if page.identity.fetched is None and stated and stated.rule == "home-page":
        return Unreadable(reason="home-page", detail=title)
    headline_count = sum(len(tidy("".join(link.itertext()))) >= MIN_HEADLINE_CHARS for link in _LINKS(page.tree))
    limit = min(MAX_FRONT_CHARS, MAX_TEASER_CHARS * headline_count)
    if headline_count < MIN_HEADLINE_COUNT or _count_running_text(page) >= limit:
        return None
    return Unreadable(reason="listing-page", detail=f"{headline_count} linked headlines")


def _count_running_text(page: Page) -> int:
    """Count the characters of the texts that may be sentences, and are no links."""
    return sum(len(text) for text in map(tidy, _TEXTS(page.tree)) if len(text) >= MIN_SENTENCE_CHARS)
