"""Reads what a page's elements say of themselves by `itemprop` (microdata)."""

from lxml.etree import XPath
from lxml.html import HtmlElement

from extraction.prose import tidy

NAMES = frozenset({"headline", "author", "datePublished", "dateModified"})
MAX_COUNT = 200
"""Pages with more are listings of other articles."""

_ITEMS = XPath("descendant::*[@itemprop and not(self::meta)]")
_NAME = XPath("descendant-or-self::*[@itemprop='name']")
_METAS = XPath("descendant::meta[@itemprop and @content]")


def read_microdata(tree: HtmlElement) -> dict[str, tuple[str, ...]]:
    """Property -> its values in the page's order, of those that an article's record needs."""
    found: dict[str, list[str]] = {}
    for element in [*_METAS(tree), *_ITEMS(tree)[:MAX_COUNT]]:
        for name in NAMES.intersection((element.get("itemprop") or "").split()):
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
