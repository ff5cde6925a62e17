"""The structure of a publisher's article page, as compiled XPath expressions."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lxml.html import HtmlElement

from boilerplate.text_block import is_running_text
from boilerplate.widgets import find_widgets
from sites.xpath import XPath


def has_class(*names: str) -> str:
    """Return an XPath condition: the element has one of these classes. A cheap test first skips most elements."""
    return " or ".join(
        f"(contains(@class, '{name}') and contains(concat(' ', normalize-space(@class), ' '), ' {name} '))"
        for name in names
    )


FOREIGN_TAGS = frozenset(
    {"aside", "audio", "button", "figure", "form", "iframe", "nav", "noscript", "object", "script", "style", "svg"}
    | {"template", "video"}
)
"""Elements whose content is not running text."""

HOLDER_TAGS = frozenset({"figure", "form", "noscript", "object"})
"""Foreign elements that may hold a table, or, left open in old HTML, all of the text that follows."""

FIELD_TAGS = ("embed", "input", "label", "param", "select", "textarea")
"""Elements in them that never hold text of the article."""

BOX_TAGS = frozenset({"div", "section"})
"""Elements that, with a class, may be boxes beside running text."""

BLOCK_SENTENCE_COUNT = 1
"""Sentences that show a block to be text: one, as the newsroom placed the block. A box may belong to the page."""

NOWHERE = XPath("/..")
"""Matches nothing, for parts that the publisher's pages do not have."""


_DATA_TABLE = XPath("boolean(descendant::table[descendant::td] and not(descendant::img))")


@dataclass(frozen=True)
class Foreign:
    """Elements of the content that are not text of the article."""

    elements: list[HtmlElement]
    flags: frozenset[str] = frozenset()
    """Flags: an element of an unknown class was kept for its sentences, or such an element was dropped."""


@dataclass(frozen=True)
class PageRules:
    """Where the parts of an article page are. All expressions but `container` are relative to the container."""

    container: XPath = NOWHERE
    """In the document: the page's own article, then any that are loaded below it."""
    owner: XPath = NOWHERE
    """The text with the id of the container's article, such as `article-id-85656`."""
    content: XPath = NOWHERE
    """Elements that hold the text, in page order."""
    content_classes: frozenset[str] = frozenset()
    """Classes of elements that hold text, also within the content."""
    block_class: str = ""
    """The class of every block of the content …"""
    text_block_classes: frozenset[str] = frozenset()
    """… classes of blocks that are text …"""
    foreign_block_classes: frozenset[str] = frozenset()
    """… and of blocks that are not. Any other block is classified by its sentences."""
    lined_classes: frozenset[str] = frozenset()
    """Classes of quotations in which the newsroom sets the line breaks, however long the lines are."""
    infobox_classes: frozenset[str] = frozenset()
    """Classes of infoboxes beside the text: the end of the text may come before one."""
    kind_prefix: str = ""
    """Prefix of the container's class that names its kind, as in `article--gallery`."""
    foreign_classes: frozenset[str] = frozenset()
    """Classes of boxes in the content that are not text of the article …"""
    foreign_prefixes: tuple[str, ...] = ()
    """… and prefixes of more such classes."""
    furniture: XPath = NOWHERE
    """From any element: page furniture, wherever it is, by a part of its class."""
    surroundings: XPath = NOWHERE
    """Parts of the container beside the content: headline, byline, captions."""
    headline: XPath = NOWHERE
    subtitle: XPath = NOWHERE
    label: XPath = NOWHERE
    sponsor: XPath = NOWHERE
    """Elements that name the sponsor."""
    paid: XPath = NOWHERE
    """Elements that only sponsored articles have, anywhere on the page."""
    data_kind: XPath = NOWHERE
    """The text with the publisher's word for the kind."""
    byline: XPath = NOWHERE
    byline_names: XPath = NOWHERE
    """From the byline."""
    time: XPath = NOWHERE
    """Elements with a `datetime`."""
    figures: XPath = NOWHERE
    """Elements that hold a picture with its caption and credit."""
    captions: XPath = NOWHERE
    """From a figure."""
    credits: XPath = NOWHERE
    """From a figure."""
    tags: XPath = NOWHERE
    disclaimer: XPath = NOWHERE
    """Elements that only opinion pieces have."""
    live: XPath = NOWHERE
    """Elements that only live blogs have."""
    posts: XPath = NOWHERE
    """A live blog's posts, if they are in its page …"""
    post_time: XPath = NOWHERE
    """… the time of a post …"""
    post_body: XPath = NOWHERE
    """… and its text; both relative to the post."""
    title_suffix: re.Pattern[str] | None = None
    title_name: re.Pattern[str] | None = None
    """The publisher's name before a title; `title_suffix` is the one after it."""
    title_prefix: re.Pattern[str] | None = None
    """With one group: the word that indicates the kind."""
    trusts_modified: bool = True
    """Whether the modification time in the page's metadata is that of a change to the article."""
    updated: re.Pattern[str] | None = None
    """Text in or before a time that shows it to be the update time, not the publication time."""
    paid_label: re.Pattern[str] | None = None
    """A label line that marks an article as sponsored."""
    missing: tuple[str, ...] = ()
    """Sentences of the publisher's error page for missing pages, in lower case; it has all of them."""

    def is_text_type(self, block_type: object) -> bool | None:
        """Return whether a block of this type (the publisher's name for it) is text; None if the type is unknown."""
        name = f"{self.block_class}--{block_type}"
        return name in self.text_block_classes or (False if name in self.foreign_block_classes else None)

    def find_foreign(self, content: HtmlElement) -> Foreign:
        """Return the elements of the content that are not text of the article.

        Classes are compared in Python, not in XPath: libxml2 takes four times as long.
        """
        classed = list(_list_classed(content))
        foreign = [element for element, classes in classed if self._is_foreign(classes)]
        blocks = [element for element, classes in classed if self._is_unknown_block(classes)]
        boxes = list(self._find_boxes(content, classed))
        dropped = [block for block in blocks if not is_running_text(block, BLOCK_SENTENCE_COUNT)]
        dropped += [box for box in boxes if not is_running_text(box)]
        tags = (
            found
            for found in _find_foreign_tags(content)
            if not self._is_text(frozenset(found.get("class", "").split()))
        )
        found = [*tags, *foreign, *dropped, *find_widgets(content)]
        return Foreign(found, flag_unknown(len(blocks) + len(boxes) - len(dropped), dropped))

    def list_blocks(self, content: HtmlElement) -> list[HtmlElement]:
        """Return the outermost blocks of the content."""
        found = [element for element, classes in _list_classed(content) if self.block_class in classes]
        inner = {below for block in found for below in block.iterdescendants()}
        return [block for block in found if block not in inner]

    def has_block(self, content: HtmlElement) -> bool:
        """Return whether the content has any block, text or not."""
        return any(self.block_class in classes for _, classes in _list_classed(content))

    def has_text_block(self, content: HtmlElement) -> bool:
        """Return whether the content has text blocks; if so, furniture does not occur outside of blocks."""
        return any(not self.text_block_classes.isdisjoint(classes) for _, classes in _list_classed(content))

    def _is_foreign(self, classes: frozenset[str]) -> bool:
        if self.block_class in classes:
            return self.text_block_classes.isdisjoint(classes) and not self.foreign_block_classes.isdisjoint(classes)
        return not self.foreign_classes.isdisjoint(classes) or (
            bool(self.foreign_prefixes) and any(name.startswith(self.foreign_prefixes) for name in classes)
        )

    def _is_unknown_block(self, classes: frozenset[str]) -> bool:
        return self.block_class in classes and classes.isdisjoint(self.text_block_classes | self.foreign_block_classes)

    def _is_text(self, classes: frozenset[str]) -> bool:
        return not (self.text_block_classes.isdisjoint(classes) and self.content_classes.isdisjoint(classes))

    def _find_boxes(
        self, content: HtmlElement, classed: list[tuple[HtmlElement, frozenset[str]]]
    ) -> Iterator[HtmlElement]:
        """Yield boxes of unknown classes beside text blocks. Loose paragraphs are text; without blocks, all is text."""
        holders: set[HtmlElement | None] = set()
        for element, classes in classed:
            holder = element.getparent() if self._is_text(classes) else None
            while holder is not None and holder not in holders:
                holders.add(holder)
                holder = holder.getparent() if holder is not content else None
        for element, classes in classed:
            if element.tag not in BOX_TAGS or element in holders or self._is_text(classes) or self._is_foreign(classes):
                continue
            if element.getparent() in holders and self.block_class not in classes:
                yield element


def _list_classed(content: HtmlElement) -> Iterator[tuple[HtmlElement, frozenset[str]]]:
    """Yield the elements of the content that have classes, with their classes. Lazy, as callers may stop early."""
    for element in content.iterdescendants():
        if (names := element.get("class")) is not None:
            yield element, frozenset(names.split())


def flag_unknown(kept_count: int, dropped: Iterable[HtmlElement]) -> frozenset[str]:
    """Return flags for blocks of unknown type, so that none of their text is dropped without a trace."""
    has_lost = any("".join(element.itertext()).strip() for element in dropped)
    return frozenset({"unknown-block"} if kept_count else ()) | frozenset({"unknown-block-dropped"} if has_lost else ())


def _find_foreign_tags(content: HtmlElement) -> Iterator[HtmlElement]:
    """Yield elements whose tags hold no running text; if one does hold text, only the form fields in it."""
    for element in content.iter(*FOREIGN_TAGS):
        if element.tag not in HOLDER_TAGS:
            yield element
        elif _DATA_TABLE(element) or (element.tag != "figure" and is_running_text(element)):
            yield from element.iter(*FIELD_TAGS)
        else:
            yield element
