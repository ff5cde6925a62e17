"""Identify a page by the fetched URL, the URL that it states as its own, and its container."""

import re
from typing import NamedTuple
from urllib.parse import urljoin

from lxml.html import HtmlElement

import sites
from boilerplate.remover import squeeze
from extraction.linked_data import read_text
from extraction.metadata import Metadata
from extraction.tree import drop, parse_page
from extraction.unclosed_tags import find_end
from schemas.article import Unreadable
from schemas.url import Identity
from sites.profile import Site


class PageIdentity(NamedTuple):
    """A page's identity by each of its two URLs."""

    fetched: Identity | None
    stated: Identity | None

    @property
    def article(self) -> Identity | None:
        """The stated identity if it is an article of this site, else the fetched one."""
        return self.stated if self.stated and self.stated.rule is None else self.fetched


class Container(NamedTuple):
    """The element that contains the page's own article."""

    element: HtmlElement | None
    """None if no rule finds it."""
    is_numbered: bool
    """Whether its number matches the article's; also true if either has none."""


def identify_page(url: str | None, metadata: Metadata, site: Site) -> PageIdentity:
    """Identify a page by the fetched URL and by its metadata."""
    fetched = site.identify(url) if url else None
    return PageIdentity(fetched, fetched if metadata.canonical_url == url else _identify_stated(url, metadata, site))


def find_stated_url(metadata: Metadata) -> str | None:
    """Return the URL that a page states as its own, for a capture without a URL."""
    stated = (metadata.canonical_url, metadata.meta.get("og:url"))
    urls = [url.strip() for url in stated if url and re.match(r"https?://", url.strip(), re.IGNORECASE)]
    return next((url for url in urls if not _is_unknown_home(sites.identify(url))), next(iter(urls), None))


def _is_unknown_home(identity: Identity) -> bool:
    """Whether it is the home page of an unknown publisher: some name it on every page, so it tells nothing."""
    return identity.rule == "home-page" and not sites.get_site(identity.site).hosts


def find_container(
    html: bytes, tree: HtmlElement, metadata: Metadata, site: Site, article: Identity | None
) -> Container:
    """Return the container of the page's own article, without what broken HTML lets spill into it.

    Other articles on the page are dropped from the tree.
    """
    found = _find_container(tree, metadata, site, article)
    end = find_end(html, tree, found.element) if found.element is not None else None
    beginning = parse_page(html[:end]) if end is not None else None
    if beginning is None or isinstance(beginning, Unreadable):
        return found
    repaired, _ = _find_container(beginning, metadata, site, article)
    return found if repaired is None else Container(repaired, found.is_numbered)


def _find_container(tree: HtmlElement, metadata: Metadata, site: Site, article: Identity | None) -> Container:
    own = Container(None, is_numbered=True)
    for index, found in enumerate(site.page.container(tree)):
        has_number = index == 0 and _is_numbered(found, site, article)
        if has_number or (index == 0 and _is_titled(found, metadata, site)):
            own = Container(found, has_number)
        else:
            drop(found)
    return own


def _is_numbered(container: HtmlElement, site: Site, article: Identity | None) -> bool:
    """Whether a container's number matches the article's; true if either has none."""
    container_number = re.search(r"\d+$", str(next(iter(site.page.owner(container)), "")))
    article_number = re.search(r":(\d+)$", article.id or "") if article else None
    return container_number is None or article_number is None or container_number.group() == article_number.group(1)


def _is_titled(container: HtmlElement, metadata: Metadata, site: Site) -> bool:
    """Whether a container's headline matches the page's head, in which case its number is from another sequence."""
    shown = next((squeeze("".join(found.itertext())) for found in site.page.headline(container)), "")
    titles = (read_text(metadata.json_ld.get("headline")), metadata.meta.get("og:title"), metadata.title)
    return bool(shown) and any(shown in squeeze(title) for title in titles if title)


def _identify_stated(fetched_url: str | None, metadata: Metadata, site: Site) -> Identity | None:
    """Identify the page by its canonical link or, for known publishers, by `og:url` or JSON-LD."""
    stated = metadata.canonical_url
    if not stated and site.editions:
        stated = metadata.meta.get("og:url", "").strip() or read_text(metadata.json_ld.get("url"))
    identity = _identify_joined(fetched_url, stated, site)
    if identity and _is_unknown_home(identity):
        other = _identify_joined(fetched_url, metadata.meta.get("og:url", "").strip(), site)
        return other if other and other.rule is None else identity
    return identity


def _identify_joined(fetched_url: str | None, stated: str | None, site: Site) -> Identity | None:
    try:
        return site.identify(urljoin(fetched_url, stated) if fetched_url else stated) if stated else None
    except ValueError:  # a URL that cannot be joined
        return None
