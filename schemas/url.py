"""Whose URL a URL is, and where a URL was seen."""

from datetime import date, datetime
from enum import StrEnum

from schemas.model import NonEmpty, Record


class Identity(Record):
    """What a site's profile knows of a URL from its spelling alone."""

    url: NonEmpty
    """The URL in its canonical spelling: no query, no fragment, canonical host and scheme."""
    site: NonEmpty
    """`moscow-times`, or `generic` for any publisher without a profile."""
    edition: str | None = None
    """`en`, `ru`; None where the site has none."""
    id: str | None = None
    """The record id (`moscow-times:en:85656`); None where the URL has none, or is no article's."""
    rule: str | None = None
    """The name of the rule by which the URL is no article's."""

    @property
    def key(self) -> str:
        """What the ledger has one row for: the record id, or the URL where there is none."""
        return self.id or self.url


class SourceKind(StrEnum):
    """What advertised a URL."""

    FEED = "feed"
    SITEMAP = "sitemap"
    LISTING = "listing"
    LIST = "list"
    """Addresses given by hand."""
    CDX = "cdx"


class Sighting(Record):
    """A URL as a source advertised it, with what the source said of it."""

    url: NonEmpty
    """The URL as it stood in the source, absolute."""
    source_url: NonEmpty
    source_kind: SourceKind
    seen_at: datetime
    title: str | None = None
    published_at: datetime | None = None
    published_on: date | None = None
    """The day that the URL itself names, in the publisher's time zone."""
    published_month: str | None = None
    """`YYYY-MM` of the monthly sitemap that it stood in."""


class Source(Record):
    """Where a site advertises its articles."""

    url: NonEmpty
    kind: SourceKind
    section: str | None = None
    is_optional: bool = False
    """Whether the site may well do without it: that it cannot be read is then a note of the run, not a problem."""
    newest_days: int | None = None
    """It names articles of so many newest days alone; None where it goes back further."""
