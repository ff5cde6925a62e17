"""What a site's profile answers. Every profile is a `Site`; the plain one knows nothing of any publisher."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from typing import Literal

from boilerplate.remover import Boilerplate
from schemas.article import Kind
from schemas.url import Identity, Source, SourceKind
from sites.cdx import read_cdx
from sites.expectation import SiteExpectations
from sites.source import read_xml_source
from sites.source_page import SourcePage
from sites.structure import PageRules
from sites.url import UrlMalformed, find_path_day, is_cdx_url, parse_url, spell_generic

SourceChoice = Literal["feeds", "sitemaps", "listings", "all"]


@dataclass(frozen=True)
class Edition:
    """An edition of a publisher: a sequence of article ids of its own."""

    code: str
    origin: str
    """Scheme and host of the canonical spelling."""
    language: str


@dataclass(frozen=True)
class Site:
    """What is known of a publisher. This one serves any page of any publisher."""

    name: str = "generic"
    hosts: frozenset[str] = frozenset()
    origins: tuple[str, ...] = ()
    """Every origin (scheme and host) that the site's sources and articles are fetched from."""
    editions: Mapping[str, Edition] = field(default_factory=dict)
    """Code -> edition."""
    time_zone: tzinfo = UTC
    """Of times that a page gives without an offset."""
    boilerplate: Boilerplate = field(default_factory=Boilerplate)
    text_edition: str | None = None
    """The edition whose furniture `boilerplate` knows: that of a text recognised by it."""
    page: PageRules = field(default_factory=PageRules)
    sections: Mapping[str, str] = field(default_factory=dict)
    """The publisher's internal section keys -> the section's name in its URLs."""
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    """Labels, sections and prefixes (lower case) that tell a page's kind."""

    expected: SiteExpectations = field(default_factory=SiteExpectations)
    """How its live pages are expected to be built."""

    def identify(self, url: str) -> Identity:
        """Whose page a URL is, from its spelling alone; never raises."""
        try:
            address = parse_url(url)
        except UrlMalformed:
            return Identity(url=url.strip() or "about:blank", site=self.name, rule="malformed-address")
        spelled = spell_generic(address)
        if spelled.endswith(f"{address.host}/"):
            return Identity(url=spelled, site=self.name, rule="home-page")
        return Identity(url=spelled, site=self.name, id=f"{self.name}:{spelled}")

    def sources(self, choice: SourceChoice) -> tuple[Source, ...]:  # noqa: ARG002 - a profile answers by it
        """Where the site advertises its articles, feeds first."""
        return ()

    def extra_sources(self, names: Collection[str]) -> tuple[Source, ...]:  # noqa: ARG002 - a profile answers by it
        """Those of its sources that are off by default, and that the setting `extra_sources` names."""
        return ()

    def is_extra_source(self, url: str) -> bool:  # noqa: ARG002 - a profile answers by it
        """Whether a URL is an extra source, or a page that one leads to."""
        return False

    def recognize_source(self, url: str) -> SourceKind | None:
        """What kind of source a URL is; None for any other page."""
        return SourceKind.CDX if is_cdx_url(url) else None

    def source_month(self, url: str) -> str | None:  # noqa: ARG002 - a profile answers by it
        """The publication month (`YYYY-MM`) of all that a source names; None where it names any month's."""
        return None

    def first_listing_page(self, url: str) -> str | None:  # noqa: ARG002 - a profile answers by it
        """The URL of the first page of the listing that a URL is a page of; None for what is none."""
        return None

    def next_listing_page(self, url: str) -> str | None:  # noqa: ARG002 - a profile answers by it
        """The URL of the page that follows a listing's page; None for what is no listing."""
        return None

    def read_source(self, body: bytes, url: str, media_type: str, seen_at: datetime) -> SourcePage:
        """What a feed, sitemap or listing page advertises.

        Raises:
            SourceUnreadable: it is something else, or too broken.
        """
        if self.recognize_source(url) is SourceKind.CDX:
            return read_cdx(body, url, seen_at)
        return read_xml_source(body, url, media_type, seen_at)

    def companion_urls(self, url: str, body: bytes) -> tuple[str, ...]:  # noqa: ARG002 - a profile answers by it
        """The URLs that a captured page's reading needs beside it: what belongs to the article, but is not there.

        `url` is the one that was asked, `body` the page. Never raises.
        """
        return ()

    def recognize_companion(self, url: str) -> str | None:  # noqa: ARG002 - a profile answers by it
        """The record id of the article that such a URL belongs to; None for any other URL."""
        return None

    def is_child_due(self, child_url: str, since: date | None, until: date | None) -> bool:  # noqa: ARG002 - as above
        """Whether a child page can advertise articles of these publication days (both inclusive)."""
        return True

    def language_of(self, edition: str | None) -> str | None:
        """The language of an edition, ISO 639-1."""
        found = self.editions.get(edition) if edition else None
        return found.language if found else None

    def path_date(self, url: str) -> date | None:
        """The day that an article's URL names, in the site's time zone."""
        try:
            return find_path_day(parse_url(url).path)
        except UrlMalformed:
            return None

    def knows(self, url: str) -> bool:
        """Whether the URL lies on one of the site's hosts."""
        try:
            return parse_url(url).host in self.hosts
        except UrlMalformed:
            return False
