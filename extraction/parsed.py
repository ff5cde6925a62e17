"""A parsed page while it is read: what was found in it, where, and what is remarkable."""

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
from extraction.paragraph import spell_line
from extraction.post import Posts
from extraction.tree import is_overgrown
from extraction.visible import leave_visible
from schemas.url import Identity
from sites.profile import Site

Found = tuple[str, str]
"""A value and its source."""

# It says on every page without a date that it found none: the record's flag says so already.
logging.getLogger("htmldate").setLevel(logging.ERROR)

_H1 = XPath("descendant::h1")


@dataclass
class Page:
    """What the choice of a field's value looks at, and where it notes what it chose."""

    html: bytes
    """Decoded."""
    parsed_tree: HtmlElement
    metadata: Metadata
    site: Site
    identity: PageIdentity
    container: HtmlElement | None
    fetched_at: datetime
    posts: Posts | None = None
    """A live blog's, where they were given."""
    headline: str | None = None
    """Once it has been chosen."""
    sources: dict[str, str] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)
    _selected: dict[Callable[[Any], Any], list[HtmlElement]] = field(default_factory=dict)

    @cached_property
    def tree(self) -> HtmlElement:
        """What readers see of the whole page; most articles are read from their container alone."""
        leave_visible(self.parsed_tree)
        return self.parsed_tree

    @property
    def address(self) -> Identity | None:
        """The article's own, by whichever URL names it."""
        return self.identity.article

    @property
    def url(self) -> str | None:
        """The article's own URL, canonically spelled."""
        return self.address.url if self.address else None

    @property
    def is_unknown(self) -> bool:
        """Whether no rule says where the article is: then the whole page is asked."""
        return self.container is None

    def select(self, rule: Callable[[Any], Any]) -> list[HtmlElement]:
        """Return what a rule finds in the container, or found when it was first asked: several fields ask the same."""
        if self.container is None:
            return []
        if rule not in self._selected:
            self._selected[rule] = list(rule(self.container))
        return self._selected[rule]

    def select_texts(self, rule: Callable[[Any], Any]) -> list[str]:
        """What a rule for attributes finds from the container."""
        return [str(found).strip() for found in rule(self.container)] if self.container is not None else []

    def first_text(self, rule: Callable[[Any], Any]) -> str | None:
        """The text of the first element that a rule finds and that has one."""
        return next((text for found in self.select(rule) if (text := spell_line(found))), None)

    def note(self, name: str, source: str) -> None:
        """Says where a field's value came from."""
        self.sources[name] = source

    @cached_property
    def publisher(self) -> str | None:
        """What the page calls its publisher."""
        return tidy(self.metadata.meta.get("og:site_name", "")) or read_text(self.metadata.json_ld.get("publisher"))

    @cached_property
    def microdata(self) -> dict[str, tuple[str, ...]]:
        """What an unknown page's elements say of themselves by `itemprop`."""
        return read_microdata(self.tree) if self.is_unknown else {}

    @cached_property
    def only_h1(self) -> str | None:
        """The text of an unknown page's only `<h1>`."""
        found = _H1(self.tree) if self.is_unknown else []
        return tidy(" ".join(found[0].itertext())) or None if len(found) == 1 else None

    @cached_property
    def _guess(self) -> Document | None:
        """Trafilatura's own metadata, which only unknown pages are asked for: slow, and so part by part."""
        if not self.is_unknown or is_overgrown(self.tree):
            return None
        document = examine_meta(self.tree)
        try:
            return extract_meta_json(self.tree, document)
        except (ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError):
            return document  # JSON-LD of no known form

    def guess_title(self) -> str | None:
        """The headline as trafilatura finds it."""
        return (self._guess.title or extract_title(self.tree)) if self._guess else None

    def guess_author(self) -> str | None:
        """The authors as trafilatura finds them, parted by `; `."""
        return (self._guess.author or extract_author(self.tree)) if self._guess else None

    def guess_day(self) -> str | None:
        """The day as htmldate finds it, at the latest that of the fetch: a page reads the same for ever."""
        if self._guess is None:
            return None
        return find_date(self.tree, original_date=True, url=self.url, max_date=f"{self.fetched_at:%Y-%m-%d}")
