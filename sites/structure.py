"""How a publisher's article page is built: XPath expressions as data, compiled once."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lxml.html import HtmlElement

from boilerplate.text_block import is_running_text
from boilerplate.widgets import find_widgets
from sites.xpath import XPath


def has_class(*names: str) -> str:
    """An XPath condition: the element has one of these classes. Nearly all have none, and are passed over quickly."""
    return " or ".join(
        f"(contains(@class, '{name}') and contains(concat(' ', normalize-space(@class), ' '), ' {name} '))"
        for name in names
    )


FOREIGN_TAGS = frozenset(
    {"aside", "audio", "button", "figure", "form", "iframe", "nav", "noscript", "object", "script", "style", "svg"}
    | {"template", "video"}
)
"""Elements whose content is no running text."""

HOLDER_TAGS = frozenset({"figure", "form", "noscript", "object"})
"""Those of them that hold a table, or all of the text that follows where old HTML leaves them open."""

FIELD_TAGS = ("embed", "input", "label", "param", "select", "textarea")
"""What has no text of the article in such an element."""

BOX_TAGS = frozenset({"div", "section"})
"""What a page sets apart from running text by a class of its own."""

BLOCK_SENTENCE_COUNT = 1
"""The newsroom put a block into its text: one sentence tells that it is more of it. A box may be the page's."""

NOWHERE = XPath("/..")
"""Finds nothing: the publisher's pages have no such part."""


_DATA_TABLE = XPath("boolean(descendant::table[descendant::td] and not(descendant::img))")


@dataclass(frozen=True)
class Foreign:
    """What is no text of an article, in its content."""

    elements: list[HtmlElement]
    flags: frozenset[str] = frozenset()
    """Whether something of an unknown class was kept for its sentences, and whether such a thing was not."""


@dataclass(frozen=True)
class PageRules:
    """Where the parts of an article page are. All but `container` look from the container."""

    container: XPath = NOWHERE
    """From the document: the page's own article, then those that are loaded below it."""
    owner: XPath = NOWHERE
    """The text with the id of the article that a container is for, as `article-id-85656`."""
    content: XPath = NOWHERE
    """What holds the text, in the page's order."""
    content_classes: frozenset[str] = frozenset()
    """Of what holds text, also within the content."""
    block_class: str = ""
    """Of every block of the content …"""
    text_block_classes: frozenset[str] = frozenset()
    """… those of them that are text …"""
    foreign_block_classes: frozenset[str] = frozenset()
    """… and those that are not. Of any other, its sentences tell."""
    lined_classes: frozenset[str] = frozenset()
    """Of quotations whose line breaks are the newsroom's own, however long they are."""
    infobox_classes: frozenset[str] = frozenset()
    """Of what the newsroom sets beside its text: what ends the text may stand before it."""
    kind_prefix: str = ""
    """Of the container's class that names its kind, as in `article--gallery`."""
    foreign_classes: frozenset[str] = frozenset()
    """Of boxes in the content that are no text of the article …"""
    foreign_prefixes: tuple[str, ...] = ()
    """… and how the names of more such classes begin."""
    furniture: XPath = NOWHERE
    """From any element: what is furniture wherever it stands, by a part of its class."""
    surroundings: XPath = NOWHERE
    """What stands beside the content in the container: headline, byline, captions."""
    headline: XPath = NOWHERE
    subtitle: XPath = NOWHERE
    label: XPath = NOWHERE
    sponsor: XPath = NOWHERE
    """What names who paid for the article."""
    paid: XPath = NOWHERE
    """What only articles have that somebody paid for, wherever on the page it stands."""
    data_kind: XPath = NOWHERE
    """The text with the publisher's own word for the kind."""
    byline: XPath = NOWHERE
    byline_names: XPath = NOWHERE
    """From the byline."""
    time: XPath = NOWHERE
    """Elements with a `datetime`."""
    figures: XPath = NOWHERE
    """What holds a picture with what is said of it."""
    captions: XPath = NOWHERE
    """From a figure."""
    credits: XPath = NOWHERE
    """From a figure."""
    tags: XPath = NOWHERE
    disclaimer: XPath = NOWHERE
    """What only opinion pieces have."""
    live: XPath = NOWHERE
    """What only live blogs have."""
    posts: XPath = NOWHERE
    """A live blog's posts, where they stand in its page …"""
    post_time: XPath = NOWHERE
    """… their times …"""
    post_body: XPath = NOWHERE
    """… and their texts; both from a post."""
    title_suffix: re.Pattern[str] | None = None
    title_name: re.Pattern[str] | None = None
    """The publisher's name before a title, as `title_suffix` behind it."""
    title_prefix: re.Pattern[str] | None = None
    """With one group: the word that tells the kind."""
    trusts_modified: bool = True
    """Whether what the page's metadata call the last change is one."""
    updated: re.Pattern[str] | None = None
    """Text in or before a time that is the update's, not the publication's."""
    paid_label: re.Pattern[str] | None = None
    """A label line that says that somebody paid for the article."""
    missing: tuple[str, ...] = ()
    """Sentences of the page that is shown where there is no page, in lower case; all of them stand on it."""

    def is_text_type(self, block_type: object) -> bool | None:
        """Whether a block of this type, as the publisher names types, is text; None where nobody knows the type."""
        name = f"{self.block_class}--{block_type}"
        return name in self.text_block_classes or (False if name in self.foreign_block_classes else None)

    def find_foreign(self, content: HtmlElement) -> Foreign:
        """The elements of the content that are no text of the article.

        Classes are compared here, not in an expression: libxml2 takes four times as long to.
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
        """The blocks that the content is made of, without those within one."""
        found = [element for element, classes in _list_classed(content) if self.block_class in classes]
        inner = {below for block in found for below in block.iterdescendants()}
        return [block for block in found if block not in inner]

    def has_block(self, content: HtmlElement) -> bool:
        """Whether the content has any block in it, of text or not."""
        return any(self.block_class in classes for _, classes in _list_classed(content))

    def has_text_block(self, content: HtmlElement) -> bool:
        """Whether the content is made of blocks, so that no furniture stands loose in it."""
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
        """Boxes of unknown classes beside text blocks. Loose paragraphs there are text; where no block is, all is."""
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
    """The elements in the content that have classes, with these. The first blocks tell much: no more is looked at."""
    for element in content.iterdescendants():
        if (names := element.get("class")) is not None:
            yield element, frozenset(names.split())


def flag_unknown(kept_count: int, dropped: Iterable[HtmlElement]) -> frozenset[str]:
    """Flags for what is of an unknown type: no text of it leaves an article without a word."""
    has_lost = any("".join(element.itertext()).strip() for element in dropped)
    return frozenset({"unknown-block"} if kept_count else ()) | frozenset({"unknown-block-dropped"} if has_lost else ())


def _find_foreign_tags(content: HtmlElement) -> Iterator[HtmlElement]:
    """Elements that hold no running text by their name; of those that do all the same, only their fields."""
    for element in content.iter(*FOREIGN_TAGS):
        if element.tag not in HOLDER_TAGS:
            yield element
        elif _DATA_TABLE(element) or (element.tag != "figure" and is_running_text(element)):
            yield from element.iter(*FIELD_TAGS)
        else:
            yield element
