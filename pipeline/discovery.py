"""Finding what there is: feeds first, then sitemaps, then the listings, page after page until all of one is known."""

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
"""So many pages in a row of which all was known end the reading of a listing: its offsets shift meanwhile, so that one
more is looked at after the first of them. Known is what the listing itself named before it was last read so far: what
feeds named says nothing of what stands below."""


def discover_urls(
    archive: Archive,
    run: Run,
    crawler: Crawler,
    sources: Sequence[Source],
    load: BatchLoader,
    span: Span | None = None,
) -> None:
    """Fetch what advertises articles, and note every URL in the ledger.

    Of the monthly sitemaps, those that the span touches, by default the run's. Listings are read together, a page of
    each at a time.
    """
    known_pages: dict[str, int] = {}
    sources = list_due_sources(sites.get_site(run.site or ""), sources, span or run.span)
    while sources:
        found = fetch_sources(archive, run, crawler, _make_job(archive, run, sources, span or run.span), load)
        sources = list(_continue_listings(archive, run, sources, found, known_pages))


def list_due_sources(site: Site, sources: Iterable[Source], span: Span) -> list[Source]:
    """Those that can name articles of these publication days."""
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
    """The next page of each listing that is not at its end, nor where all is known. One that failed is read anew."""
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
