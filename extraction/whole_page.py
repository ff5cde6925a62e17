"""Extract the text of a page, or a part of one, in which it is not known which elements hold the text."""

import logging
from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from typing import NamedTuple

import trafilatura
from lxml.etree import XPath
from lxml.html import HtmlElement
from trafilatura.settings import Document, Extractor

from boilerplate.widgets import drop_button_text, find_widgets
from extraction.confidence import Evidence
from extraction.normalization import tidy
from extraction.paragraph import read_paragraphs
from extraction.tree import drop, is_overgrown

# It warns of every page without text, which the record's flags already say.
logging.getLogger("trafilatura").setLevel(logging.ERROR)

MIN_FAST_SHARE = 0.3
"""Share of the text in all `<p>` below which the full mode is tried: the fast mode fails on some pages (4 of 257)."""

MAX_LOOSE_RATIO = 1.3
"""Ratio to the text in all `<p>` above which the precise mode is tried: so much text outside of paragraphs is a menu or
a list of other articles, or the page has no paragraphs. Found on one half of 181 pages, and as good on the other."""

MIN_SHARE = 0.5
"""Share of the text in all `<p>` below which the text may be only one of several containers."""

MIN_ITEM_COUNT = 2
MIN_LINK_SHARE = 0.9
"""A list with at least this many items, each with at least this share of its text in links, leads to other pages."""

SENTENCE_CHARS = 40
"""Fewest characters by which a paragraph of the text is found again in the tree: shorter ones occur twice."""

ITEM_PREFIX_CHARS = 20
"""Characters that identify a list item, even if other items are nested in it."""

# trafilatura discards all of this in each of its steps, after copying the tree several times. Elements with paragraphs
# or JSON-LD are left to it, as pages may be nested wrongly.
_DISCARDED_TAGS = ("style", "script", "svg", "link", "meta", "aside", "footer")
_PARAGRAPH_TEXTS = XPath("descendant::p//text()", smart_strings=False)
_OWN_HEADS = XPath("boolean(descendant::h1 | descendant::article)")
_FAST, _FULL, _PRECISE = (
    # `dedup` would keep state, so that the sixth extraction of a page would differ.
    Extractor(output_format="python", fast=fast, precision=precise, comments=False, dedup=False)
    for fast, precise in ((True, False), (False, False), (False, True))
)


class WholePage(NamedTuple):
    """The text found on a page, and what was seen of it."""

    paragraphs: list[str]
    evidence: Evidence


def read_whole_page(tree: HtmlElement) -> WholePage:
    """Return the paragraphs of what is the article's text by trafilatura; on an overgrown page, all paragraphs.

    Modifies the tree.
    """
    if is_overgrown(tree):
        return WholePage(read_paragraphs(tree.iter("p")), Evidence(0, is_overgrown=True))
    # First, because the text of a script is no text of the button beside it, nor has a widget to be looked for in it.
    for discarded in [one for one in tree.iterdescendants(*_DISCARDED_TAGS) if _is_discarded(one)]:
        drop(discarded)
    for discarded in [*find_widgets(tree), *_find_link_lists(tree)]:
        drop(discarded)
    drop_button_text(tree)
    char_count = sum(map(len, _PARAGRAPH_TEXTS(tree)))
    text = _extract(tree, _FAST)
    is_second_mode = not MIN_FAST_SHARE * char_count <= len(text) <= MAX_LOOSE_RATIO * char_count
    if len(text) < MIN_FAST_SHARE * char_count:
        text = max(text, _extract(tree, _FULL), key=len)
    elif len(text) > MAX_LOOSE_RATIO * char_count:
        text = _extract(tree, _PRECISE) or text
    paragraphs = _strip_bullets([paragraph for line in text.split("\n") if (paragraph := tidy(line))], tree)
    if len(text) < MIN_SHARE * char_count:
        parts = read_paragraphs(map(deepcopy, _find_containers(tree, paragraphs)))
        paragraphs = max(paragraphs, parts, key=lambda found: sum(map(len, found)))
    return WholePage(paragraphs, Evidence(char_count, is_second_mode))


def _is_discarded(element: HtmlElement) -> bool:
    match element.tag:
        case "script":
            return "json" not in element.get("type", "")
        case "aside" | "footer":
            return next(element.iter("p", "script"), None) is None
        case _:
            return True


def _find_link_lists(tree: HtmlElement) -> list[HtmlElement]:
    """Return the lists of links to other articles."""
    found = []
    for links in tree.iter("ul", "ol"):
        items = links.findall("li")
        if len(items) >= MIN_ITEM_COUNT and all(map(_is_link, items)):
            found.append(links)
    return found


def _is_link(item: HtmlElement) -> bool:
    """Whether an item has text, nearly all of it in links."""
    linked_count = sum(len(_text_of(link)) for link in item.iter("a"))
    return linked_count > 0 and MIN_LINK_SHARE * len(_text_of(item)) <= linked_count


def _find_containers(tree: HtmlElement, paragraphs: Sequence[str]) -> list[HtmlElement]:
    """Return the elements that are marked up as the one that holds these paragraphs, itself included, in page order.

    A text may be split around its advertisements. Elements with headlines between them are articles of their own;
    nothing is returned then, or if there is only one element.
    """
    texts = {paragraph for paragraph in paragraphs if len(paragraph) >= SENTENCE_CHARS}
    parents = Counter(one.getparent() for one in tree.iter("p") if _text_of(one) in texts)
    if not parents:
        return []
    [(container, _)] = parents.most_common(1)
    if container is None or not (marked := container.get("class")):
        return []
    alike = [one for one in tree.iter() if one.tag == container.tag and one.get("class") == marked]
    around = [one for one in container.iterancestors() if all(one in part.iterancestors() for part in alike)]
    return alike if len(alike) > 1 and around and not _OWN_HEADS(around[0]) else []


def _text_of(element: HtmlElement) -> str:
    return tidy("".join(element.itertext()))


def _strip_bullets(paragraphs: list[str], tree: HtmlElement) -> list[str]:
    """Remove the `- ` that trafilatura puts before list items, but not dashes before speech."""
    if not any(paragraph.startswith("- ") for paragraph in paragraphs):
        return paragraphs
    items = {_text_of(item)[:ITEM_PREFIX_CHARS] for item in tree.iter("li")}
    return [
        text[2:] if text.startswith("- ") and text[2 : 2 + ITEM_PREFIX_CHARS] in items else text for text in paragraphs
    ]


def _extract(tree: HtmlElement, options: Extractor) -> str:
    document = trafilatura.bare_extraction(tree, options=options)
    return (document.text or "") if isinstance(document, Document) else ""
