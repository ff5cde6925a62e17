"""Chooses each field's value: JSON-LD, then meta tags, then the page, then trafilatura's own metadata."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from functools import cached_property
from typing import Any

from lxml.html import HtmlElement
from trafilatura.metadata import extract_metadata
from trafilatura.settings import Document

from extraction.byline import Byline, read_names, split_names
from extraction.metadata import Metadata, read_text, read_texts, read_time
from extraction.prose import tidy, tidy_or_none
from schemas.address import Identity
from schemas.article import Kind
from sites.profile import Site

Found = tuple[str, str]
"""A value and its source."""

MAX_HEADLINE_CHARS = 500
"""What a record's headline may have; longer, it is a page's text in the wrong place."""

PUBLISHED_METAS = (
    "article:published_time",
    "og:published_time",
    "datepublished",
    "parsely-pub-date",
    "dc.date.issued",
    "pubdate",
    "date",
)
MODIFIED_METAS = ("article:modified_time", "og:updated_time", "datemodified")
"""Names of meta tags, best first."""


@dataclass
class Page:
    """A parsed page while it is read: what was found, where, and what is remarkable."""

    tree: HtmlElement
    container: HtmlElement | None
    metadata: Metadata
    site: Site
    address: Identity | None
    """The article's own: the canonical link's where it names an article of this site, else the one fetched."""
    sources: dict[str, str] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)

    @property
    def url(self) -> str | None:
        """The article's own address, canonically spelled."""
        return self.address.url if self.address else None

    @cached_property
    def guess(self) -> Document:
        """Trafilatura's own metadata: slow, so only asked for what nothing else says."""
        return extract_metadata(self.tree, self.url, extensive=False)

    def select(self, rule: Callable[[Any], Any]) -> list[HtmlElement]:
        """What a rule finds in the container."""
        return list(rule(self.container)) if self.container is not None else []

    def first_text(self, rule: Callable[[Any], Any]) -> str | None:
        """The text of the first element that a rule finds and that has one."""
        return next((text for found in self.select(rule) if (text := tidy("".join(found.itertext())))), None)

    def note(self, name: str, source: str) -> None:
        """Says where a field's value came from."""
        self.sources[name] = source


def choose_headline(page: Page) -> str | None:
    """The headline without the site's name and without the word for its kind."""
    rules = page.site.page
    for text, source in _headlines(page):
        line = rules.title_suffix.sub("", text) if rules.title_suffix else text
        line = rules.title_prefix.sub("", line) if rules.title_prefix else line
        if line and len(line) <= MAX_HEADLINE_CHARS:
            page.note("headline", source)
            return line
    page.flags.add("headline-missing")
    return None


def _headlines(page: Page) -> Iterator[Found]:
    ld, meta = page.metadata.json_ld, page.metadata.meta
    yield read_text(ld.get("headline")) or "", "json-ld"
    yield tidy(meta.get("og:title") or meta.get("twitter:title") or ""), "meta"
    yield page.first_text(page.site.page.headline) or "", "page"
    if page.container is None:
        yield tidy(page.guess.title or ""), "trafilatura"
    yield page.metadata.title or "", "page"


def choose_byline(page: Page) -> Byline:
    """All authors: meta tags and JSON-LD name only the first, so that the page's byline goes first."""
    for names, source in _bylines(page):
        found = read_names(names)
        if found.authors or found.agencies:
            page.note("authors" if found.authors else "agencies", source)
            if found.agencies:
                page.note("agencies", source)
            return found
    page.flags.add("authors-missing")
    return Byline()


def _bylines(page: Page) -> Iterator[tuple[list[str], str]]:
    rules, meta = page.site.page, page.metadata
    for line in page.select(rules.byline):
        names = ["".join(name.itertext()) for name in rules.byline_names(line)]
        yield names or split_names("".join(line.itertext())), "byline"
    yield read_texts(page.metadata.json_ld.get("author")), "json-ld"
    for name in ("article:author", "author", "parsely-author", "dc.creator"):
        written = [value for value in meta.metas.get(name, ()) if "://" not in value]
        yield [part for value in written for part in split_names(value)], "meta"
    if page.container is None:
        yield (page.guess.author or "").split("; "), "trafilatura"


def choose_published_at(page: Page) -> datetime | None:
    """The time of publication in UTC. A time that the page shows as the update's is none."""
    return _choose_time(page, "published_at", _times(page, "datePublished", PUBLISHED_METAS)) or _choose_day(page)


def choose_modified_at(page: Page) -> datetime | None:
    """The time of the last change in UTC."""
    return _choose_time(page, "modified_at", _times(page, "dateModified", MODIFIED_METAS))


def _times(page: Page, key: str, names: tuple[str, ...]) -> Iterator[tuple[Any, str]]:
    """What may be the time, best first. The page shows one alone: the update's, where there was a late one."""
    yield page.metadata.json_ld.get(key), "json-ld"
    for name in names:
        yield page.metadata.meta.get(name), "meta"
    updated = page.site.page.updated
    for element in page.select(page.site.page.time):
        is_update = bool(updated and updated.match("".join(element.itertext())))
        if is_update == (names is MODIFIED_METAS):
            yield element.get("datetime"), "page"


def _choose_time(page: Page, name: str, candidates: Iterable[tuple[Any, str]]) -> datetime | None:
    for text, source in candidates:
        at, is_aware = read_time(text, page.site.time_zone)
        if at is not None:
            page.note(name, source)
            if not is_aware:
                page.flags.add(f"{name.replace('_', '-')}-without-offset")
            return at
    return None


def _choose_day(page: Page) -> datetime | None:
    """The day alone, as the midnight that begins it, flagged: from the address, else by trafilatura."""
    day = page.site.path_date(page.url) if page.url else None
    if day is not None:
        page.note("published_at", "path")
        page.flags.add("published-at-day-only")
        return datetime.combine(day, time(), page.site.time_zone).astimezone(UTC)
    if page.container is None:
        at, _ = read_time(page.guess.date, page.site.time_zone)
        if at is not None:
            page.note("published_at", "trafilatura")
            page.flags.add("published-at-day-only")
            return at
    page.flags.add("published-at-missing")
    return None


def choose_section(page: Page) -> str | None:
    """The section by the name that the site's pages show."""
    key = read_text(page.metadata.json_ld.get("articleSection"))
    shown = tidy_or_none(page.metadata.meta.get("article:section"))
    candidates = [(page.site.sections.get(key or ""), "json-ld"), (shown, "meta"), (key, "json-ld")]
    for section, source in candidates:
        if section:
            page.note("section", source)
            return section
    return None


def choose_tags(page: Page) -> tuple[str, ...]:
    """What the article is about: keywords, or the links below it."""
    for tags, source in _tags(page):
        if found := tuple(dict.fromkeys(text for tag in tags if (text := tidy(tag)))):
            page.note("tags", source)
            return found
    return ()


def _tags(page: Page) -> Iterator[tuple[list[str], str]]:
    keywords = page.metadata.json_ld.get("keywords")
    yield keywords.split(",") if isinstance(keywords, str) else read_texts(keywords), "json-ld"
    yield [part for value in page.metadata.metas.get("article:tag", ()) for part in value.split(",")], "meta"
    yield ["".join(link.itertext()) for link in page.select(page.site.page.tags)], "page"


def choose_subtitle(page: Page) -> str | None:
    """The line below the headline."""
    text = page.first_text(page.site.page.subtitle)
    if text:
        page.note("subtitle", "page")
    return text


def choose_kind(page: Page) -> Kind:
    """The kind by what only its pages have, then by the words that name it."""
    rules = page.site.page
    if page.select(rules.live):
        return _note_kind(page, Kind.LIVE, "page")
    for text, source in _kind_words(page):
        if kind := page.site.kinds.get(text.strip().lower()):
            return _note_kind(page, kind, source)
    if page.select(rules.disclaimer):
        return _note_kind(page, Kind.OPINION, "page")
    return Kind.ARTICLE


def _kind_words(page: Page) -> Iterator[Found]:
    prefix = page.site.page.title_prefix
    for name in ("og:description", "og:title", "description"):
        if prefix and (match := prefix.match(page.metadata.meta.get(name, ""))):
            yield match[1], "meta"
    yield page.first_text(page.site.page.label) or "", "page"
    yield read_text(page.metadata.json_ld.get("articleSection")) or "", "json-ld"


def _note_kind(page: Page, kind: Kind, source: str) -> Kind:
    page.note("kind", source)
    return kind
