"""Says whose page it is: by the URL that was fetched, by the one that the page states as its own, by its container."""

import re
from typing import NamedTuple
from urllib.parse import urljoin

from lxml.html import HtmlElement

from boilerplate.remover import squeeze
from extraction.linked_data import read_text
from extraction.metadata import Metadata
from extraction.tree import drop, parse_page
from extraction.unclosed_tags import find_end
from schemas.article import Unreadable
from schemas.url import Identity
from sites.profile import Site


class PageIdentity(NamedTuple):
    """Whose page it is, by each of the two URLs that may say so."""

    fetched: Identity | None
    stated: Identity | None

    @property
    def article(self) -> Identity | None:
        """The article's own: the stated one where it names an article of this site, else the one fetched."""
        return self.stated if self.stated and self.stated.rule is None else self.fetched


class Container(NamedTuple):
    """What holds the page's own article."""

    element: HtmlElement | None
    """None where no rule finds it."""
    is_numbered: bool
    """Whether it has the article's number, as far as both name one."""


def identify_page(url: str | None, metadata: Metadata, site: Site) -> PageIdentity:
    """Whose page it is by the URL that was fetched, and by what the page says of itself."""
    fetched = site.identify(url) if url else None
    return PageIdentity(fetched, fetched if metadata.canonical_url == url else _identify_stated(url, metadata, site))


def find_stated_url(metadata: Metadata) -> str | None:
    """The URL that a page gives as its own, for a capture that came without one."""
    for url in (metadata.canonical_url, metadata.meta.get("og:url")):
        if url and re.match(r"https?://", url.strip(), re.IGNORECASE):
            return url.strip()
    return None


def find_container(
    html: bytes, tree: HtmlElement, metadata: Metadata, site: Site, address: Identity | None
) -> Container:
    """The page's own article, without what its HTML lets overrun into it from below.

    Other articles on the page are taken out of the tree: no text of theirs is this one's.
    """
    found = _take_container(tree, metadata, site, address)
    end = find_end(html, tree, found.element) if found.element is not None else None
    beginning = parse_page(html[:end]) if end is not None else None
    if beginning is None or isinstance(beginning, Unreadable):
        return found
    repaired, _ = _take_container(beginning, metadata, site, address)
    return found if repaired is None else Container(repaired, found.is_numbered)


def _take_container(tree: HtmlElement, metadata: Metadata, site: Site, address: Identity | None) -> Container:
    own = Container(None, is_numbered=True)
    for place, found in enumerate(site.page.container(tree)):
        has_number = place == 0 and _is_numbered(found, site, address)
        if has_number or (place == 0 and _is_titled(found, metadata, site)):
            own = Container(found, has_number)
        else:
            drop(found)
    return own


def _is_numbered(container: HtmlElement, site: Site, address: Identity | None) -> bool:
    """Whether a container has the number of the article at this URL, as far as both name one."""
    owner = re.search(r"\d+$", str(next(iter(site.page.owner(container)), "")))
    asked = re.search(r":(\d+)$", address.id or "") if address else None
    return owner is None or asked is None or owner.group() == asked.group(1)


def _is_titled(container: HtmlElement, metadata: Metadata, site: Site) -> bool:
    """Whether a container's headline is the one that the page's head names: then its number is another sequence's."""
    shown = next((squeeze("".join(found.itertext())) for found in site.page.headline(container)), "")
    told = (read_text(metadata.json_ld.get("headline")), metadata.meta.get("og:title"), metadata.title)
    return bool(shown) and any(shown in squeeze(title) for title in told if title)


def _identify_stated(fetched_url: str | None, metadata: Metadata, site: Site) -> Identity | None:
    """Whose URL the page states as its own: by its canonical link, else, of known publishers, by the next best."""
    stated = metadata.canonical_url
    if not stated and site.editions:
        stated = metadata.meta.get("og:url", "").strip() or read_text(metadata.json_ld.get("url"))
    if not stated:
        return None
    try:
        return site.identify(urljoin(fetched_url, stated) if fetched_url else stated)
    except ValueError:  # a URL that cannot be joined
        return None
