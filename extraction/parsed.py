"""The parsed page that extraction works on, with the sources and flags collected so far."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from htmldate import find_date
from lxml.etree import XPath
from lxml.html import HtmlElement
from trafilatura.metadata import examine_meta, extract_author, extract_meta_json, extract_title
from trafilatura.settings import Document

from extraction.identification import PageIdentity
from extraction.linked_data import read_microdata, read_text
from extraction.metadata import Metadata
from extraction.normalization import tidy
from extraction.paragraph import render_line
from extraction.post import Posts
from extraction.tree import is_overgrown
from extraction.visible import drop_invisible
from schemas.url import Identity
from sites.profile import Site

Found = tuple[str, str]
"""A value and its source."""

# It logs every page without a date, which the record's flag already says.
logging.getLogger("htmldate").setLevel(logging.ERROR)

_H1 = XPath("descendant::h1")


@dataclass
class Page:
    """A parsed page from which field values are chosen; records the source of each."""

    html: bytes
    """The decoded HTML, in UTF-8."""
    parsed_tree: HtmlElement
    metadata: Metadata
    site: Site
    identity: PageIdentity
    container: HtmlElement | None
    fetched_at: datetime
    posts: Posts | None = None
    """A live blog's posts, if available."""
    headline: str | None = None
    """Set once it has been chosen."""
    titles: tuple[str | None, ...] = ()
    """What the places of the page give as the headline, set with it."""
    published_text: str | None = None
    """The time of publication as the chosen place has it."""
    published_offset: str | None = None
    """The offset that the page gives with its time of publication: `+09:00`."""
    sources: dict[str, str] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)
    _selected: dict[Callable[[Any], Any], list[HtmlElement]] = field(default_factory=dict)

    @cached_property
    def tree(self) -> HtmlElement:
        """The visible part of the whole page. Most articles only need their container."""
        drop_invisible(self.parsed_tree)
        return self.parsed_tree

    @property
    def article_identity(self) -> Identity | None:
        """The article's identity, by the stated or the fetched URL."""
        return self.identity.article

    @property
    def url(self) -> str | None:
        """The article's canonical URL."""
        return self.article_identity.url if self.article_identity else None

    @property
    def is_unknown(self) -> bool:
        """Whether no rule locates the article, so that the whole page is searched."""
        return self.container is None

    def select(self, rule: Callable[[Any], Any]) -> list[HtmlElement]:
        """Return what a rule finds in the container, cached because several fields use the same rule."""
        if self.container is None:
            return []
        if rule not in self._selected:
            self._selected[rule] = list(rule(self.container))
        return self._selected[rule]

    def select_texts(self, rule: Callable[[Any], Any]) -> list[str]:
        """Return the attribute values that a rule finds, starting at the container."""
        return [str(found).strip() for found in rule(self.container)] if self.container is not None else []

    def first_text(self, rule: Callable[[Any], Any]) -> str | None:
        """Return the text of the first non-empty element that a rule finds."""
        return next((text for found in self.select(rule) if (text := render_line(found))), None)

    def record_source(self, name: str, source: str) -> None:
        """Record where a field's value came from."""
        self.sources[name] = source

    @cached_property
    def publisher(self) -> str | None:
        """The publisher's name according to the page."""
        return tidy(self.metadata.meta.get("og:site_name", "")) or read_text(self.metadata.json_ld.get("publisher"))

    @property
    def host_name(self) -> str | None:
        """`example` for `https://www.example.org/…`, the name of many sites."""
        host = (self.url or "").partition("://")[2].partition("/")[0]
        labels = host.removeprefix("www.").removeprefix("amp.").removeprefix("m.").split(".")
        return labels[0] if len(labels[0]) > 2 else None  # noqa: PLR2004 - two letters are a country or a language

    @cached_property
    def microdata(self) -> dict[str, tuple[str, ...]]:
        """An unknown page's microdata (`itemprop`)."""
        return read_microdata(self.tree) if self.is_unknown else {}

    @cached_property
    def only_h1(self) -> str | None:
        """The text of an unknown page's `<h1>`, if it has exactly one."""
        found = _H1(self.tree) if self.is_unknown else []
        return tidy(" ".join(found[0].itertext())) or None if len(found) == 1 else None

    @cached_property
    def _trafilatura_metadata(self) -> Document | None:
        """Trafilatura's metadata, used only for unknown pages; computed in parts because it is slow."""
        if not self.is_unknown or is_overgrown(self.tree):
            return None
        document = examine_meta(self.tree)
        try:
            return extract_meta_json(self.tree, document)
        except (ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError):
            return document  # JSON-LD of an unexpected form

    def guess_title(self) -> str | None:
        """Return the headline found by trafilatura."""
        return (self._trafilatura_metadata.title or extract_title(self.tree)) if self._trafilatura_metadata else None

    def guess_author(self) -> str | None:
        """Return the authors found by trafilatura, separated by `; `."""
        return (self._trafilatura_metadata.author or extract_author(self.tree)) if self._trafilatura_metadata else None

    def guess_date(self) -> str | None:
        """Return the date found by htmldate, no later than the fetch, so that the result never changes."""
        if self._trafilatura_metadata is None:
            return None
        return find_date(self.tree, original_date=True, url=self.url, max_date=f"{self.fetched_at:%Y-%m-%d}")
