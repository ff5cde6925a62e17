"""Reads what a page says of itself: JSON-LD, then meta tags."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from html import unescape
from typing import Any

from lxml.html import HtmlElement

from extraction.prose import tidy

JSON_LD_CHARS = 256 * 1024
"""A block of 841 kB once took 1.1 s; an article's own has a few kB."""

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
        "LiveBlogPosting",
        "BlogPosting",
        "Report",
        "SatiricalArticle",
        "TechArticle",
        "ScholarlyArticle",
    }
)
MAX_DEPTH = 8
"""How deep an article is looked for in a JSON-LD graph; two or three levels are usual."""


@dataclass(frozen=True)
class Metadata:
    """What a page says of itself, unjudged."""

    json_ld: dict[str, Any] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)
    """Property or name in lower case -> its first content."""
    metas: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The same -> all contents."""
    canonical_url: str | None = None
    title: str | None = None
    language: str | None = None


def read_metadata(tree: HtmlElement) -> Metadata:
    """All of it in one pass over the tree."""
    metas: dict[str, list[str]] = {}
    scripts: list[str] = []
    canonical: str | None = None
    title: str | None = None
    for element in tree.iter("meta", "link", "script", "title"):
        match element.tag:
            case "meta":
                name = element.get("property") or element.get("name") or element.get("itemprop")
                if name and (content := element.get("content")):
                    metas.setdefault(name.strip().lower(), []).append(content)
            case "link":
                if canonical is None and (element.get("rel") or "").lower() == "canonical":
                    canonical = (element.get("href") or "").strip() or None
            case "script":
                if (element.get("type") or "").strip().lower().startswith("application/ld+json"):
                    scripts.append(element.text or "")
            case _:
                title = title or tidy(element.text or "") or None
    return Metadata(
        read_json_ld(scripts),
        {name: contents[0] for name, contents in metas.items()},
        {name: tuple(contents) for name, contents in metas.items()},
        canonical,
        title,
        (tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or "").strip().lower()[:2] or None,
    )


def read_json_ld(scripts: list[str]) -> dict[str, Any]:
    """The first article of the page's JSON-LD; scripts that are invalid or too large are passed over."""
    for script in scripts:
        if len(script) > JSON_LD_CHARS or (
            "rticle" not in script and "Posting" not in script and "Report" not in script
        ):
            continue
        try:
            document = json.loads(script.strip().removesuffix(";"), strict=False)
        except (ValueError, RecursionError):
            continue
        if found := next(_find_articles(document, 0), None):
            return found
    return {}


def _find_articles(node: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > MAX_DEPTH:
        return
    if isinstance(node, list):
        for item in node:
            yield from _find_articles(item, depth + 1)
    elif isinstance(node, dict):
        types = node.get("@type")
        if ARTICLE_TYPES & {name for name in (types if isinstance(types, list) else [types]) if isinstance(name, str)}:
            yield node
        for key in ("@graph", "mainEntity", "mainEntityOfPage"):
            yield from _find_articles(node.get(key), depth + 1)


def read_text(value: Any) -> str | None:
    """A JSON-LD value as one line: a string, or the name of a thing, or the first of several."""
    if isinstance(value, list):
        return next((text for item in value if (text := read_text(item))), None)
    if isinstance(value, dict):
        return read_text(value.get("name") or value.get("@value"))
    return tidy(unescape(value)) or None if isinstance(value, str) else None


def read_texts(value: Any) -> list[str]:
    """A JSON-LD value as names: strings, things with names, or lists of them."""
    items = value if isinstance(value, list) else [value]
    return list(dict.fromkeys(text for item in items if (text := read_text(item))))


def read_time(text: Any, zone: tzinfo) -> tuple[datetime | None, bool]:
    """An ISO 8601 time in UTC, and whether it said its offset; a time without one is taken in `zone`."""
    if not isinstance(text, str):
        return None, True
    try:
        at = datetime.fromisoformat(text.strip())
        is_aware = at.tzinfo is not None
        return (at if is_aware else at.replace(tzinfo=zone)).astimezone(UTC), is_aware
    except (ValueError, OverflowError):
        return None, True
