"""Read a page's metadata: JSON-LD, meta tags, canonical URL, title and language."""

import re
from dataclasses import dataclass, field
from typing import Any

from lxml.html import HtmlElement

from extraction.linked_data import list_nodes, read_article_node, read_section_url
from extraction.normalization import tidy

_LANGUAGE = re.compile(r"\s*([a-z]{2})(?=[-_\s]|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Metadata:
    """A page's metadata, unverified."""

    json_ld: dict[str, Any] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)
    """Property or name in lower case -> first content."""
    metas: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Property or name in lower case -> all contents."""
    section_url: str | None = None
    """The section's URL, from the breadcrumb."""
    canonical_url: str | None = None
    licence_urls: tuple[str, ...] = ()
    """As written, from `<link rel="license">`."""
    title: str | None = None
    language: str | None = None


def read_metadata(tree: HtmlElement, url: str | None = None) -> Metadata:
    """Read all metadata in one pass over the tree. The page's `url` identifies its own article in JSON-LD."""
    metas: dict[str, list[str]] = {}
    scripts: list[str] = []
    licences: list[str] = []
    canonical: str | None = None
    title: str | None = None
    for element in tree.iter("meta", "link", "script", "title"):
        match element.tag:
            case "meta":
                name = element.get("property") or element.get("name") or element.get("itemprop")
                if name and (content := element.get("content")):
                    metas.setdefault(name.strip().lower(), []).append(content)
            case "link":
                relation = (element.get("rel") or "").lower()
                if canonical is None and relation == "canonical":
                    canonical = (element.get("href") or "").strip() or None
                elif "license" in relation.split():
                    licences.append(element.get("href") or "")
            case "script":
                if (element.get("type") or "").strip().lower().startswith("application/ld+json"):
                    scripts.append(element.text or "")
            case _:
                title = title or tidy(element.text or "") or None
    urls = (url, canonical, *metas.get("og:url", ()))
    nodes = list(list_nodes(scripts))
    return Metadata(
        read_article_node(nodes, frozenset(url.partition("?")[0].rstrip("/") for url in urls if url)),
        {name: contents[0] for name, contents in metas.items()},
        {name: tuple(contents) for name, contents in metas.items()},
        read_section_url(nodes),
        canonical,
        tuple(licences),
        title,
        _read_language(tree, metas),
    )


def _read_language(tree: HtmlElement, metas: dict[str, list[str]]) -> str | None:
    """Return the ISO 639-1 code from the first source that names a language."""
    values = [tree.get("lang"), tree.get("xml:lang")]  # the HTML parser knows no namespaces
    for name in ("og:locale", "content-language", "language"):
        values += metas.get(name, ())
    return next((match[1].lower() for value in values if value and (match := _LANGUAGE.match(value))), None)
