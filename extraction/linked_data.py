"""Read a page's JSON-LD and microdata: find the node of the article, and its properties.

Publishers use every form that the vocabulary allows: one object, a list, a graph whose nodes refer to each other by
`@id`, several articles on one page, the article's data in two scripts.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from html import unescape
from typing import Any

from lxml.etree import XPath
from lxml.html import HtmlElement

from extraction.normalization import tidy

Node = dict[str, Any]

MAX_CHARS = 256 * 1024
"""Maximum characters of a script. A block of 841 kB once took 1.1 s; an article's own has a few kB."""

MAX_DEPTH = 8
"""Maximum depth at which nodes are searched in a graph; two or three levels are usual."""

MAX_NODE_COUNT = 2_000
"""Maximum nodes of a page; a few dozen are usual."""

ARTICLE_TYPES = frozenset(
    {
        "Article",
        "NewsArticle",
        "OpinionNewsArticle",
        "AnalysisNewsArticle",
        "ReportageNewsArticle",
        "BackgroundNewsArticle",
        "ReviewNewsArticle",
        "AskPublicNewsArticle",
        "AdvertiserContentArticle",
        "LiveBlogPosting",
        "BlogPosting",
        "Report",
        "SatiricalArticle",
        "TechArticle",
        "ScholarlyArticle",
    }
)
PAGE_KEYS = ("datePublished", "dateModified", "inLanguage")
"""Properties of a `WebPage` that also apply to its article, if the article itself lacks them."""

_DECODER = json.JSONDecoder(strict=False)
_MENTION = re.compile(r"rticle|Posting|Report|WebPage|BreadcrumbList")
_WRAPPER = re.compile(r"^\s*(?://\s*)?(?:<!\[CDATA\[|<!--)?|(?://\s*)?(?:\]\]>|-->)?\s*;?\s*$")
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
_PREFIX_END = re.compile(r"[:/#]")
_CHILD_KEYS = ("@graph", "mainEntity", "mainEntityOfPage")
_TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
_SEPARATING_TAG = re.compile(
    r"</?(?i:br|p|div|li|ul|ol|h[1-6]|table|tr|td|th|blockquote|section|figcaption)(?![\w-])[^<>]*>"
    r"|(?<=[a-zа-яё.!?…:;,”»)])</(?i:span|b|i|em|strong|a)>(?=<(?i:span|b|i|em|strong|a)(?![\w-])[^<>]*>[A-ZА-ЯЁ“«])",
)
"""Tags that separate words, or adjacent items."""

_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-f]+|[a-z]+\d?);", re.IGNORECASE)


def read_article_node(nodes: Sequence[Node], urls: frozenset[str] = frozenset()) -> Node:
    """Return the node of the page's own article, with references resolved; empty if there is none.

    Of several articles, it is the first with one of these URLs (the page's), else the first.
    """
    articles = [node for node in nodes if read_types(node) & ARTICLE_TYPES]
    own = [node for node in articles if urls & set(_list_own_urls(node))]
    chosen = (own or articles)[:1]
    pages = [node for node in nodes if "WebPage" in read_types(node)]
    if not chosen and not pages:
        return {}
    found = _complete(chosen[0], own or articles) if chosen else {}
    for page in pages:
        for key in PAGE_KEYS:
            if not found.get(key) and page.get(key):
                found[key] = page[key]
    by_id = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1}
    return {key: _resolve(value, by_id) for key, value in found.items()}


def _complete(node: Node, others: list[Node]) -> Node:
    """Return the node, completed by other nodes with the same headline or none."""
    found = dict(node)
    for other in others:
        if other is not node and read_text(other.get("headline")) in {None, read_text(node.get("headline"))}:
            found |= {key: value for key, value in other.items() if value and not found.get(key)}
    return found


def read_section_url(nodes: Iterable[Node]) -> str | None:
    """Return the URL of the page's section: the second item of its breadcrumb, below the home page."""
    for node in nodes:
        items = node.get("itemListElement") if "BreadcrumbList" in read_types(node) else None
        for index, item in enumerate(items if isinstance(items, list) else [], start=1):
            if isinstance(item, dict) and str(item.get("position", index)) == "2":
                target = item.get("item")
                url = (target.get("@id") or target.get("url")) if isinstance(target, dict) else target
                return url.strip() or None if isinstance(url, str) else None
    return None


def list_nodes(scripts: Iterable[str]) -> Iterator[Node]:
    """Yield the nodes in a page's scripts, skipping scripts that are invalid or too large."""
    count = 0
    for script in scripts:
        if len(script) > MAX_CHARS or not _MENTION.search(script):
            continue
        for node in _walk(_load(script), 0):
            count += 1
            if count > MAX_NODE_COUNT:
                return
            yield node


def _load(script: str) -> Any:
    """Return the script's value; None if it is not JSON, even without its wrapping and trailing commas."""
    text = script.strip().removesuffix(";")
    for repair in (str, lambda broken: _TRAILING_COMMA.sub("", _WRAPPER.sub("", broken))):
        try:
            return _DECODER.decode(repair(text))
        except (ValueError, RecursionError):
            continue
    return None


def _walk(value: Any, depth: int) -> Iterator[Node]:
    if depth > MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, depth + 1)
    elif isinstance(value, dict):
        yield value
        for key in _CHILD_KEYS:
            yield from _walk(value.get(key), depth + 1)


def _list_own_urls(node: Node) -> Iterator[str]:
    """Yield the URLs that a node gives for its page."""
    for key in ("url", "@id", "mainEntityOfPage"):
        value = node.get(key)
        if isinstance(value, dict):
            value = value.get("@id") or value.get("url")
        if isinstance(value, str):
            yield value.partition("#")[0].partition("?")[0].rstrip("/")


def _resolve(value: Any, by_id: dict[str, Node]) -> Any:
    """Replace references by their nodes, one level deep, as needed for authors and publishers."""
    if isinstance(value, list):
        return [_resolve(item, by_id) for item in value]
    if isinstance(value, dict) and not value.get("name") and isinstance(value.get("@id"), str):
        return by_id.get(value["@id"], value)
    return value


def read_types(node: Node) -> frozenset[str]:
    """Return a node's types, without the vocabulary's URL or prefix."""
    types = node.get("@type")
    names = types if isinstance(types, list) else [types]
    return frozenset(_PREFIX_END.split(name)[-1] for name in names if isinstance(name, str))


def read_text(value: Any) -> str | None:
    """Return a value as one line: a string, the name of a node, or the first of several."""
    if isinstance(value, list):
        return next((text for item in value if (text := read_text(item))), None)
    if isinstance(value, dict):
        return read_text(value.get("name") or value.get("@value"))
    return clean_markup(value) or None if isinstance(value, str) else None


def read_texts(value: Any) -> list[str]:
    """Return a value as names: strings, nodes with one or more names, or lists of these."""
    items = value if isinstance(value, list) else [value]
    names = [item.get("name") if isinstance(item, dict) else item for item in items]
    flat = [part for name in names for part in (name if isinstance(name, list) else [name])]
    return list(dict.fromkeys(text for item in flat if (text := read_text(item))))


def clean_markup(text: str) -> str:
    """Return one line of plain text, without tags and (possibly double-escaped) entities.

    Text that is shown on separate lines stays separated.
    """
    for _ in range(2):
        if not _ENTITY.search(text):
            break
        text = unescape(text)
    return tidy(_TAG.sub("", _SEPARATING_TAG.sub(" ", text)) if "<" in text else text)


PROPERTIES = frozenset({"headline", "author", "datePublished", "dateModified"})
MAX_COUNT = 200
"""Maximum microdata elements: pages with more list other articles."""

_ITEMS = XPath("descendant::*[@itemprop and not(self::meta)]")
_OWNER = XPath("ancestor::*[@itemscope][1]")
_NAME = XPath("descendant-or-self::*[@itemprop='name']")
_METAS = XPath("descendant::meta[@itemprop and @content]")


def read_microdata(tree: HtmlElement) -> dict[str, tuple[str, ...]]:
    """Return the properties that a record needs -> their values in page order."""
    found: dict[str, list[str]] = {}
    owners: dict[str, HtmlElement | None] = {}
    for element in [*_METAS(tree), *_ITEMS(tree)[:MAX_COUNT]]:
        for name in PROPERTIES.intersection((element.get("itemprop") or "").split()):
            owner = next(iter(_OWNER(element)), None)
            if owners.setdefault(name, owner) is not owner:
                continue  # another article's
            if value := _read_value(element, name):
                found.setdefault(name, []).append(value)
    return {name: tuple(dict.fromkeys(values)) for name, values in found.items()}


def _read_value(element: HtmlElement, name: str) -> str:
    written = element.get("content") or element.get("datetime")
    if written:
        return tidy(written)
    named = _NAME(element) if name == "author" else []
    texts = [one.get("content") or "".join(one.itertext()) for one in named] or ["".join(element.itertext())]
    return tidy(" and ".join(texts))
