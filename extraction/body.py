"""Finds the text of a page: by the site's rules, else by trafilatura's own judgement."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

import trafilatura
from lxml.etree import XPath
from lxml.html import HtmlElement
from trafilatura.settings import Document, Extractor

from extraction.byline import cut_credit
from extraction.line_break import part_lines
from extraction.paragraph import read_paragraphs
from extraction.parsed import Page
from extraction.prose import join, tidy
from extraction.tree import drop, is_overgrown
from sites.boilerplate import squeeze
from sites.profile import Site
from sites.structure import PageRules

# It warns of each page in which it finds no text: the record's flags say that, with its address.
logging.getLogger("trafilatura").setLevel(logging.ERROR)

SHORT_SHARE = 0.3
"""Of the text in all `<p>`: below it the full mode is asked. The fast mode fails on a few pages (4 of 257)."""

PROSE_COUNT = 3
"""Paragraphs that a header, a byline or a caption does not have: what has them is named wrongly."""

# trafilatura throws all of this away at each of its steps, and copies the tree several times before. What has
# paragraphs or JSON-LD in it is left to its judgement: pages are nested wrongly.
_UNREAD = XPath(
    "descendant::style | descendant::script[not(contains(@type, 'json'))] | descendant::svg | descendant::link"
    " | descendant::meta | descendant::*[self::aside or self::footer][not(descendant::p or descendant::script)]"
)
_PARAGRAPH_TEXTS = XPath("descendant::p//text()", smart_strings=False)
_FAST, _FULL = (
    # `dedup` would keep state: the same page would read differently the sixth time.
    Extractor(output_format="python", fast=fast, comments=False, dedup=False)
    for fast in (True, False)
)


@dataclass(frozen=True)
class Body:
    """A text without furniture, and how it was found."""

    text: str
    agencies: tuple[str, ...]
    source: str
    flags: tuple[str, ...] = ()


def read_body(page: Page, *, is_textless: bool) -> Body:
    """The page's text, a live blog's posts after its own. The container is taken apart; the tree beside it stays whole.

    `is_textless`: the page's kind may have no text, so that none is looked for outside its blocks.
    """
    tree, container, site = page.tree, page.container, page.site
    posts = page.posts.paragraphs if page.posts else ()
    flags: tuple[str, ...] = ()
    if container is not None:
        contents = site.page.content(container)
        flags = () if contents else ("content-missing",)
        paragraphs = [*read_blocks(contents, site.page), *posts]
        if paragraphs or is_textless:
            return _clean(paragraphs, site, "page", flags)
        flags, tree = ("content-missing",), container
        clear(container, site.page)
    elif site.hosts:
        flags = ("container-missing",)
    flags += ("page-overgrown",) if is_overgrown(tree) else ()
    paragraphs = read_whole(tree)
    if paragraphs and page.headline and squeeze(paragraphs[0]) == squeeze(page.headline):
        del paragraphs[0]  # trafilatura takes an `<h1>` near the text for its first paragraph
    return _clean([*paragraphs, *posts], site, "trafilatura", flags)


def read_blocks(contents: Iterable[HtmlElement], rules: PageRules) -> list[str]:
    """The paragraphs of what holds the text: its blocks and what stands loose beside them, in the page's order."""
    found: list[HtmlElement] = []
    for content in contents:
        for foreign in rules.find_foreign(content):
            drop(foreign)
        part_lines(content)
        found.append(content)
    return read_paragraphs(found)


def clear(container: HtmlElement, rules: PageRules) -> None:
    """Take out of a container what is known to be no text, where nothing says which of the rest is."""
    for foreign in rules.find_foreign(container):
        drop(foreign)
    for element in rules.surroundings(container):
        if sum(1 for _ in element.iter("p")) < PROSE_COUNT:
            drop(element)


def read_whole(tree: HtmlElement) -> list[str]:
    """The paragraphs that trafilatura takes for the article's; on an overgrown page, all there are."""
    if is_overgrown(tree):
        return read_paragraphs(tree.iter("p"))
    for unread in _UNREAD(tree):
        drop(unread)
    text = _extract(tree, _FAST)
    if len(text) < SHORT_SHARE * sum(map(len, _PARAGRAPH_TEXTS(tree))):
        text = max(text, _extract(tree, _FULL), key=len)
    return [paragraph for line in text.split("\n") if (paragraph := tidy(line))]


def _extract(tree: HtmlElement, options: Extractor) -> str:
    document = trafilatura.bare_extraction(tree, options=options)
    return (document.text or "") if isinstance(document, Document) else ""


def _clean(paragraphs: list[str], site: Site, source: str, flags: tuple[str, ...] = ()) -> Body:
    cleaned = site.boilerplate.remove(paragraphs, edges=source != "page").paragraphs
    kept, agencies = cut_credit(cleaned)
    return Body(join(kept), agencies, source, flags)
