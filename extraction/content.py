"""Reduce an article to its content elements, without furniture, widgets and unrelated boxes."""

from collections.abc import Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from boilerplate.widgets import drop_button_text
from extraction.agreement import simplify
from extraction.line_break import separate_lines
from extraction.parsed import Page
from extraction.tree import drop
from extraction.unclosed_tags import find_outside
from schemas.article import Kind
from sites.structure import PageRules

TEXTLESS_KINDS = frozenset({Kind.GALLERY, Kind.VIDEO, Kind.PODCAST, Kind.LIVE})
"""Kinds whose page may have no text, so that the donation message could be mistaken for it."""

MIN_TEXT_PARAGRAPHS = 3
"""Paragraphs that no header, byline or caption has: an element with as many has a misleading class."""


@dataclass(frozen=True)
class Content:
    """The cleaned elements with an article's text, followed by a live blog's posts."""

    elements: tuple[HtmlElement, ...] = ()
    flags: frozenset[str] = frozenset()
    is_found: bool = False
    """Whether the page has content elements."""
    has_text_blocks: bool = False
    """Whether it consists of the CMS's blocks, so that it has no loose text."""
    may_be_empty: bool = False
    """Whether the article may have no text, so that text elsewhere on the page is not the article's."""


def narrow_content(page: Page, kind: Kind) -> Content:
    """Return the content elements, cleaned in place. A gallery's text is only in its blocks."""
    rules = page.site.page
    contents = page.select(rules.content)
    may_be_empty = bool(contents) and (kind in TEXTLESS_KINDS or any(map(rules.has_block, contents)))
    found, flags = narrow_blocks(contents, rules)
    has_text_blocks = any(map(rules.has_text_block, found))
    if kind is Kind.GALLERY:  # its content elements include the header
        found = [block for content in found for block in rules.list_blocks(content)]
    for content in found:
        simplify(content)
    posts = page.posts.blocks if page.posts else ()
    return Content((*found, *posts), flags, bool(contents), has_text_blocks, may_be_empty)


def narrow_blocks(contents: Sequence[HtmlElement], rules: PageRules) -> tuple[list[HtmlElement], frozenset[str]]:
    """Return the elements with the text in page order, cleaned, including text outside of the content elements.

    The flags say whether blocks of unknown class or text outside (after surplus end tags) were found.
    """
    outside = list(find_outside(contents[-1], rules)) if contents else []
    flags = {"text-outside"} if outside else set()
    for content in (*contents, *outside):
        found = rules.find_foreign(content)
        flags |= found.flags
        for foreign in found.elements:
            drop(foreign)
        drop_button_text(content)
        separate_lines(content, rules)
    return [*contents, *outside], frozenset(flags)


def clear_container(container: HtmlElement, rules: PageRules) -> None:
    """Drop everything from a container that is known not to be text, for containers without content elements."""
    for foreign in rules.find_foreign(container).elements:
        drop(foreign)
    for element in rules.surroundings(container):
        if sum(1 for _ in element.iter("p")) < MIN_TEXT_PARAGRAPHS:
            drop(element)
