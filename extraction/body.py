"""Finds the text of a page: by the site's rules and by trafilatura, one checking the other; else by it alone."""

import logging
from copy import deepcopy
from dataclasses import dataclass

import trafilatura
from lxml.etree import XPath
from lxml.html import HtmlElement
from trafilatura.settings import Document, Extractor

from boilerplate.remover import squeeze
from boilerplate.text_block import has_passage, is_sentence
from boilerplate.widgets import drop_button_text, find_widgets
from extraction.agreement import find_differences, simplify
from extraction.byline import cut_credit
from extraction.line_break import part_lines
from extraction.normalization import join, tidy
from extraction.paragraph import read_paragraphs
from extraction.parsed import Page
from extraction.tree import drop, is_overgrown, make_element
from extraction.unclosed_tags import find_outside
from schemas.article import Kind
from sites.profile import Site
from sites.structure import PageRules

# It warns of each page in which it finds no text: the record's flags say that, with its address.
logging.getLogger("trafilatura").setLevel(logging.ERROR)

SHORT_SHARE = 0.3
"""Of the text in all `<p>`: below it the full mode is asked. The fast mode fails on a few pages (4 of 257)."""

TEXTLESS_KINDS = frozenset({Kind.GALLERY, Kind.VIDEO, Kind.PODCAST, Kind.LIVE})
"""Kinds whose page may have no text of its own: without care the donation message becomes it."""

PROSE_COUNT = 3
"""Paragraphs that a header, a byline or a caption does not have: what has them is named wrongly."""

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


def read_body(page: Page, kind: Kind) -> Body:
    """The page's text, a live blog's posts after its own. The container is taken apart, the tree beside it is not."""
    container, rules = page.container, page.site.page
    if container is None:
        return _read_around(page, kind, "container-missing" if page.site.hosts else None)
    contents = page.select(rules.content)
    if body := _read_contents(page, kind, contents):
        return body
    clear(container, rules)
    return _read_around(page, kind, None if contents else "content-missing")


def _read_contents(page: Page, kind: Kind, contents: list[HtmlElement]) -> Body | None:
    """The text of what holds it, and of the posts; None where there should be one and is none."""
    rules = page.site.page
    may_be_empty = bool(contents) and (kind in TEXTLESS_KINDS or any(map(rules.has_block, contents)))
    posts = page.posts.blocks if page.posts else ()
    found, flags = read_blocks(contents, rules)
    has_text_blocks = any(rules.has_text_block(content) for content in found)
    if kind is Kind.GALLERY:  # its header stands in what holds the text of others: its text is in blocks alone
        found = [block for content in found for block in rules.list_blocks(content)]
    for content in found:
        simplify(content)
    paragraphs = read_paragraphs((deepcopy(content) for content in (*found, *posts)), rules.infobox_classes)
    if not paragraphs:
        return Body("", flags=flags) if may_be_empty else None
    differences = find_differences((*found, *posts), paragraphs)
    paragraphs = paragraphs if has_text_blocks else cut_repeat(paragraphs)
    source = BLOCKS if differences else TRAFILATURA
    return _clean(paragraphs, page.site, source, flags | differences, edges=False)


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
    paragraphs = read_whole(tree)
    if paragraphs and page.headline and squeeze(paragraphs[0]) == squeeze(page.headline):
        del paragraphs[0]  # trafilatura takes an `<h1>` near the text for its first paragraph
    # On a whole page a message of its own may be one long paragraph, all of it glued.
    is_text = has_passage(paragraphs) if page.container is not None else sum(map(is_sentence, paragraphs)) > 1
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


def read_blocks(contents: list[HtmlElement], rules: PageRules) -> tuple[list[HtmlElement], frozenset[str]]:
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


def cut_repeat(paragraphs: list[str]) -> list[str]:
    """The paragraphs without an author's blurb, which is printed twice at the end of the text."""
    *text, last = paragraphs or [""]
    is_repeated = len(text) > 1 and text[-1] == last and len(last) <= BLURB_CHARS
    return text[:-1] if is_repeated else paragraphs


def clear(container: HtmlElement, rules: PageRules) -> None:
    """Take out of a container what is known to be no text, where nothing says which of the rest is."""
    for foreign in rules.find_foreign(container).elements:
        drop(foreign)
    for element in rules.surroundings(container):
        if sum(1 for _ in element.iter("p")) < PROSE_COUNT:
            drop(element)


def read_whole(tree: HtmlElement) -> list[str]:
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
