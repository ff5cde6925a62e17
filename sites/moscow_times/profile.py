"""Assembles the profile of The Moscow Times."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from schemas.url import Identity, Source, SourceKind
from sites.moscow_times import discovery, extra, identity, live
from sites.moscow_times.boilerplate import BOILERPLATE
from sites.moscow_times.expectations import EXPECTED
from sites.moscow_times.page import KINDS, PAGE, SECTION_NAMES
from sites.profile import Site, SourceChoice
from sites.source_page import SourcePage


@dataclass(frozen=True)
class MoscowTimes(Site):
    """The profile of The Moscow Times."""

    def identify(self, url: str) -> Identity:
        """Return the edition and article of a URL, or the rule that says that it is not an article. Never raises."""
        return identity.identify(url)

    def sources(self, choice: SourceChoice) -> tuple[Source, ...]:
        """Return the feeds, then the sitemap indexes, then the section listings."""
        return discovery.list_sources(choice)

    def extra_sources(self, names: Collection[str]) -> tuple[Source, ...]:
        """Return the searches by range of dates, and the old site's lists."""
        return extra.list_extra_sources(names)

    def is_extra_source(self, url: str) -> bool:
        """Return whether a URL is a search or a list of the old site."""
        return extra.find_days(url) is not None

    def recognize_source(self, url: str) -> SourceKind | None:
        """Return the kind of source that a URL is; None if it is not a source."""
        return SourceKind.SITEMAP if self.is_extra_source(url) else discovery.recognize_source(url)

    def source_month(self, url: str) -> str | None:
        """Return the publication month (`YYYY-MM`) of a monthly sitemap's URLs; None for any other source."""
        return discovery.find_month(url)

    def first_listing_page(self, url: str) -> str | None:
        """Return the URL of the section's page for it or any fragment of it; None if the URL is not a listing's."""
        return discovery.first_page(url) if self.recognize_source(url) is SourceKind.LISTING else None

    def next_listing_page(self, url: str) -> str | None:
        """Return the URL after a section's page or fragment; None if the URL is not a listing's."""
        return discovery.next_page(url) if self.recognize_source(url) is SourceKind.LISTING else None

    def read_source(self, body: bytes, url: str, media_type: str, seen_at: datetime) -> SourcePage:
        """Read the URLs that a feed, sitemap or listing page advertises; raises `SourceUnreadable`."""
        if days := extra.find_days(url):
            return extra.read_extra_source(body, url, days, seen_at)
        match self.recognize_source(url):
            case SourceKind.LISTING:
                return discovery.read_listing(body, url, seen_at)
            case SourceKind.FEED:
                return discovery.read_feed(body, url, media_type, seen_at)
        return super().read_source(body, url, media_type, seen_at)

    def companion_urls(self, url: str, body: bytes) -> tuple[str, ...]:
        """Return the URL of a live blog's posts, if the page is a live blog's. Never raises."""
        return live.list_companions(url, body)

    def recognize_companion(self, url: str) -> str | None:
        """Return the record id of the live blog whose posts are at a URL; None for any other URL."""
        return live.find_record_id(url)

    def locate_companions(self, record_id: str) -> tuple[str, ...]:
        """Return the URL of a live blog's posts, if the record were one."""
        return live.locate_posts(record_id)

    def is_child_due(self, child_url: str, since: date | None, until: date | None) -> bool:
        """Return whether a monthly sitemap or extra source can list articles of these days (both inclusive)."""
        if days := extra.find_days(child_url):
            return (since is None or since <= days[1]) and (until is None or days[0] <= until)
        return discovery.is_month_due(child_url, since, until)

    def path_date(self, url: str) -> date | None:
        """Return the day in a dated URL, Moscow time; None for any other URL."""
        return identity.find_day(url)


MOSCOW_TIMES = MoscowTimes(
    name=identity.SITE,
    hosts=frozenset({*identity.EDITION_BY_HOST, identity.STATIC_HOST, identity.OLD_HOST}),
    origins=(identity.ENGLISH.origin, identity.RUSSIAN.origin, f"https://{identity.STATIC_HOST}"),
    editions={edition.code: edition for edition in (identity.ENGLISH, identity.RUSSIAN)},
    title="The Moscow Times",
    time_zone=ZoneInfo("Europe/Moscow"),
    boilerplate=BOILERPLATE,
    text_edition="en",
    page=PAGE,
    sections=SECTION_NAMES,
    kinds=KINDS,
    expected=EXPECTED,
)
