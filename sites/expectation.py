"""How a publisher's live site is expected to be built, as data, and whether an answer of it is so. Pure."""

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
    """One structure that is expected in some answers."""

    name: str
    where: tuple[str, ...]
    """Names of sources, or of kinds of pages."""
    finds: str
    """An XPath expression (html, xml); a pattern (text); or a path of keys, `*` for each (json, json-ld)."""
    form: Form = "html"
    is_everywhere: bool = True
    """Whether each such page has it: one without it then breaks the expectation."""


@dataclass(frozen=True)
class PageKind:
    """A kind of pages, and where some of them are named."""

    name: str
    sources: tuple[str, ...]
    """Names of sources."""
    mark: str = ""
    """An XPath expression: only pages of this kind have it."""
    slug: str = ""
    """A pattern that the URLs of such pages match, where their sources name other kinds too."""
    otherwise: str = ""
    """The kind that a page without the mark is taken for; this one, if empty."""
    count: int = 2
    """How many are looked at."""


@dataclass(frozen=True)
class SiteExpectations:
    """What is expected of a site. Nothing by default."""

    sources: Mapping[str, str] = field(default_factory=dict)
    """Name -> URL of what is asked for first."""
    kinds: tuple[PageKind, ...] = ()
    companion: str = ""
    """The name of what belongs to a page and is fetched with it: a live blog's posts."""
    expectations: tuple[Expectation, ...] = ()


def is_met(expectation: Expectation, body: bytes) -> bool:
    """Whether an answer has the structure; False too for an answer of another form."""
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
    """Whether an expression finds something in a document."""
    try:
        return (tree := _parse(body, is_xml=is_xml)) is not None and bool(tree.xpath(expression))
    except (LxmlError, ValueError):
        return False


def find_kind(kinds: tuple[PageKind, ...], body: bytes, sampled_as: str) -> str:
    """The name of a page's kind: by its mark where it has one, else that which it was sampled as."""
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
    """Each script under its type; one that is no JSON is passed over, as the publisher's WebSite is none."""
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
    """Whether something that is not empty lies at a path, such as `*/body/*/type`."""
    key, _, rest = path.partition("/")
    if not key:
        return bool(value)
    if key == "*":
        return isinstance(value, list) and any(_has_path(one, rest) for one in value)
    if isinstance(value, list):
        return key.isdigit() and int(key) < len(value) and _has_path(value[int(key)], rest)
    return isinstance(value, dict) and key in value and _has_path(value[key], rest)
