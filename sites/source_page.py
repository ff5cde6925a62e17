"""The content of one source page: a feed, a sitemap, a listing page, or a web archive's index."""

from dataclasses import dataclass

from schemas.url import Sighting


class SourceUnreadable(ValueError):  # noqa: N818 - it states a fact
    """A source page is not what it should be. The message says what it is instead."""


@dataclass(frozen=True)
class SourcePage:
    """The URLs that one source page lists."""

    sightings: tuple[Sighting, ...]
    children: tuple[str, ...] = ()
    """Further source pages that it links to: monthly sitemaps, the next page of a listing."""
    recovered: bool = False
    """Whether it was malformed and read as far as possible."""
    is_cut: bool = False
    """Whether it was truncated: only complete entries are included."""
