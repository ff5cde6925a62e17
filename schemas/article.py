"""What an article is: as it was read (draft), as it was found valid (article), as the archive gives it (record)."""

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.capture import CaptureRef
from schemas.model import Count, NonEmpty, Record, Sha256, UtcTime

PARAGRAPH_BREAK = "\n\n"
"""Between two paragraphs of a body."""


class Kind(StrEnum):
    """The publisher's kinds of page."""

    ARTICLE = "article"
    OPINION = "opinion"
    GALLERY = "gallery"
    VIDEO = "video"
    PODCAST = "podcast"
    LIVE = "live"


class Image(Record):
    """A picture of the article. A text import knows its caption and credit, but not its URL."""

    url: str | None = None
    caption: str | None = None
    credit: str | None = None


class Draft(Record):
    """What reading found in one capture. Anything may be missing or wrong: nobody has judged it yet."""

    site: str
    edition: str | None = None
    language: str | None = None
    """ISO 639-1, told by the host or the page; None where nothing tells."""
    url: str | None = None
    """The article's own URL: the page's canonical link, else the URL that was fetched."""
    kind: Kind = Kind.ARTICLE
    headline: str | None = None
    subtitle: str | None = None
    authors: tuple[str, ...] = ()
    """Persons (and the publisher itself), in the byline's order."""
    agencies: tuple[str, ...] = ()
    sponsor: str | None = None
    """Who paid for it, where a label names them."""
    section: str | None = None
    tags: tuple[str, ...] = ()
    published_at: datetime | None = None
    modified_at: datetime | None = None
    body: str = ""
    """Unicode NFC, plain spaces, paragraphs parted by one blank line, no furniture."""
    images: tuple[Image, ...] = ()
    sources: dict[str, str] = {}
    """Field -> where its value came from: `json-ld`, `meta`, `byline`, `page`, `path`, `feed`, `text`, …"""
    flags: tuple[str, ...] = ()
    """What is remarkable about the reading, sorted: `headline-missing`, `container-missing`, …"""
    extractor: NonEmpty
    """Name and version of what read it."""


SOURCED_FIELDS = tuple(name for name in Draft.model_fields if name not in {"sources", "flags", "extractor"})
"""The fields that `sources` may speak of."""


class Unreadable(Record):
    """Why a capture is no article: a fact, not a guess."""

    reason: NonEmpty
    """A name: `soft-404`, `not-html`, `empty-page`, `block-page`, `too-large`, …"""
    detail: str = ""


class Article(Record):
    """An article that was found valid. `schemas.validation.validate_draft` makes one."""

    id: NonEmpty
    site: NonEmpty
    edition: str | None
    language: str | None
    url: str | None
    kind: Kind
    headline: Annotated[str, Field(min_length=1, max_length=500)] | None
    subtitle: str | None
    authors: tuple[NonEmpty, ...]
    agencies: tuple[NonEmpty, ...]
    sponsor: str | None
    section: str | None
    tags: tuple[NonEmpty, ...]
    published_at: UtcTime | None
    modified_at: UtcTime | None
    fetched_at: UtcTime
    body: str
    word_count: Count
    images: tuple[Image, ...]
    content_sha256: Sha256
    """Of the body in UTF-8."""
    extractor: NonEmpty
    sources: dict[str, str]
    flags: tuple[str, ...]
    capture: CaptureRef


class ArticleRecord(Article):
    """An article as `show --json` and `export` give it: with what the archive knows of it beside its content."""

    aliases: tuple[str, ...] = ()
    """Every other URL that it was ever seen at, sorted."""
    first_seen_at: UtcTime
    revision: Annotated[int, Field(ge=1)] = 1
    duplicate_of: str | None = None
    """The id of the article that has (nearly) the same text, and is no duplicate itself."""
    duplicate_kind: str | None = None
    """See `schemas.duplicate.DuplicateKind`."""
    similarity: float | None = None
    """Of the two texts' sets of word 3-grams: the Jaccard index, 0 to 1."""


def split_paragraphs(body: str) -> list[str]:
    """The paragraphs of a cleaned body; none of an empty one."""
    return [part for part in body.split(PARAGRAPH_BREAK) if part]


def content_sha256(body: str) -> str:
    """The SHA-256 of a cleaned body in UTF-8, as hexadecimal digits."""
    return hashlib.sha256(body.encode()).hexdigest()


def text_id(body: str) -> str:
    """The record id of a text without a URL."""
    return f"text:{content_sha256(body)[:16]}"
