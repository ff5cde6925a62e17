"""Reads the text of a page: by its blocks and by trafilatura, one checking the other; else by trafilatura alone."""

import logging
from copy import deepcopy
from dataclasses import dataclass

import trafilatura
from lxml.etree import XPath
from lxml.html import HtmlElement
from trafilatura.settings import Document, Extractor

from boilerplate.remover import squeeze
from boilerplate.text_block import has_running_text, is_sentence
from boilerplate.widgets import drop_button_text, find_widgets
from extraction.agreement import find_differences
from extraction.byline import cut_credit
from extraction.content import TEXTLESS_KINDS, Content, clear_container
from extraction.normalization import join, tidy
from extraction.paragraph import read_paragraphs
from extraction.parsed import Page
from extraction.tree import drop, is_overgrown, make_element
from schemas.article import Kind
from sites.profile import Site

# It warns of each page in which it finds no text: the record's flags say that, with its URL.
logging.getLogger("trafilatura").setLevel(logging.ERROR)

SHORT_SHARE = 0.3
"""Of the text in all `<p>`: below it the full mode is asked. The fast mode fails on a few pages (4 of 257)."""

BLURB_CHARS = 400
"""The longest blurb of an author seen has about 300."""

BLURB_COUNT = 3
"""Of blurbs, one for each author: more were never seen under one article."""

ITEM_CHARS = 20
"""Enough of a list's item to know it by, where others stand within it."""

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


BLOCKS = "blocks"
TRAFILATURA = "trafilatura"
"""Where a body comes from: trafilatura where the blocks say the same, or where nothing says where the blocks are."""


@dataclass(frozen=True)
class Body:
    """A text without furniture, and how it was found."""

    text: str
    agencies: tuple[str, ...] = ()
    source: str | None = None
    """None where there is no text."""
    flags: frozenset[str] = frozenset()


def read_body(page: Page, kind: Kind, content: Content) -> Body:
    """The text of what holds it; where that is not there or empty, what trafilatura finds around it.

    The container is taken apart, the tree beside it is not.
    """
    paragraphs = read_paragraphs(map(deepcopy, content.elements), page.site.page.infobox_classes)
    if paragraphs:
        differences = find_differences(content.elements, paragraphs)
        source = BLOCKS if differences else TRAFILATURA
        paragraphs = paragraphs if content.has_text_blocks else cut_repeat(paragraphs)
        return _clean(paragraphs, page.site, source, content.flags | differences, edges=False)
    if content.may_be_empty:
        return Body("", flags=content.flags)
    if page.container is None:
        return _read_around(page, kind, "container-missing" if page.site.hosts else None)
    clear_container(page.container, page.site.page)
    return _read_around(page, kind, None if content.is_found else "content-missing")


def _read_around(page: Page, kind: Kind, missing: str | None) -> Body:
    """The text where no element holds it, and of the posts; `missing`: the flag of what is not there.

    Where there is what should hold it, and that is empty, only a whole text is one: the page names its author, too.
    """
    tree = page.tree if page.container is None else _make_document(page.container)
    is_empty = page.container is not None and missing is None
    flags = frozenset({missing} if missing else ()) | frozenset({"page-overgrown"} if is_overgrown(tree) else ())
    is_textless = page.site.hosts and (kind in TEXTLESS_KINDS or is_empty)
    if is_textless:
        for furniture in page.site.page.furniture(tree):
            drop(furniture)
    paragraphs = read_whole_page(tree)
    if paragraphs and page.headline and squeeze(paragraphs[0]) == squeeze(page.headline):
        del paragraphs[0]  # trafilatura takes an `<h1>` near the text for its first paragraph
    # On a whole page a message of its own may be one long paragraph, all of it glued.
    is_text = has_running_text(paragraphs) if page.container is not None else sum(map(is_sentence, paragraphs)) > 1
    if is_textless and not (sum(map(len, set(paragraphs))) > BLURB_COUNT * BLURB_CHARS if is_empty else is_text):
        paragraphs = []
    paragraphs = cut_repeat(paragraphs) + list(page.posts.paragraphs if page.posts else ())
    return _clean(paragraphs, page.site, TRAFILATURA, flags, edges=True)


def _make_document(container: HtmlElement) -> HtmlElement:
    """A document of the container alone: trafilatura loses the lists of an `<article>` that is given as it is."""
    document = make_element("div")
    container.tail = None
    document.append(container)
    return document


def cut_repeat(paragraphs: list[str]) -> list[str]:
    """The paragraphs without an author's blurb, which is printed twice at the end of the text."""
    *text, last = paragraphs or [""]
    is_repeated = len(text) > 1 and text[-1] == last and len(last) <= BLURB_CHARS
    return text[:-1] if is_repeated else paragraphs


def read_whole_page(tree: HtmlElement) -> list[str]:
    """The paragraphs that trafilatura takes for the article's; on an overgrown page, all there are."""
    if is_overgrown(tree):
        return read_paragraphs(tree.iter("p"))
    for unread in [*_UNREAD(tree), *find_widgets(tree)]:
        drop(unread)
    drop_button_text(tree)
    text = _extract(tree, _FAST)
    if len(text) < SHORT_SHARE * sum(map(len, _PARAGRAPH_TEXTS(tree))):
        text = max(text, _extract(tree, _FULL), key=len)
    return _strip_bullets([paragraph for line in text.split("\n") if (paragraph := tidy(line))], tree)


def _strip_bullets(paragraphs: list[str], tree: HtmlElement) -> list[str]:
    """Lists as the page has them: trafilatura puts `- ` before each item. A dash before speech is the text's own."""
    if not any(paragraph.startswith("- ") for paragraph in paragraphs):
        return paragraphs
    items = {tidy("".join(item.itertext()))[:ITEM_CHARS] for item in tree.iter("li")}
    return [text[2:] if text.startswith("- ") and text[2 : 2 + ITEM_CHARS] in items else text for text in paragraphs]


def _extract(tree: HtmlElement, options: Extractor) -> str:
    document = trafilatura.bare_extraction(tree, options=options)
    return (document.text or "") if isinstance(document, Document) else ""


def _clean(paragraphs: list[str], site: Site, source: str, flags: frozenset[str], *, edges: bool) -> Body:
    cleaned = site.boilerplate.remove(paragraphs, edges=edges)
    kept, agencies = cut_credit(cleaned.paragraphs)
    flags |= {"appeal-removed"} if cleaned.has_lone_appeal else set()
    return Body(join(kept), agencies, source if kept else None, flags)
