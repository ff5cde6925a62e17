"""How a publisher's article page is built: XPath expressions as data, compiled once."""

import re
from dataclasses import dataclass

from lxml.etree import XPath
from lxml.html import HtmlElement


def has_class(*names: str) -> str:
    """An XPath condition: the element has one of these classes."""
    return " or ".join(f"contains(concat(' ', normalize-space(@class), ' '), ' {name} ')" for name in names)


FOREIGN_TAGS = frozenset(
    {"aside", "audio", "button", "figure", "form", "iframe", "noscript", "object", "script", "style", "svg", "template"}
    | {"video"}
)
"""Elements whose content is no running text."""

NOWHERE = XPath("/..")
"""Finds nothing: the publisher's pages have no such part."""


_CLASSED = XPath("descendant::*[@class]")


@dataclass(frozen=True)
class PageRules:
    """Where the parts of an article page are. All but `container` look from the container."""

    container: XPath = NOWHERE
    """From the document: the page's own article, then those that are loaded below it."""
    owner: XPath = NOWHERE
    """The text with the id of the article that a container is for, as `article-id-85656`."""
    content: XPath = NOWHERE
    """What holds the text blocks."""
    blocks: XPath = NOWHERE
    """The text blocks, in order, from the content."""
    block_class: str = ""
    """Of every block of the content …"""
    text_block_classes: frozenset[str] = frozenset()
    """… and those of them that are text."""
    foreign_classes: frozenset[str] = frozenset()
    """Of boxes in the content that are no text of the article."""
    headline: XPath = NOWHERE
    subtitle: XPath = NOWHERE
    label: XPath = NOWHERE
    byline: XPath = NOWHERE
    byline_names: XPath = NOWHERE
    """From the byline."""
    time: XPath = NOWHERE
    """Elements with a `datetime`."""
    figures: XPath = NOWHERE
    captions: XPath = NOWHERE
    """From a figure."""
    credits: XPath = NOWHERE
    """From a figure."""
    tags: XPath = NOWHERE
    disclaimer: XPath = NOWHERE
    """What only opinion pieces have."""
    live: XPath = NOWHERE
    """What only live blogs have."""
    title_suffix: re.Pattern[str] | None = None
    title_prefix: re.Pattern[str] | None = None
    """With one group: the word that tells the kind."""
    updated: re.Pattern[str] | None = None
    """Text before a time that is the update's, not the publication's."""
    paid_label: re.Pattern[str] | None = None
    """A label line that says that somebody paid for the article."""
    missing: tuple[str, ...] = ()
    """Sentences of the page that is shown where there is no page, in lower case; all of them stand on it."""

    def is_text_type(self, block_type: object) -> bool:
        """Whether a block of this type, as the publisher names types, is text."""
        return f"{self.block_class}--{block_type}" in self.text_block_classes

    def find_foreign(self, content: HtmlElement) -> list[HtmlElement]:
        """The elements of the content that are no text of the article.

        Classes are compared here, not in an expression: libxml2 takes four times as long to.
        """
        return [*content.iter(*FOREIGN_TAGS), *filter(self._is_foreign, _CLASSED(content))]

    def _is_foreign(self, element: HtmlElement) -> bool:
        classes = (element.get("class") or "").split()
        if self.block_class in classes:
            return self.text_block_classes.isdisjoint(classes)
        return not self.foreign_classes.isdisjoint(classes)
