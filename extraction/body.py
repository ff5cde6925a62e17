"""Extract the text of a page from its blocks, checked against trafilatura; without blocks, by trafilatura alone."""

from copy import deepcopy
from dataclasses import dataclass, replace

from lxml.html import HtmlElement

from boilerplate.remover import squeeze
from boilerplate.text_block import has_running_text, is_sentence
from extraction.agreement import find_differences
from extraction.byline import cut_credit
from extraction.confidence import TEXTLESS, UNEXPECTED, weigh_blocks, weigh_text
from extraction.content import TEXTLESS_KINDS, Content, clear_container
from extraction.normalization import join
from extraction.paragraph import read_paragraphs
from extraction.parsed import Page
from extraction.tree import drop, is_overgrown, make_element
from extraction.whole_page import read_whole_page
from schemas.article import Kind, split_paragraphs
from sites.profile import Site

MAX_BLURB_CHARS = 400
"""Maximum characters of an author's blurb; the longest one seen has about 300."""

MAX_BLURB_COUNT = 3
"""Maximum blurbs below an article, one for each author; more were never seen."""

BLOCKS = "blocks"
TRAFILATURA = "trafilatura"
"""Sources of a body. It is `trafilatura` if that agrees with the blocks, or if there are no known blocks."""


@dataclass(frozen=True)
class Body:
    """A cleaned text, and how it was found."""

    text: str
    agencies: tuple[str, ...] = ()
    source: str | None = None
    """None if there is no text."""
    flags: frozenset[str] = frozenset()
    weight: float = 1.0
    """Its part of the confidence in the record."""


def read_body(page: Page, kind: Kind, content: Content) -> Body:
    """Return the text of the content elements; if they are missing or empty, what trafilatura finds around them.

    Modifies the container, but not the rest of the tree.
    """
    paragraphs = read_paragraphs(map(deepcopy, content.elements), page.site.page.infobox_classes)
    if paragraphs:
        differences = find_differences(content.elements, paragraphs)
        source = BLOCKS if differences else TRAFILATURA
        if not content.has_text_blocks:
            paragraphs = drop_repeated_blurb(_drop_headline(paragraphs, page))
        body = _clean(paragraphs, page.site, source, content.flags | differences, edges=False)
        return replace(body, weight=weigh_blocks(has_differences=bool(differences)))
    if content.may_be_empty:
        return Body("", flags=content.flags, weight=TEXTLESS)
    if page.container is None:
        return _read_around(page, kind, "container-missing" if page.site.has_page_rules else None)
    clear_container(page.container, page.site.page)
    return _read_around(page, kind, None if content.is_found else "content-missing")


def _read_around(page: Page, kind: Kind, missing: str | None) -> Body:
    """Return the text without content elements, and that of the posts. `missing` is the flag for what is missing.

    If content elements exist but are empty, only a long text counts, as the rest may be the author's blurb.
    """
    tree = page.tree if page.container is None else _make_document(page.container)
    is_empty = page.container is not None and missing is None
    flags = frozenset({missing} if missing else ()) | frozenset({"page-overgrown"} if is_overgrown(tree) else ())
    is_textless = page.site.has_page_rules and (kind in TEXTLESS_KINDS or is_empty)
    if is_textless:
        for furniture in page.site.page.furniture(tree):
            drop(furniture)
    paragraphs, evidence = read_whole_page(tree)
    paragraphs = _drop_headline(paragraphs, page)
    # On a whole page, a message may be extracted as one long paragraph.
    is_text = has_running_text(paragraphs) if page.container is not None else sum(map(is_sentence, paragraphs)) > 1
    if is_textless and not (
        sum(map(len, set(paragraphs))) > MAX_BLURB_COUNT * MAX_BLURB_CHARS if is_empty else is_text
    ):
        paragraphs = []
    paragraphs = drop_repeated_blurb(paragraphs) + list(page.posts.paragraphs if page.posts else ())
    body = _clean(paragraphs, page.site, TRAFILATURA, flags, edges=True)
    if not body.text and page.site.has_page_rules and not missing:
        return replace(body, weight=TEXTLESS)
    weight = weigh_text(split_paragraphs(body.text), evidence)
    return replace(body, weight=weight * UNEXPECTED if missing else weight)


def _make_document(container: HtmlElement) -> HtmlElement:
    """Wrap the container in a document: trafilatura loses the lists of a bare `<article>`."""
    document = make_element("div")
    container.tail = None
    document.append(container)
    return document


def _drop_headline(paragraphs: list[str], page: Page) -> list[str]:
    """Return the paragraphs without the `<h1>` in or near the text's element."""
    is_first = bool(paragraphs and page.headline and squeeze(paragraphs[0]) == squeeze(page.headline))
    return paragraphs[1:] if is_first else paragraphs


def drop_repeated_blurb(paragraphs: list[str]) -> list[str]:
    """Return the paragraphs without the second copy of an author's blurb at the end."""
    *text, last = paragraphs or [""]
    is_repeated = len(text) > 1 and text[-1] == last and len(last) <= MAX_BLURB_CHARS
    return text[:-1] if is_repeated else paragraphs


def _clean(paragraphs: list[str], site: Site, source: str, flags: frozenset[str], *, edges: bool) -> Body:
    cleaned = site.boilerplate.remove(paragraphs, edges=edges)
    kept, agencies = cut_credit(cleaned.paragraphs)
    flags |= {"appeal-removed"} if cleaned.has_lone_appeal else set()
    return Body(join(kept), agencies, source if kept else None, flags)
