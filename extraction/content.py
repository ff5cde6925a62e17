"""Narrows an article to its text: what holds it, without furniture, widgets and foreign boxes."""

from collections.abc import Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from boilerplate.widgets import drop_button_text
from extraction.agreement import simplify
from extraction.line_break import part_lines
from extraction.parsed import Page
from extraction.tree import drop
from extraction.unclosed_tags import find_outside
from schemas.article import Kind
from sites.structure import PageRules

TEXTLESS_KINDS = frozenset({Kind.GALLERY, Kind.VIDEO, Kind.PODCAST, Kind.LIVE})
"""Kinds whose page may have no text of its own: without care the donation message becomes it."""

RUNNING_TEXT_COUNT = 3
"""Paragraphs that a header, a byline or a caption does not have: what has them is named wrongly."""


@dataclass(frozen=True)
class Content:
    """What holds an article's text, without what is no text in it; a live blog's posts after its own."""

    elements: tuple[HtmlElement, ...] = ()
    flags: frozenset[str] = frozenset()
    is_found: bool = False
    """Whether the page has anything that should hold the text."""
    has_text_blocks: bool = False
    """Whether it is made of the newsroom's blocks, so that nothing else stands loose in it."""
    may_be_empty: bool = False
    """Whether there may be nothing to read: then no text elsewhere on the page is the article's."""


def narrow_content(page: Page, kind: Kind) -> Content:
    """Take out of what holds the text all that is none, in place; a gallery's text is in its blocks alone."""
    rules = page.site.page
    contents = page.select(rules.content)
    may_be_empty = bool(contents) and (kind in TEXTLESS_KINDS or any(map(rules.has_block, contents)))
    found, flags = narrow_blocks(contents, rules)
    has_text_blocks = any(map(rules.has_text_block, found))
    if kind is Kind.GALLERY:  # its header stands in what holds the text of others
        found = [block for content in found for block in rules.list_blocks(content)]
    for content in found:
        simplify(content)
    posts = page.posts.blocks if page.posts else ()
    return Content((*found, *posts), flags, bool(contents), has_text_blocks, may_be_empty)


def narrow_blocks(contents: Sequence[HtmlElement], rules: PageRules) -> tuple[list[HtmlElement], frozenset[str]]:
    """What holds the text, in the page's order and without furniture, its blocks and what stands loose beside them.

    With flags: what of it is of an unknown class, or stands behind end tags too many.
    """
    outside = list(find_outside(contents[-1], rules)) if contents else []
    flags = {"text-outside"} if outside else set()
    for content in (*contents, *outside):
        found = rules.find_foreign(content)
        flags |= found.flags
        for foreign in found.elements:
            drop(foreign)
        drop_button_text(content)
        part_lines(content, rules)
    return [*contents, *outside], frozenset(flags)


def clear_container(container: HtmlElement, rules: PageRules) -> None:
    """Take out of a container what is known to be no text, where nothing says which of the rest is."""
    for foreign in rules.find_foreign(container).elements:
        drop(foreign)
    for element in rules.surroundings(container):
        if sum(1 for _ in element.iter("p")) < RUNNING_TEXT_COUNT:
            drop(element)
