"""The structure expected of a publisher's live site, as data, and checks of responses against it. Does no I/O."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from lxml import etree
from lxml.etree import LxmlError
from lxml.html import HtmlElement

from sites.tag import parse_html

Form = Literal["html", "xml", "json", "json-ld", "text"]


@dataclass(frozen=True)
class Expectation:
    """One structure expected in certain responses."""

    name: str
    where: tuple[str, ...]
    """Names of the sources or page kinds in which it is expected."""
    finds: str
    """An XPath expression (html, xml), a pattern (text), or a path of keys with `*` for any item (json, json-ld)."""
    form: Form = "html"
    is_everywhere: bool = True
    """Whether every such page must have it; else one page with it is enough."""


@dataclass(frozen=True)
class PageKind:
    """A kind of page, and the sources that list such pages."""

    name: str
    sources: tuple[str, ...]
    """Names of sources."""
    mark: str = ""
    """An XPath expression that matches only in pages of this kind."""
    slug: str = ""
    """A pattern for the URLs of such pages, if their sources list other kinds too."""
    otherwise: str = ""
    """The kind assumed for a page without the mark; if empty, this one."""
    count: int = 2
    """How many pages are checked."""


@dataclass(frozen=True)
class SiteExpectations:
    """Everything expected of a site; nothing by default."""

    sources: Mapping[str, str] = field(default_factory=dict)
    """Name -> URL of the sources, which are fetched first."""
    kinds: tuple[PageKind, ...] = ()
    companion: str = ""
    """The name for companion responses, which are fetched with a page: a live blog's posts."""
    expectations: tuple[Expectation, ...] = ()


def is_met(expectation: Expectation, body: bytes) -> bool:
    """Return whether a response has the structure; False if it has another format."""
    match expectation.form:
        case "text":
            return re.search(expectation.finds, body.decode("utf-8", errors="replace")) is not None
        case "json":
            return _has_path(_read_json(body), expectation.finds)
        case "json-ld":
            return any(_has_path(one, expectation.finds) for one in _read_json_ld(body))
        case _:
            return has_xpath(body, expectation.finds, is_xml=expectation.form == "xml")


def has_xpath(body: bytes, expression: str, *, is_xml: bool = False) -> bool:
    """Return whether an XPath expression matches in a document."""
    try:
        return (tree := _parse(body, is_xml=is_xml)) is not None and bool(tree.xpath(expression))
    except (LxmlError, ValueError):
        return False


def find_kind(kinds: tuple[PageKind, ...], body: bytes, sampled_as: str) -> str:
    """Return the name of a page's kind: by its mark if it has one, else the kind that it was sampled as."""
    others = {kind.name: kind.otherwise or kind.name for kind in kinds}
    marked = (kind.name for kind in kinds if kind.mark and has_xpath(body, kind.mark))
    return next(marked, others.get(sampled_as, sampled_as))


def _parse(body: bytes, *, is_xml: bool) -> HtmlElement | etree._Element | None:
    if is_xml:
        parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
        return etree.fromstring(body.strip().removeprefix(b"\xef\xbb\xbf"), parser)
    return parse_html(body, "utf-8")


def _read_json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _read_json_ld(body: bytes) -> Iterator[object]:
    """Yield each JSON-LD object under its type. Invalid JSON, like that of the publisher's WebSite, is skipped."""
    try:
        tree = _parse(body, is_xml=False)
    except (LxmlError, ValueError):
        return
    scripts = tree.xpath("//script[@type='application/ld+json']") if tree is not None else []
    for script in scripts:
        found = _read_json((script.text or "").encode())
        for one in found if isinstance(found, list) else [found]:
            if isinstance(one, dict):
                yield {str(one.get("@type")): one}


def _has_path(value: object, path: str) -> bool:
    """Return whether a path such as `*/body/*/type` leads to a non-empty value."""
    key, _, rest = path.partition("/")
    if not key:
        return bool(value)
    if key == "*":
        return isinstance(value, list) and any(_has_path(one, rest) for one in value)
    if isinstance(value, list):
        return key.isdigit() and int(key) < len(value) and _has_path(value[int(key)], rest)
    return isinstance(value, dict) and key in value and _has_path(value[key], rest)
