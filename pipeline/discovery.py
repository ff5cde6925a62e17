"""Discovers URLs: feeds first, then sitemaps, then listings, page by page until everything on a page is known."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

import sites
from pipeline.archive import Archive
from pipeline.crawl import Crawler, make_job
from pipeline.fetch import fetch_sources
from pipeline.load import BatchLoader, SourceFinding
from pipeline.run import Run, now
from schemas.crawl import CrawlJob
from schemas.span import Span
from schemas.url import Source
from sites.profile import Site
from storage.ledger.sighting import record_listing_read
from storage.ledger.validator import find_source_validators

KNOWN_PAGES = 2
"""Consecutive known pages that end the reading of a listing: offsets shift meanwhile, so one more page is read after
the first known one. A URL is known if the listing itself named it before its last complete reading; a URL known from a
feed says nothing about the entries below it."""


def discover_urls(
    archive: Archive,
    run: Run,
    crawler: Crawler,
    sources: Sequence[Source],
    load: BatchLoader,
    span: Span | None = None,
) -> None:
    """Fetch the sources, and record every advertised URL in the ledger.

    Only the monthly sitemaps within the span (by default the run's) are fetched. Listings are read in parallel, one
    page of each at a time.
    """
    known_pages: dict[str, int] = {}
    sources = list_due_sources(sites.get_site(run.site or ""), sources, span or run.span)
    while sources:
        found = fetch_sources(archive, run, crawler, _make_job(archive, run, sources, span or run.span), load)
        sources = list(_continue_listings(archive, run, sources, found, known_pages))


def list_due_sources(site: Site, sources: Iterable[Source], span: Span) -> list[Source]:
    """Return the sources that can name articles of these publication days."""
    today = now().astimezone(site.time_zone).date()
    return [
        source
        for source in sources
        if site.is_child_due(source.url, span.since, span.until)
        and not (source.newest_days and span.until and span.until < today - timedelta(days=source.newest_days))
    ]


def _make_job(archive: Archive, run: Run, sources: Sequence[Source], span: Span) -> CrawlJob:
    with archive.database.read() as session:
        validators = find_source_validators(session, run.site or "", now(), archive.settings.revisit_plan)
    return make_job(archive.settings, run, sources=tuple(sources), span=span, validators=validators)


def _continue_listings(
    archive: Archive,
    run: Run,
    sources: Sequence[Source],
    found: Mapping[str, SourceFinding],
    known_pages: dict[str, int],
) -> Iterator[Source]:
    """Yield the next page of each unfinished listing. One that failed is read from its start next time."""
    site = sites.get_site(run.site or "")
    for source in sources:
        next_url, finding = site.next_listing_page(source.url), found.get(source.url)
        if next_url is None or finding is None or finding.reason:
            continue
        known_count = 0 if finding.unknown_count else known_pages.get(source.url, 0) + 1
        if finding.is_end or known_count >= KNOWN_PAGES:
            _record_listing_read(archive, site.first_listing_page(source.url))
        else:
            known_pages[next_url] = known_count
            yield source.model_copy(update={"url": next_url})


def _record_listing_read(archive: Archive, listing: str | None) -> None:
    if listing:
        with archive.database.begin() as session:
            record_listing_read(session, listing, now())
