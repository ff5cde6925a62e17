"""State shared by all components of a crawl: the current job, the archive, the log, and what may be requested."""

import asyncio
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.defer import Deferred

from schemas.capture import CaptureRef
from schemas.crawl import CrawlJob, CrawlLine
from spiders.budget import COUNT_FILE, Budget
from spiders.host_backoff import HostBackoffs
from spiders.inbox import Inbox
from spiders.rejection import CrawlClosing, HostResting, RequestPostponed, RequestsSpent
from spiders.source_order import SourceOrder
from spiders.warc import WarcWriter

IS_SOURCE = "is_source"
"""Request meta key: the request is for a source. Retries and redirects inherit it."""


FETCH_SECONDS = "fetch_seconds"
"""Request meta key: how long the response took."""


REPORT_BYTES = 1024 * 1024
"""Growth of a WARC file that is worth loading as a batch: some 110 pages of the replica."""


class CrawlLog:
    """The crawl's log: one line of JSON for each finished source and URL."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def write(self, line: CrawlLine) -> None:
        """Append a line in one write, so that the file has only complete lines, even after a kill."""
        os.write(self._file, line.model_dump_json(exclude_none=True).encode() + b"\n")

    def close(self) -> None:
        """Close the file; write nothing after this."""
        os.close(self._file)


class Closing:
    """Whether the crawl is to close early, and why. Any component may request it; `spiders.shutdown` does it."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self._requested = asyncio.Event()

    @property
    def is_requested(self) -> bool:
        """Whether the crawl is to close: no request may start."""
        return self._requested.is_set()

    def request(self, reason: str) -> None:
        """Request closing; the first reason is kept."""
        self.record(reason)
        self._requested.set()

    def record(self, reason: str) -> None:
        """Record why the crawl closes, without requesting it."""
        self.reason = self.reason or reason

    async def wait(self) -> None:
        """Wait until closing is requested."""
        await self._requested.wait()

    async def sleep(self, seconds: float) -> bool:
        """Sleep; return False as soon as closing is requested, else True."""
        try:
            await asyncio.wait_for(self._requested.wait(), seconds)
        except TimeoutError:
            return True
        return False


class CrawlSession:
    """One crawl. The spider has it, because Scrapy gives every component the crawler, and that has the spider."""

    def __init__(self, job: CrawlJob, archive: WarcWriter, inbox: Inbox) -> None:
        self.job = job
        """The current job."""
        self.archive = archive
        self.inbox = inbox
        self.closing = Closing()
        self.downloads: set[Deferred[Any]] = set()
        """Downloads in progress: cancelled when a closing crawl has waited long enough for them."""
        self.log = CrawlLog(job.log_path)
        self.host_backoffs = HostBackoffs(job.lock_path.parent)
        self.long_delays: dict[str, timedelta] = {}
        """Host -> the Crawl-delay of its robots.txt, if too long for a crawl to wait."""
        self.source_order = SourceOrder(job.lock_path.parent)
        self.budget = Budget(job.log_path.with_name(COUNT_FILE), job.max_requests)
        self._unreported_bytes = 0
        self._wanted = frozenset(job.urls)
        self._finished: set[str] = set()

    def find_obstacle(self, request: Request) -> RequestPostponed | None:
        """Return why a request may not be sent now; None if it may."""
        if until := self.host_backoffs.find(urlparse_cached(request).netloc):
            return HostResting(f"until {until:%Y-%m-%d %H:%M} UTC")
        reason = self.budget.find_reason(is_source=IS_SOURCE in request.meta)
        return RequestsSpent(reason) if reason else None

    def begin_request(self, request: Request) -> None:
        """Record that a request is sent now, and count it.

        Raises:
            CrawlClosing: the crawl is closing.
            RequestPostponed: the request may not be sent.
        """
        if self.closing.is_requested:
            raise CrawlClosing(self.closing.reason)
        if obstacle := self.find_obstacle(request):
            raise obstacle
        host = urlparse_cached(request).netloc
        if pause := self.long_delays.get(host):
            self.host_backoffs.record(host, pause)
        is_source = IS_SOURCE in request.meta
        self.budget.count(is_source=is_source)
        if is_source:
            self.source_order.record(request.cb_kwargs["url"])
            self.inbox.report_request(request.cb_kwargs["url"])

    def record_line(self, line: CrawlLine) -> None:
        """Write a line of the log; tell the parent how many of the job's URLs (or its sources) are finished."""
        self.log.write(line)
        if not self._wanted or line.url in self._wanted:  # a page's companions do not count
            self._finished.add(line.url)
            self.inbox.report_finished(len(self._finished))

    def record_written(self, ref: CaptureRef) -> None:
        """Record that a WARC record was written; report the file's growth to the parent every `REPORT_BYTES`."""
        self._unreported_bytes += ref.length
        if self._unreported_bytes >= REPORT_BYTES:
            self._unreported_bytes = 0
            self.inbox.report_growth(ref.warc)

    async def begin_next(self) -> bool:
        """Start the next job, with its own log. Return False if there is none."""
        job = await self.inbox.next()
        if job is None:
            return False
        if job.log_path != self.job.log_path:
            self.log.close()
            self.log = CrawlLog(job.log_path)
        self.job = job
        self._wanted, self._finished = frozenset(job.urls), set()
        return True

    def close(self) -> None:
        """Close all files; log, count and record nothing after this."""
        self.log.close()
        self.source_order.close()
        self.budget.close()


def get_session(crawler: Crawler) -> CrawlSession:
    """Return the session of a component's crawl."""
    session = getattr(crawler.spider, "session", None)
    if not isinstance(session, CrawlSession):
        raise TypeError("a crawl is started by `python -m spiders JOB.json`, which gives the spider its session")
    return session
