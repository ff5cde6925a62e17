"""An article in its three forms: as extracted (draft), validated (article), and returned by the archive (record)."""

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.capture import CaptureRef
from schemas.model import Confidence, Count, NonEmpty, Record, Sha256, UtcOffset, UtcTime
from schemas.rights import StatedRights

PARAGRAPH_BREAK = "\n\n"
"""Separates the paragraphs of a body."""


class Kind(StrEnum):
    """The kinds of page that publishers have."""

    ARTICLE = "article"
    OPINION = "opinion"
    GALLERY = "gallery"
    VIDEO = "video"
    PODCAST = "podcast"
    LIVE = "live"


class Image(Record):
    """A picture of the article. An imported text has its caption and credit, but no URL."""

    url: str | None = None
    caption: str | None = None
    credit: str | None = None


class Draft(Record):
    """What was extracted from one capture, before validation: anything may be missing or wrong."""

    site: str
    edition: str | None = None
    language: str | None = None
    """ISO 639-1 code, from the host or the page; None if neither says."""
    url: str | None = None
    """The page's canonical link, else the URL that was fetched."""
    kind: Kind = Kind.ARTICLE
    headline: str | None = None
    subtitle: str | None = None
    authors: tuple[str, ...] = ()
    """People, and the publisher itself, in the byline's order."""
    agencies: tuple[str, ...] = ()
    sponsor: str | None = None
    """Who paid for it, if a label says so."""
    section: str | None = None
    tags: tuple[str, ...] = ()
    published_at: datetime | None = None
    published_offset: str | None = None
    """The offset that the page gives with `published_at`."""
    modified_at: datetime | None = None
    body: str = ""
    """Unicode NFC, plain spaces, paragraphs separated by one blank line, no boilerplate."""
    images: tuple[Image, ...] = ()
    sources: dict[str, str] = {}
    """Field -> source of its value: `json-ld`, `meta`, `byline`, `page`, `path`, `feed`, `text`, …"""
    flags: tuple[str, ...] = ()
    """Anything unusual about the extraction, sorted: `headline-missing`, `container-missing`, …"""
    confidence: Confidence | None = None
    """How far the page's own evidence supports the values; None for what was not read from a page."""
    extractor: NonEmpty
    """Name and version of the extractor."""
    rights: StatedRights | None = None
    """What the capture says about its use; None if it does not show the publisher's page, like a row of a table."""


UNSOURCED_FIELDS = frozenset({"sources", "flags", "confidence", "extractor", "rights"})
"""The fields of a draft that say how it was read."""

SOURCED_FIELDS = tuple(name for name in Draft.model_fields if name not in UNSOURCED_FIELDS)
"""The fields that `sources` may speak of."""


class Unreadable(Record):
    """Why a capture is not an article: a fact, not a guess."""

    reason: NonEmpty
    """A name: `soft-404`, `not-html`, `empty-page`, `block-page`, `too-large`, …"""
    detail: str = ""


class Article(Record):
    """A valid article, made by `schemas.validation.validate_draft`."""

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
    published_offset: UtcOffset | None = None
    """The offset that the page gives with `published_at`, from which the publisher's own day and hour follow."""
    modified_at: UtcTime | None
    fetched_at: UtcTime
    body: str
    word_count: Count
    images: tuple[Image, ...]
    content_sha256: Sha256
    """Digest of the body in UTF-8."""
    extractor: NonEmpty
    sources: dict[str, str]
    flags: tuple[str, ...]
    confidence: Confidence | None = None
    """How far the page's own evidence supports the values."""
    capture: CaptureRef


class ArticleRecord(Article):
    """An article as `show --json` and `export` write it, with the archive's knowledge of it."""

    aliases: tuple[str, ...] = ()
    """Every other URL at which it was ever seen, sorted."""
    first_seen_at: UtcTime
    revision: Annotated[int, Field(ge=1)] = 1
    duplicate_of: str | None = None
    """The id of the article with (nearly) the same text, which is not a duplicate itself."""
    duplicate_kind: str | None = None
    """See `schemas.duplicate.DuplicateKind`."""
    similarity: float | None = None
    """Jaccard index of the two texts' sets of word 3-grams, 0 to 1."""


def split_paragraphs(body: str) -> list[str]:
    """Return the paragraphs of a cleaned body; an empty list if it is empty."""
    return [part for part in body.split(PARAGRAPH_BREAK) if part]


def content_sha256(body: str) -> str:
    """Return the SHA-256 of a cleaned body in UTF-8, in hexadecimal digits."""
    return hashlib.sha256(body.encode()).hexdigest()


def text_id(body: str) -> str:
    """Return the record id of a text without a URL."""
    return f"text:{content_sha256(body)[:16]}"
