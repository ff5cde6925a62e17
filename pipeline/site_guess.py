"""Guesses page rules of a publisher from several of its articles: where the text is, and what repeats in it."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lxml.html import HtmlElement

import sites
from boilerplate.document import squeeze
from extraction.page import parse_capture, read_page
from schemas.article import Draft, Unreadable, split_paragraphs
from schemas.capture import Capture
from sites.publishers import GENERIC_NAME
from sites.structure import has_class
from sites.xpath import XPath

MIN_PAGES = 2
"""On one page, every element and every sentence is the only one of its kind."""

MIN_LETTERS = 30
"""A shorter paragraph may stand elsewhere on the page too, as a headline or a caption does."""

HELD_SHARE = 0.9
"""The share of the text's letters that its container has: the reading may have taken a line from beside it."""

REPEATED_SHARE = 0.5
"""The share of pages on which a paragraph repeats. If more of a page's paragraphs do, the pages are one article."""

UNSEEN = frozenset({"script", "style", "noscript", "template"})
NAME = re.compile(r"[A-Za-z][A-Za-z_-]{2,59}")
"""A class or id that a person chose: one with digits is often a build's, or the article's own."""


class Guess(NamedTuple):
    """What several pages have in common. All of it has to be looked at."""

    content: str | None
    """The XPath, as Python source, of the smallest element that has the text on every page."""
    repeated: tuple[str, ...]
    """Paragraphs that several articles have."""

    def render_imports(self) -> Iterator[str]:
        """Yield the imports that the fields need."""
        if self.repeated:
            yield "from boilerplate.remover import Boilerplate, Furniture"
        if self.content:
            yield f"from sites.structure import PageRules{', has_class' if 'has_class' in self.content else ''}"
            yield "from sites.xpath import XPath"

    def render_fields(self, mark: str) -> Iterator[str]:
        """Yield the lines of a profile, as guesses with this mark."""
        if self.content:
            yield f"    # {mark}: a guess, the smallest element that has the text on each page that was looked at"
            yield "    page=PageRules("
            yield '        container=XPath("/descendant::body"),'
            yield f"        content={self.content},"
            yield "    ),"
        if self.repeated:
            yield f"    # {mark}: a guess, the paragraphs that several articles have"
            yield "    boilerplate=Boilerplate("
            yield '        (Furniture("repeated", ('
            yield from (f"            {' '.join(one.split())!r}," for one in self.repeated)
            yield "        )),),"
            yield "    ),"


class _Article(NamedTuple):
    tree: HtmlElement
    paragraphs: tuple[str, ...]
    keys: frozenset[str]
    """The letters of its longer paragraphs."""


class _Selector(NamedTuple):
    source: str
    """As Python source."""
    path: str


def guess_rules(captures: Sequence[Capture]) -> Guess:
    """Guess where the text is, and what is no text of an article, from pages of different articles."""
    articles = [found for one in captures if (found := _read(one))]
    if len(articles) < MIN_PAGES:
        return Guess(None, ())
    repeated = tuple(_list_repeated(articles))
    keys = set(map(squeeze, repeated))
    texts = [one._replace(keys=one.keys - keys) for one in articles]
    selectors = (selector for element in _list_holders(texts[0]) for selector in _list_selectors(element))
    fitting = (one.source for one in selectors if all(_fits(one.path, text) for text in texts))
    return Guess(next(fitting, None), repeated)


def _read(capture: Capture) -> _Article | None:
    draft, tree = read_page(capture, sites.get_site(GENERIC_NAME)), parse_capture(capture)
    if not isinstance(draft, Draft) or isinstance(tree, Unreadable):
        return None
    paragraphs = tuple(split_paragraphs(draft.body))
    keys = frozenset(key for one in paragraphs if len(key := squeeze(one)) >= MIN_LETTERS)
    return _Article(tree, paragraphs, keys) if keys else None


def _list_repeated(articles: Sequence[_Article]) -> Iterator[str]:
    counts = Counter(key for one in articles for key in {squeeze(text) for text in one.paragraphs})
    least = max(MIN_PAGES, REPEATED_SHARE * len(articles))
    found = {squeeze(text): text for one in articles for text in one.paragraphs if counts[squeeze(text)] >= least}
    if any(len(one.keys & found.keys()) > REPEATED_SHARE * len(one.keys) for one in articles):
        return
    yield from found.values()


def _list_holders(article: _Article) -> Iterator[HtmlElement]:
    """Yield the smallest element that has the text, then those around it."""
    holder = next(article.tree.iter("body"), article.tree)
    while (inner := next((one for one in holder if _holds(one, article.keys)), None)) is not None:
        holder = inner
    yield holder
    yield from (one for one in holder.iterancestors() if one.tag not in {"body", "html"})


def _holds(element: HtmlElement, keys: frozenset[str]) -> bool:
    if not isinstance(element.tag, str) or element.tag in UNSEEN:
        return False
    letters = squeeze(element.text_content())
    held = sum(len(key) for key in keys if key in letters)
    return held >= HELD_SHARE * sum(map(len, keys)) > 0


def _list_selectors(element: HtmlElement) -> Iterator[_Selector]:
    """Yield how the element might be found on another page, the surest first."""
    tag = str(element.tag)
    if tag == "body":
        return
    for attribute in ("itemprop", "id"):
        if NAME.fullmatch(value := element.get(attribute) or ""):
            path = f"descendant::{tag}[@{attribute}='{value}']"
            yield _Selector(f'XPath("{path}")', path)
    for name in filter(NAME.fullmatch, (element.get("class") or "").split()):
        source = f"XPath(f\"descendant::{tag}[{{has_class('{name}')}}]\")"
        yield _Selector(source, f"descendant::{tag}[{has_class(name)}]")
    if tag in {"article", "main"}:
        yield _Selector(f'XPath("descendant::{tag}")', f"descendant::{tag}")


def _fits(path: str, article: _Article) -> bool:
    found = XPath(path)(article.tree)
    return len(found) == 1 and _holds(found[0], article.keys)
