"""The one spider: a job's sources with the pages that they lead on to, then its URLs. A log line for each."""

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
"""A source's pages come before the URLs."""

MAX_CHILDREN = 10_000
"""Eight hundred years of monthly sitemaps: an index that never ends is followed no further."""

IDLE_CHECK_SECONDS = 0.05
"""How often the end of a job is looked for, when its last request has been made."""

SHOWN_CHARS = 200
"""Of what is no URL."""


class PublisherSpider(scrapy.Spider):
    """Fetches what its job names, and follows sources only."""

    name = "publisher"

    def __init__(self, *, session: CrawlSession, **options: Any) -> None:
        super().__init__(**options)
        self.session = session
        self._site = get_site(session.job.site)
        self._seen_sources: set[str] = set()

    async def start(self) -> AsyncIterator[Request]:
        """Each job's requests, one at a time: the next is made when Scrapy has none left to send."""
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
        """Whether anything of the job is still to be done: as Scrapy asks it of a crawl that is to end."""
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
            if not self.session.host_backoffs.find(_host_of(url)):  # without a line it waits as it is
                yield from self._make_request(url, callback=self.parse_article)

    def _sort_sources(self, urls: Iterable[str]) -> list[str]:
        """Those asked longest ago first: where the requests do not suffice for all, each run gets further."""
        return sorted(urls, key=self.session.source_order.find)

    def _make_source_requests(self, url: str) -> Iterator[Request]:
        if url in self._seen_sources or len(self._seen_sources) >= MAX_CHILDREN:
            return
        self._seen_sources.add(url)
        meta = {IS_SOURCE: True}
        yield from self._make_request(url, callback=self.parse_source, priority=CHILD_PRIORITY, meta=meta)

    def _make_request(self, url: str, **options: Any) -> Iterator[Request]:
        """None where the URL is no URL: it gets its line at once."""
        try:
            _require_web_url(url)
            headers = condition_headers(self.session.job.validators.get(url))
            request = Request(url, errback=self.record_failure, cb_kwargs={"url": url}, headers=headers, **options)
            _require_short(request.url)
            yield request
        except ValueError as error:
            self._write_line(url or "(empty)", FetchResult.FAILED, error=f"AddressUnusable: {error}", attempts=0)

    def parse_article(self, response: Response, url: str) -> Iterator[Request]:
        """Its page lies in the archive: what it says is for others to read. What belongs to it is fetched with it."""
        self._record_capture(response, url)
        if response.status in SUCCESS_STATUSES:
            for companion in self._site.companion_urls(response.url, response.body):
                # Before the next page: the two are read together.
                yield from self._make_request(companion, callback=self.parse_companion, priority=CHILD_PRIORITY)

    def parse_companion(self, response: Response, url: str) -> None:
        """A live blog's posts."""
        self._record_capture(response, url)

    def parse_source(self, response: Response, url: str) -> Iterator[Request]:
        """Follow an index to its pages. A listing's next page is another job's: it depends on what is known."""
        self._record_capture(response, url)
        for child in self._sort_sources(self._read_children(response)):
            if is_same_publisher(self.session.job.site, url, child):
                yield from self._make_source_requests(child)
            elif child not in self._seen_sources:
                self._seen_sources.add(child)
                self._write_line(child, FetchResult.REFUSED, error=f"RedirectRefused: named by {url}", attempts=0)

    def record_failure(self, failure: Failure) -> None:
        """The line of a request that ended without a usable answer."""
        error, request = failure.value, failure.request  # type: ignore[attr-defined]
        is_left = isinstance(error, RequestPostponed)
        # What a closing crawl gives up was never finished, and a page that is not sent now is due as before: the next
        # crawl asks for it again. Of the sources, only the log knows.
        if self.session.closing.is_requested or (is_left and IS_SOURCE not in request.meta):
            return
        self._write_line(
            request.cb_kwargs["url"],
            _classify_error(error),
            error=f"{type(error).__name__}: {error}".removesuffix(": "),
            attempts=_count_attempts(request) - is_left,
            final_url=request.url if request.meta.get("redirect_urls") else None,
        )

    def closed(self, reason: str) -> None:
        """Called by Scrapy at the end: any reason but its own `finished` means that something was left."""
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
        self.session.log.write(CrawlLine(url=url, result=result, at=datetime.now(UTC), **fields))


def condition_headers(validators: Validators | None) -> dict[str, str]:
    """What asks the server for an answer only if the page has changed."""
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
