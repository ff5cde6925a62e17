"""The interface of a site's profile. Every profile is a `Site`; the base class serves unknown publishers."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from typing import Literal

from boilerplate.remover import Boilerplate
from schemas.article import Kind
from schemas.url import Identity, Source, SourceKind
from sites.cdx import read_cdx
from sites.expectation import SiteExpectations
from sites.feed import read_xml_source
from sites.source_page import SourcePage
from sites.structure import NOWHERE, PageRules
from sites.url import UrlMalformed, canonicalize, find_path_day, is_cdx_url, parse_url

SourceChoice = Literal["feeds", "sitemaps", "listings", "all"]


@dataclass(frozen=True)
class Edition:
    """An edition of a publisher, with a separate sequence of article ids."""

    code: str
    origin: str
    """Scheme and host of the canonical URLs."""
    language: str


@dataclass(frozen=True)
class SiteLicence:
    """A licence that a publisher gives for some of its articles, without saying so on their pages."""

    url: str
    scope: str
    """What it covers, in words."""
    after: date
    """It covers nothing that was published on this day or earlier."""


@dataclass(frozen=True)
class Site:
    """The profile of a publisher. This base class serves any page of any publisher."""

    name: str = "generic"
    title: str | None = None
    """The publication's name as its readers know it, for citations."""
    is_default: bool = False
    """Whether commands mean this site if the user names none."""
    own_names: tuple[str, ...] = ()
    """Names of the publisher and its desks, as they stand in bylines and credits; the title is one of them."""
    hosts: frozenset[str] = frozenset()
    origins: tuple[str, ...] = ()
    """Every origin (scheme and host) from which sources and articles are fetched."""
    editions: Mapping[str, Edition] = field(default_factory=dict)
    """Code -> edition."""
    time_zone: tzinfo = UTC
    """The time zone of its days (`--from`, the date in a URL), and of times without an offset."""
    boilerplate: Boilerplate = field(default_factory=Boilerplate)
    text_edition: str | None = None
    """The edition whose boilerplate is known, and thus the edition of a text recognized by its boilerplate."""
    page: PageRules = field(default_factory=PageRules)
    sections: Mapping[str, str] = field(default_factory=dict)
    """Internal section key, or last part of a section's URL -> the section's name."""
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    """Label, section or prefix (lower case) -> the kind of page that it indicates."""

    licences: tuple[SiteLicence, ...] = ()
    """Kept with each article that they may cover, by its day."""

    expected: SiteExpectations = field(default_factory=SiteExpectations)
    """The expected structure of its live pages."""

    @property
    def own_hosts(self) -> frozenset[str]:
        """The hosts that no other publisher has."""
        return self.hosts

    @property
    def has_page_rules(self) -> bool:
        """Whether it is known which element of a page is the article."""
        return self.page.container != NOWHERE

    def identify(self, url: str) -> Identity:
        """Return the identity of a URL, from its spelling alone. Never raises."""
        try:
            parts = parse_url(url)
        except UrlMalformed:
            return Identity(url=url.strip() or "about:blank", site=self.name, rule="malformed-address")
        canonical = canonicalize(parts)
        if canonical.endswith(f"{parts.host}/"):
            return Identity(url=canonical, site=self.name, rule="home-page")
        return Identity(url=canonical, site=self.name, id=f"{self.name}:{canonical}")

    def sources(self, choice: SourceChoice) -> tuple[Source, ...]:  # noqa: ARG002 - used by subclasses
        """Return the pages on which the site advertises its articles, feeds first."""
        return ()

    def extra_sources(self, names: Collection[str]) -> tuple[Source, ...]:  # noqa: ARG002 - used by subclasses
        """Return the sources that are off by default and are enabled by the setting `extra_sources`."""
        return ()

    def is_extra_source(self, url: str) -> bool:  # noqa: ARG002 - used by subclasses
        """Return whether a URL is an extra source or one of its child pages."""
        return False

    def recognize_source(self, url: str) -> SourceKind | None:
        """Return the kind of source that a URL is; None if it is not a source."""
        return SourceKind.CDX if is_cdx_url(url) else None

    def source_month(self, url: str) -> str | None:  # noqa: ARG002 - used by subclasses
        """Return the publication month (`YYYY-MM`) of all URLs in a source; None if it is not limited to one."""
        return None

    def first_listing_page(self, url: str) -> str | None:  # noqa: ARG002 - used by subclasses
        """Return the URL of the first page of the listing that a URL belongs to; None if it is not a listing's."""
        return None

    def next_listing_page(self, url: str) -> str | None:  # noqa: ARG002 - used by subclasses
        """Return the URL of the next page of a listing; None if the URL is not a listing's."""
        return None

    def read_source(self, body: bytes, url: str, media_type: str, seen_at: datetime) -> SourcePage:
        """Read the URLs that a feed, sitemap or listing page advertises.

        Raises:
            SourceUnreadable: it is something else, or too damaged.
        """
        if self.recognize_source(url) is SourceKind.CDX:
            return read_cdx(body, url, seen_at)
        return read_xml_source(body, url, media_type, seen_at)

    def companion_urls(self, url: str, body: bytes) -> tuple[str, ...]:  # noqa: ARG002 - used by subclasses
        """Return the URLs of companions: content of the article that is not in its page, but needed to read it.

        `url` is the requested URL, `body` the page. Never raises.
        """
        return ()

    def recognize_companion(self, url: str) -> str | None:  # noqa: ARG002 - used by subclasses
        """Return the record id of the article that a companion URL belongs to; None for any other URL."""
        return None

    def locate_companions(self, record_id: str) -> tuple[str, ...]:  # noqa: ARG002 - used by subclasses
        """Return the URLs that `recognize_companion` takes for companions of a record, without knowing its page."""
        return ()

    def is_child_due(self, child_url: str, since: date | None, until: date | None) -> bool:  # noqa: ARG002 - as above
        """Return whether a child page can advertise articles of these publication days (both inclusive)."""
        return True

    def language_of(self, edition: str | None) -> str | None:
        """Return the language of an edition (ISO 639-1)."""
        found = self.editions.get(edition) if edition else None
        return found.language if found else None

    def path_date(self, url: str) -> date | None:
        """Return the day in an article's URL, in the site's time zone; None if it has none."""
        try:
            return find_path_day(parse_url(url).path)
        except UrlMalformed:
            return None

    def has_host(self, url: str) -> bool:
        """Return whether the URL is on one of the site's hosts."""
        try:
            return parse_url(url).host in self.hosts
        except UrlMalformed:
            return False
