"""The identity of URLs, their sources, and the sightings of URLs in sources."""

from datetime import date, datetime
from enum import StrEnum

from schemas.model import NonEmpty, Record


class Identity(Record):
    """What a site's profile derives from a URL alone, without fetching it."""

    url: NonEmpty
    """The canonical URL: no query, no fragment, canonical host and scheme."""
    site: NonEmpty
    """The publisher's name, or `generic` for any without a profile."""
    edition: str | None = None
    """`en` or `ru`; None if the site has no editions."""
    id: str | None = None
    """The record id (`SITE:EDITION:85656`); None if the URL has none or is not an article's."""
    rule: str | None = None
    """The name of the rule that says that the URL is not an article's."""

    @property
    def key(self) -> str:
        """The key of the ledger's row: the record id, or the URL if there is none."""
        return self.id or self.url


class SourceKind(StrEnum):
    """The kind of source that advertised a URL."""

    FEED = "feed"
    SITEMAP = "sitemap"
    LISTING = "listing"
    LIST = "list"
    """URLs given by the user."""
    CDX = "cdx"


class Sighting(Record):
    """A URL advertised by a source, with what the source says about it."""

    url: NonEmpty
    """The absolute URL, spelled as in the source."""
    source_url: NonEmpty
    source_kind: SourceKind
    seen_at: datetime
    title: str | None = None
    published_at: datetime | None = None
    published_on: date | None = None
    """The day in the URL's path, in the publisher's time zone."""
    published_month: str | None = None
    """Month (`YYYY-MM`) of the monthly sitemap that listed it."""


class Source(Record):
    """A page on which a site advertises its articles."""

    url: NonEmpty
    kind: SourceKind
    section: str | None = None
    is_optional: bool = False
    """Whether the site may lack it: if it cannot be read, this is a note of the run, not a problem."""
    newest_days: int | None = None
    """It lists only articles of the last days, this many; None if it goes back further."""
