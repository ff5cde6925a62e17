"""The one spider: fetches a job's sources and their child pages, then its URLs, and logs a line for each."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import scrapy
from scrapy import Request, signals
from scrapy.http import Response
from twisted.python.failure import Failure

from schemas.capture import MAX_URL_BYTES, SUCCESS_STATUSES, Validators
from schemas.crawl import CrawlLine, FetchResult
from schemas.url import SourceKind
from sites import get_site
from spiders.redirect import is_same_publisher
from spiders.rejection import HostResting, Refused, RequestPostponed, RequestsSpent, RobotsForbidden, RobotsUnreachable
from spiders.session import FETCH_SECONDS, IS_SOURCE, CrawlSession

logger = logging.getLogger(__name__)

CHILD_PRIORITY = 1
"""A source's child pages are fetched before the URLs."""

MAX_CHILDREN = 10_000
"""Limit for an endless index: eight hundred years of monthly sitemaps."""

IDLE_CHECK_SECONDS = 0.05
"""How often to check whether a job is done, after its last request."""

SHOWN_CHARS = 200
"""How much of an invalid URL an error message quotes."""


class PublisherSpider(scrapy.Spider):
    """Fetches what its job names; follows links of sources only."""

    name = "publisher"

    def __init__(self, *, session: CrawlSession, **options: Any) -> None:
        super().__init__(**options)
        self.session = session
        self._site = get_site(session.job.site)
        self._seen_sources: set[str] = set()

    async def start(self) -> AsyncIterator[Request]:
        """Yield each job's requests, one at a time: the next when Scrapy has none left to send."""
        while await self.session.begin_next():
            self._seen_sources.clear()
            for request in self._make_requests():
                yield request
                if self.crawler.engine.needs_backout() or self._has_queued():
                    await self.crawler.signals.wait_for(signals.scheduler_empty)
            while self._is_busy():  # noqa: ASYNC110 - Scrapy has no event for it
                await asyncio.sleep(IDLE_CHECK_SECONDS)
            self.session.inbox.acknowledge(self.session.job)

    def _is_busy(self) -> bool:
        """Return whether the job has unfinished work, by the checks that Scrapy makes before it closes a crawl."""
        engine = self.crawler.engine
        is_scraping = engine.scraper.slot is not None and not engine.scraper.slot.is_idle()
        return bool(engine.downloader.active) or is_scraping or self._has_queued()

    def _has_queued(self) -> bool:
        scheduler = self.crawler.engine.scheduler
        return scheduler is not None and scheduler.has_pending_requests()

    def _make_requests(self) -> Iterator[Request]:
        for url in self._sort_sources(source.url for source in self.session.job.sources):
            yield from self._make_source_requests(url)
        for url in dict.fromkeys(self.session.job.urls):
            if self.session.budget.is_spent:
                return
            if not self.session.host_backoffs.find(_host_of(url)):  # no log line: the URL stays due
                yield from self._make_request(url, callback=self.parse_article)

    def _sort_sources(self, urls: Iterable[str]) -> list[str]:
        """Sort by last request, oldest first: if the budget is too small for all, each run gets further."""
        return sorted(urls, key=self.session.source_order.find)

    def _make_source_requests(self, url: str) -> Iterator[Request]:
        if url in self._seen_sources or len(self._seen_sources) >= MAX_CHILDREN:
            return
        self._seen_sources.add(url)
        meta = {IS_SOURCE: True}
        yield from self._make_request(url, callback=self.parse_source, priority=CHILD_PRIORITY, meta=meta)

    def _make_request(self, url: str, **options: Any) -> Iterator[Request]:
        """Yield the request; for an invalid URL, write its log line instead."""
        try:
            _require_web_url(url)
            headers = condition_headers(self.session.job.validators.get(url))
            request = Request(url, errback=self.record_failure, cb_kwargs={"url": url}, headers=headers, **options)
            _require_short(request.url)
            yield request
        except ValueError as error:
            self._write_line(url or "(empty)", FetchResult.FAILED, error=f"AddressUnusable: {error}", attempts=0)

    def parse_article(self, response: Response, url: str) -> Iterator[Request]:
        """Log the page, which is archived already, and fetch its companions. Parsing it is done elsewhere."""
        self._record_capture(response, url)
        if response.status in SUCCESS_STATUSES:
            for companion in self._site.companion_urls(response.url, response.body):
                # Before the next page, because a page and its companions are parsed together.
                yield from self._make_request(companion, callback=self.parse_companion, priority=CHILD_PRIORITY)

    def parse_companion(self, response: Response, url: str) -> None:
        """Log a page's companion, such as the posts of a live blog."""
        self._record_capture(response, url)

    def parse_source(self, response: Response, url: str) -> Iterator[Request]:
        """Follow an index to its child pages. A listing's next page is another job: it depends on the ledger."""
        self._record_capture(response, url)
        for child in self._sort_sources(self._read_children(response)):
            if is_same_publisher(self.session.job.site, url, child):
                yield from self._make_source_requests(child)
            elif child not in self._seen_sources:
                self._seen_sources.add(child)
                self._write_line(child, FetchResult.REFUSED, error=f"RedirectRefused: named by {url}", attempts=0)

    def record_failure(self, failure: Failure) -> None:
        """Write the log line of a request that ended without a usable response."""
        error, request = failure.value, failure.request  # type: ignore[attr-defined]
        is_postponed = isinstance(error, RequestPostponed)
        # A page that was postponed, or abandoned by a closing crawl, stays due: the next crawl requests it again.
        # A postponed source needs a line, because nothing else records it.
        if self.session.closing.is_requested or (is_postponed and IS_SOURCE not in request.meta):
            return
        self._write_line(
            request.cb_kwargs["url"],
            _classify_error(error),
            error=f"{type(error).__name__}: {error}".removesuffix(": "),
            attempts=_count_attempts(request) - is_postponed,
            final_url=request.url if request.meta.get("redirect_urls") else None,
        )

    def closed(self, reason: str) -> None:
        """Record why the crawl ended, unless it finished (Scrapy's `finished`). Called by Scrapy."""
        if reason != "finished":
            self.session.closing.record(reason)

    def _read_children(self, response: Response) -> Iterator[str]:
        is_listing = self._site.recognize_source(response.url) is SourceKind.LISTING
        if response.status not in SUCCESS_STATUSES or is_listing:
            return
        media_type = (response.headers.get("Content-Type") or b"").decode("latin-1").partition(";")[0].strip().lower()
        job = self.session.job
        try:
            page = self._site.read_source(response.body, response.url, media_type, datetime.now(UTC))
        except ValueError as error:
            logger.warning("%s could not be followed: %s", response.url, error)
            return
        yield from (child for child in page.children if self._site.is_child_due(child, job.since, job.until))

    def _record_capture(self, response: Response, url: str) -> None:
        request = response.request
        self._write_line(
            url,
            FetchResult.CAPTURED,
            status=response.status,
            final_url=response.url,
            attempts=_count_attempts(request) if request else 1,
            seconds=request.meta.get(FETCH_SECONDS) if request else None,
        )

    def _write_line(self, url: str, result: FetchResult, **fields: Any) -> None:
        self.session.record_line(CrawlLine(url=url, result=result, at=datetime.now(UTC), **fields))


def condition_headers(validators: Validators | None) -> dict[str, str]:
    """Return the headers of a conditional request, which get the page only if it has changed."""
    if validators is None:
        return {}
    named = {"If-None-Match": validators.etag, "If-Modified-Since": validators.last_modified}
    return {name: value for name, value in named.items() if value}


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def _require_web_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{url[:SHOWN_CHARS]!r} is no URL")


def _require_short(url: str) -> None:
    if len(url) > MAX_URL_BYTES:
        raise ValueError(f"longer than {MAX_URL_BYTES} bytes")


def _classify_error(error: BaseException | None) -> FetchResult:
    match error:
        case RobotsForbidden():
            return FetchResult.FORBIDDEN
        case RobotsUnreachable():
            return FetchResult.ROBOTS_UNREACHABLE
        case Refused():
            return FetchResult.REFUSED
        case RequestsSpent():
            return FetchResult.SPENT
        case HostResting():
            return FetchResult.RESTING
        case _:
            return FetchResult.FAILED


def _count_attempts(request: Request) -> int:
    tries: int = request.meta.get("retry_times", 0)
    return tries + 1
