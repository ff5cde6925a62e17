"""Puts together what is known of The Moscow Times."""

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
        """The edition and the article of a URL, or the rule by which it is none; never raises."""
        return identity.identify(url)

    def sources(self, choice: SourceChoice) -> tuple[Source, ...]:
        """Feeds, then the sitemap index, then the section listings."""
        return discovery.list_sources(choice)

    def extra_sources(self, names: Collection[str]) -> tuple[Source, ...]:
        """The search by windows of dates, and the old site's own lists."""
        return extra.list_extra_sources(names)

    def is_extra_source(self, url: str) -> bool:
        """Whether a URL is a search or a list of the old site."""
        return extra.find_days(url) is not None

    def recognize_source(self, url: str) -> SourceKind | None:
        """What kind of source a URL is; None for any other page."""
        return SourceKind.SITEMAP if self.is_extra_source(url) else discovery.recognize_source(url)

    def source_month(self, url: str) -> str | None:
        """The publication month (`YYYY-MM`) of a monthly sitemap's URLs."""
        return discovery.find_month(url)

    def first_listing_page(self, url: str) -> str | None:
        """The URL of a section's page, for that or any fragment of it; None for what is no listing."""
        return discovery.first_page(url) if self.recognize_source(url) is SourceKind.LISTING else None

    def next_listing_page(self, url: str) -> str | None:
        """The URL of the page that follows a section's page or fragment; None for what is no listing."""
        return discovery.next_page(url) if self.recognize_source(url) is SourceKind.LISTING else None

    def read_source(self, body: bytes, url: str, media_type: str, seen_at: datetime) -> SourcePage:
        """What a feed, sitemap or listing page advertises; raises `SourceUnreadable`."""
        if days := extra.find_days(url):
            return extra.read_extra_source(body, url, days, seen_at)
        match self.recognize_source(url):
            case SourceKind.LISTING:
                return discovery.read_listing(body, url, seen_at)
            case SourceKind.FEED:
                return discovery.read_feed(body, url, media_type, seen_at)
        return super().read_source(body, url, media_type, seen_at)

    def companion_urls(self, url: str, body: bytes) -> tuple[str, ...]:
        """For a live blog's page, the URL that answers its posts; never raises."""
        return live.list_companions(url, body)

    def recognize_companion(self, url: str) -> str | None:
        """The record id of the live blog whose posts a URL answers."""
        return live.find_record_id(url)

    def is_child_due(self, child_url: str, since: date | None, until: date | None) -> bool:
        """Whether a monthly sitemap or an extra source can name articles of these publication days (both inclusive)."""
        if days := extra.find_days(child_url):
            return (since is None or since <= days[1]) and (until is None or days[0] <= until)
        return discovery.is_month_due(child_url, since, until)

    def path_date(self, url: str) -> date | None:
        """The day that a dated URL names, Moscow time."""
        return identity.find_day(url)


MOSCOW_TIMES = MoscowTimes(
    name=identity.SITE,
    hosts=frozenset({*identity.EDITION_BY_HOST, identity.STATIC_HOST, identity.OLD_HOST}),
    origins=(identity.ENGLISH.origin, identity.RUSSIAN.origin, f"https://{identity.STATIC_HOST}"),
    editions={edition.code: edition for edition in (identity.ENGLISH, identity.RUSSIAN)},
    time_zone=ZoneInfo("Europe/Moscow"),
    boilerplate=BOILERPLATE,
    text_edition="en",
    page=PAGE,
    sections=SECTION_NAMES,
    kinds=KINDS,
    expected=EXPECTED,
)
