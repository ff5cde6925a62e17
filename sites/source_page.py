"""What one feed, sitemap, listing page or index of a web archive says."""

from dataclasses import dataclass

from schemas.url import Sighting


class SourceUnreadable(ValueError):  # noqa: N818 - it states a fact
    """A feed, a sitemap or a listing is not what it should be; the message says what it is instead."""


@dataclass(frozen=True)
class SourcePage:
    """What one feed, sitemap or listing page said."""

    sightings: tuple[Sighting, ...]
    children: tuple[str, ...] = ()
    """Further source pages that it leads to: monthly sitemaps, the next page of a listing."""
    recovered: bool = False
    """It was malformed, and read as far as it could be."""
    is_cut: bool = False
    """It ended before its time: only its whole entries count."""
