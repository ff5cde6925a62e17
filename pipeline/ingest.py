"""Runs one ingest step by step, without orchestration: discover, fetch what is due, read, store, report."""

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol, TypeVar
from urllib.parse import urlsplit

import sites
from pipeline.archive import Archive, check_version, open_archive
from pipeline.crawl import Crawler
from pipeline.discovery import discover_urls
from pipeline.fetch import StopCheck, fetch_pages, never_stop
from pipeline.load import BatchLoader, load_batch, load_unloaded
from pipeline.progress import report_progress
from pipeline.quality.findings import check_reading
from pipeline.reader import LIMIT_SECONDS
from pipeline.run import Run, finish_run, now, running
from schemas.failure import UsageFailure
from schemas.outcome import State
from schemas.report import RunReport
from schemas.settings import Settings
from schemas.span import DAY, EVER, Span
from schemas.url import Source, SourceKind
from sites.profile import Site, SourceChoice
from sites.publishers import Publishers
from sites.url import is_cdx_url
from storage.ledger.frontier import find_due
from storage.ledger.state import ARTICLE_STATES
from storage.reports.completeness import MISSING_STATES

PageChoice = Literal["all", "new", "known"]
"""Which due pages to fetch: those without an article yet, those to be refetched, or both."""

PAGE_STATES: dict[PageChoice, AbstractSet[State] | None] = {
    "all": None,
    "new": frozenset(State) - ARTICLE_STATES,
    "known": ARTICLE_STATES,
}


Result = TypeVar("Result")


class StepRunner(Protocol):
    """Runs a named step once."""

    def __call__(self, name: str, step: Callable[[], Result], /) -> Result:
        """Return what the step returns."""


def run_step(_name: str, step: Callable[[], Result]) -> Result:
    """Call the step directly."""
    return step()


@dataclass(frozen=True)
class Orchestration:
    """What a run leaves to its caller. By default, its steps are called directly, without retries or waiting."""

    run_step: StepRunner = run_step
    load: BatchLoader = load_batch
    should_stop: StopCheck = never_stop
    """Whether the run must end early because another one is waiting."""
    wait_seconds: float = 0
    """Seconds to wait for another run."""


class CdxUnknown(UsageFailure):
    """A URL given as a web archive's index does not look like one."""


class ContactMissing(UsageFailure):
    """A live site is crawled only if its owner can contact the operator."""


def ingest_once(  # noqa: PLR0913 - a choice each
    settings: Settings,
    site: str,
    source: SourceChoice | None,
    limit: int | None = None,
    span: Span = EVER,
    *,
    cdx_url: str | None = None,
    months: int | None = None,
    pages: PageChoice = "all",
    orchestration: Orchestration = Orchestration(),
    publishers: Publishers = sites.PUBLISHERS,
    reading_seconds: float = LIMIT_SECONDS,
) -> RunReport:
    """Ingest once. Without a source, nothing is discovered.

    With a span, only missing articles of its publication days are fetched, and nothing is refetched. Only the newest
    `months` monthly sitemaps are read, by default all.

    Raises:
        UnknownSite, ContactMissing, CdxUnknown, and whatever `open_archive` raises.
    """
    profile = check_request(settings, site, cdx_url)
    sources = tuple(_list_sources(profile, settings, source, cdx_url))
    kind = "ingest" if span == EVER else "backfill"
    parameters = _describe(span, source=source, limit=limit, cdx=cdx_url, months=months, pages=pages)
    step, load, wait_seconds = orchestration.run_step, orchestration.load, orchestration.wait_seconds
    open_writable = partial(
        open_archive, settings, writable=True, site=site, publishers=publishers, reading_seconds=reading_seconds
    )
    with (
        open_writable(wait_seconds=wait_seconds) as archive,
        Crawler() as crawler,
        running(archive, kind, site, parameters, span, wait_seconds=wait_seconds) as run,
    ):
        archive.reader.start()
        step("load", partial(load_unloaded, archive, run, load))
        step("discover", partial(discover_urls, archive, run, crawler, sources, load, list_months(profile, months)))
        step("fetch", partial(fetch_due, archive, run, crawler, limit, load, pages, orchestration.should_stop))
        return step("report", partial(_report, archive, run, crawler))


def _describe(span: Span, **choices: object) -> dict[str, object]:
    """Return the run's parameters, as stored in the database."""
    return choices | span.model_dump(mode="json", exclude_none=True)


def _report(archive: Archive, run: Run, crawler: Crawler) -> RunReport:
    report_progress("report", 0, None)
    check_reading(archive, run)
    crawler.end()  # completes its WARC files
    return finish_run(archive, run)


def _list_sources(
    profile: Site, settings: Settings, source: SourceChoice | None, cdx_url: str | None
) -> Iterator[Source]:
    """Yield the chosen sources, and a web archive's index, which knows pages that no other source names."""
    if source:
        yield from profile.sources(source)
    if source == "all":
        yield from profile.extra_sources(settings.extra_sources)
    if cdx_url:
        yield Source(url=cdx_url, kind=SourceKind.CDX)


def check_ingest(settings: Settings, site: str, cdx_url: str | None = None) -> Site:
    """Return the site's profile if these settings may crawl it; check before anything is started.

    Raises:
        UnknownSite, ContactMissing, CdxUnknown: see `check_request`.
        SchemaOutdated, SchemaUnknown: this version cannot use the database.
    """
    profile = check_request(settings, site, cdx_url)
    check_version(settings)
    return profile


def check_request(settings: Settings, site: str, cdx_url: str | None) -> Site:
    """Return the site's profile if it may be crawled with these settings.

    Raises:
        UnknownSite: there is no profile of this name.
        ContactMissing: a live site would be crawled, but no contact is set.
        CdxUnknown: the URL is not that of a web archive's index.
    """
    if cdx_url is not None and not (is_cdx_url(cdx_url) and cdx_url.startswith(("http://", "https://"))):
        raise CdxUnknown(f"--cdx {cdx_url}: not the URL of a web archive's index (its path ends in `cdx`)")
    return require_contact(settings, site, *([cdx_url] if cdx_url else []))


def require_contact(settings: Settings, site: str, *other_urls: str) -> Site:
    """Return the site's profile if only replicas would be crawled, or a contact is set.

    Raises:
        UnknownSite: there is no profile of this name.
        ContactMissing: a live site would be crawled, but no contact is set.
    """
    profile = sites.get_site(site)
    # A profile without origins applies to any site.
    extra = (source.url for source in profile.extra_sources(settings.extra_sources))
    asked = {*profile.origins, *map(origin_of, (*other_urls, *extra))}
    is_live = not profile.origins or not settings.origins.keys() >= asked
    if is_live and not settings.contact:
        raise ContactMissing("BROADSHEET_CONTACT is needed: a live site must be able to contact the crawler's operator")
    return profile


def origin_of(url: str) -> str:
    """Return scheme and host of a URL, in the form of the setting `origins`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def list_months(profile: Site, count: int | None) -> Span | None:
    """Return the span of the newest `count` months in the publisher's time zone; None without a count."""
    if count is None:
        return None
    first = now().astimezone(profile.time_zone).date().replace(day=1)
    for _ in range(count - 1):
        first = (first - DAY).replace(day=1)
    return Span(since=first)


def fetch_due(
    archive: Archive,
    run: Run,
    crawler: Crawler,
    limit: int | None,
    load: BatchLoader,
    pages: PageChoice = "all",
    should_stop: StopCheck = never_stop,
) -> None:
    """Fetch the due pages, newest first; within a span of days, only those without an article."""
    span, plan = run.span, archive.settings.revisit_plan
    states = PAGE_STATES[pages] if span == EVER else MISSING_STATES
    with archive.database.read() as session:
        due = find_due(session, run.site, now(), limit, since=span.since, until=span.until, states=states, plan=plan)
    if due:
        fetch_pages(archive, run, crawler, due, load, should_stop)
    else:
        run.notes.append("no page was due: none was fetched")
