"""One ingest, step by step, without any orchestration: discover, fetch what is due, read, store, report."""

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
from pipeline.fetch import Wanted, fetch_pages, never_wanted
from pipeline.load import BatchLoader, load_batch, load_unloaded
from pipeline.quality.findings import notice_reading
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
"""Which of the pages that are due: those without an article yet, those that are looked at again, or both."""

PAGE_STATES: dict[PageChoice, AbstractSet[State] | None] = {
    "all": None,
    "new": frozenset(State) - ARTICLE_STATES,
    "known": ARTICLE_STATES,
}


Result = TypeVar("Result")


class StepRunner(Protocol):
    """Runs a step of this name, once."""

    def __call__(self, name: str, step: Callable[[], Result], /) -> Result:
        """What the step returns."""


def run_step(_name: str, step: Callable[[], Result]) -> Result:
    """Run it as it stands here."""
    return step()


@dataclass(frozen=True)
class Orchestration:
    """What a run leaves to its caller; by default nothing is around its steps, tried again or waited for."""

    run_step: StepRunner = run_step
    load: BatchLoader = load_batch
    is_wanted: Wanted = never_wanted
    """Whether the run is to end early, because another one waits."""
    patience_seconds: float = 0
    """How long it waits for another run."""


class CdxUnknown(UsageFailure):
    """A URL that should answer the index of a web archive does not look like one."""


class ContactMissing(UsageFailure):
    """A live site is only crawled by somebody whom its owner can reach."""


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
    """Ingest once. Without a source, nothing is looked for.

    With a span, of its publication days alone: what is missing there is fetched, nothing is looked at again. Of the
    monthly sitemaps, it reads the newest `months`, or all.

    Raises:
        UnknownSite, ContactMissing, CdxUnknown, and what `open_archive` raises.
    """
    profile = check_request(settings, site, cdx_url)
    sources = tuple(_list_sources(profile, settings, source, cdx_url))
    kind = "ingest" if span == EVER else "backfill"
    parameters = _describe(span, source=source, limit=limit, cdx=cdx_url, months=months, pages=pages)
    begin, load, patience = orchestration.run_step, orchestration.load, orchestration.patience_seconds
    opening = partial(open_archive, settings, writable=True, publishers=publishers, reading_seconds=reading_seconds)
    with (
        opening(patience_seconds=patience) as archive,
        Crawler() as crawler,
        running(archive, kind, site, parameters, span, patience_seconds=patience) as run,
    ):
        archive.reader.start()
        begin("load", partial(load_unloaded, archive, run, load))
        begin("discover", partial(discover_urls, archive, run, crawler, sources, load, list_months(profile, months)))
        begin("fetch", partial(fetch_due, archive, run, crawler, limit, load, pages, orchestration.is_wanted))
        return begin("report", partial(_report, archive, run, crawler))


def _describe(span: Span, **choices: object) -> dict[str, object]:
    """The run's parameters, as its row in the database has them."""
    return choices | span.model_dump(mode="json", exclude_none=True)


def _report(archive: Archive, run: Run, crawler: Crawler) -> RunReport:
    notice_reading(archive, run)
    crawler.end()  # what it wrote is finished
    return finish_run(archive, run)


def _list_sources(
    profile: Site, settings: Settings, source: SourceChoice | None, cdx_url: str | None
) -> Iterator[Source]:
    """The sources to ask: the chosen ones, and a web archive's index, which knows of pages that no other names."""
    if source:
        yield from profile.sources(source)
    if source == "all":
        yield from profile.extra_sources(settings.extra_sources)
    if cdx_url:
        yield Source(url=cdx_url, kind=SourceKind.CDX)


def check_ingest(settings: Settings, site: str, cdx_url: str | None = None) -> Site:
    """The site's profile, if these settings may crawl it: asked before anything is started for it.

    Raises:
        UnknownSite, ContactMissing, CdxUnknown: see `check_request`.
        SchemaOutdated, SchemaUnknown: the database is not of this version.
    """
    profile = check_request(settings, site, cdx_url)
    check_version(settings)
    return profile


def check_request(settings: Settings, site: str, cdx_url: str | None) -> Site:
    """The site's profile, if it may be crawled so.

    Raises:
        UnknownSite: there is no profile of this name.
        ContactMissing: a live site would be asked, and the settings do not say by whom.
        CdxUnknown: the URL is none of a web archive's index.
    """
    if cdx_url is not None and not (is_cdx_url(cdx_url) and cdx_url.startswith(("http://", "https://"))):
        raise CdxUnknown(f"--cdx {cdx_url}: no URL of a web archive's index (its path ends in `cdx`)")
    return require_contact(settings, site, *([cdx_url] if cdx_url else []))


def require_contact(settings: Settings, site: str, *other_urls: str) -> Site:
    """The site's profile, if nothing but a replica of it would be asked, or the settings say by whom.

    Raises:
        UnknownSite: there is no profile of this name.
        ContactMissing: a live site would be asked, and the settings do not say by whom.
    """
    profile = sites.get_site(site)
    # A site without origins of its own can be anybody's.
    extra = (source.url for source in profile.extra_sources(settings.extra_sources))
    asked = {*profile.origins, *map(origin_of, (*other_urls, *extra))}
    is_live = not profile.origins or not settings.origins.keys() >= asked
    if is_live and not settings.contact:
        raise ContactMissing("BROADSHEET_CONTACT is needed: a live site must be able to reach who crawls it")
    return profile


def origin_of(url: str) -> str:
    """Scheme and host of a URL, as the setting `origins` has them."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def list_months(profile: Site, count: int | None) -> Span | None:
    """This month in the publisher's time zone and those before it, so many together; None without a number."""
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
    is_wanted: Wanted = never_wanted,
) -> None:
    """Fetch the pages that are due, newest first; in a span of days, those alone that have no article yet."""
    span, plan = run.span, archive.settings.revisit_plan
    states = PAGE_STATES[pages] if span == EVER else MISSING_STATES
    with archive.database.read() as session:
        due = find_due(session, run.site, now(), limit, since=span.since, until=span.until, states=states, plan=plan)
    if due:
        fetch_pages(archive, run, crawler, due, load, is_wanted)
    else:
        run.notes.append("no page was due: none was fetched")
