"""Finds the text of a page: by the site's rules, else by trafilatura's own judgement."""

from dataclasses import dataclass

import trafilatura
from lxml.etree import XPath
from lxml.html import HtmlElement

from extraction.byline import cut_credit
from extraction.paragraph import read_paragraphs
from extraction.prose import join, tidy
from extraction.tree import count_elements
from sites.profile import Site
from sites.structure import PageRules

SHORT_SHARE = 0.3
"""Of the text in all `<p>`: below it the full mode is asked. The fast mode fails on a few pages (4 of 257)."""


JUDGED_ELEMENT_COUNT = 10_000
"""News pages have some thousands. trafilatura takes over a minute for 200,000, and a page may take five seconds."""


_SCRIPTS = XPath("descendant::script[not(@type) or not(contains(@type, 'json'))]")


@dataclass(frozen=True)
class Body:
    """A text without furniture, and how it was found."""

    text: str
    agencies: tuple[str, ...]
    source: str
    flags: tuple[str, ...] = ()


def read_body(tree: HtmlElement, container: HtmlElement | None, site: Site, *, is_textless: bool) -> Body:
    """The page's text. The container is taken apart; the tree beside it stays whole.

    `is_textless`: the page's kind may have no text, so that none is looked for outside its blocks.
    """
    if container is not None:
        paragraphs = read_blocks(container, site.page)
        if paragraphs or is_textless:
            return _clean(paragraphs, site, "page")
        flags: tuple[str, ...] = ("content-missing",)
    else:
        flags = ("container-missing",) if site.hosts else ()
    flags += ("page-overgrown",) if is_overgrown(tree) else ()
    return _clean(read_whole(tree), site, "trafilatura", flags)


def read_blocks(container: HtmlElement, rules: PageRules) -> list[str]:
    """The paragraphs of the container's text blocks."""
    blocks: list[HtmlElement] = []
    for content in rules.content(container):
        for foreign in rules.find_foreign(content):
            _drop(foreign)
        blocks += rules.blocks(content) or [content]
    return read_paragraphs(blocks)


def read_whole(tree: HtmlElement) -> list[str]:
    """The paragraphs that trafilatura takes for the article's; on an overgrown page, all there are."""
    if is_overgrown(tree):
        return read_paragraphs(tree.iter("p"))
    for unread in [*tree.iter("style"), *_SCRIPTS(tree)]:  # trafilatura copies the tree several times
        _drop(unread)
    text = _extract(tree, fast=True)
    expected = sum(len("".join(element.itertext())) for element in tree.iter("p"))
    if len(text) < SHORT_SHARE * expected:
        text = max(text, _extract(tree, fast=False), key=len)
    return [paragraph for line in text.split("\n") if (paragraph := tidy(line))]


def is_overgrown(tree: HtmlElement) -> bool:
    """Whether the page has more elements than trafilatura can be asked to judge."""
    return count_elements(tree) > JUDGED_ELEMENT_COUNT


def _extract(tree: HtmlElement, *, fast: bool) -> str:
    document = trafilatura.bare_extraction(tree, fast=fast, include_comments=False, deduplicate=False)
    return (document.text or "") if isinstance(document, trafilatura.settings.Document) else ""


def _clean(paragraphs: list[str], site: Site, source: str, flags: tuple[str, ...] = ()) -> Body:
    cleaned = site.boilerplate.remove(paragraphs).paragraphs
    kept, agencies = cut_credit(cleaned)
    return Body(join(kept), agencies, source, flags)


def _drop(element: HtmlElement) -> None:
    if element.getparent() is not None:
        element.drop_tree()
