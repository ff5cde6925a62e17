"""What all parts of one crawl share: the job at work, the archive, the log, and what may be asked now."""

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
"""In the meta of a request, its further tries and the redirects that it takes: it is a source's."""


FETCH_SECONDS = "fetch_seconds"
"""In the meta of a request that was answered: how long the answer took."""


REPORT_BYTES = 1024 * 1024
"""By so much a WARC file grows until its loading is worth a batch: some 110 pages of the replica."""


class CrawlLog:
    """The crawl's log: one line of JSON for each source and URL that is finished."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def write(self, line: CrawlLine) -> None:
        """Append a line in one write: a reader, or a kill, meets whole lines."""
        os.write(self._file, line.model_dump_json(exclude_none=True).encode() + b"\n")

    def close(self) -> None:
        """Nothing is written after this."""
        os.close(self._file)


class Closing:
    """Whether the crawl is to end early, and why. Whoever knows a reason requests it; the lifeline carries it out."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self._requested = asyncio.Event()

    @property
    def is_requested(self) -> bool:
        """No request starts any more."""
        return self._requested.is_set()

    def request(self, reason: str) -> None:
        """Ask for the end; the first reason stands."""
        self.record(reason)
        self._requested.set()

    def record(self, reason: str) -> None:
        """Remember that the crawl has ended early already."""
        self.reason = self.reason or reason

    async def wait(self) -> None:
        """Until the end is requested."""
        await self._requested.wait()

    async def sleep(self, seconds: float) -> bool:
        """Whether the time passed without the end being requested."""
        try:
            await asyncio.wait_for(self._requested.wait(), seconds)
        except TimeoutError:
            return True
        return False


class CrawlSession:
    """One crawl. Held by the spider, for Scrapy gives every component the crawler and the crawler has the spider."""

    def __init__(self, job: CrawlJob, archive: WarcWriter, inbox: Inbox) -> None:
        self.job = job
        """The one at work."""
        self.archive = archive
        self.inbox = inbox
        self.closing = Closing()
        self.downloads: set[Deferred[Any]] = set()
        """Requests on the wire: cancelled when a closing crawl has waited long enough for them."""
        self.log = CrawlLog(job.log_path)
        self.host_backoffs = HostBackoffs(job.lock_path.parent)
        self.long_delays: dict[str, timedelta] = {}
        """Host -> the pause that its robots.txt asks for after each request, where no crawl waits so long."""
        self.source_order = SourceOrder(job.lock_path.parent)
        self.budget = Budget(job.log_path.with_name(COUNT_FILE), job.max_requests)
        self._unreported_bytes = 0

    def find_obstacle(self, request: Request) -> RequestPostponed | None:
        """Why a request may not be sent now; None where it may."""
        if until := self.host_backoffs.find(urlparse_cached(request).netloc):
            return HostResting(f"until {until:%Y-%m-%d %H:%M} UTC")
        reason = self.budget.find_reason(is_source=IS_SOURCE in request.meta)
        return RequestsSpent(reason) if reason else None

    def begin_request(self, request: Request) -> None:
        """It is sent now, and counted.

        Raises:
            CrawlClosing: the crawl ends.
            RequestPostponed: it may not be sent.
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

    def record_written(self, ref: CaptureRef) -> None:
        """A record was written: now and then, whoever loads it is told."""
        self._unreported_bytes += ref.length
        if self._unreported_bytes >= REPORT_BYTES:
            self._unreported_bytes = 0
            self.inbox.report_growth(ref.warc)

    async def begin_next(self) -> bool:
        """Whether there was a further job: it is at work now, with a log of its own."""
        job = await self.inbox.next()
        if job is None:
            return False
        if job.log_path != self.job.log_path:
            self.log.close()
            self.log = CrawlLog(job.log_path)
        self.job = job
        return True

    def close(self) -> None:
        """Nothing is logged, counted or noted after this."""
        self.log.close()
        self.source_order.close()
        self.budget.close()


def get_session(crawler: Crawler) -> CrawlSession:
    """The session of the crawl that a component belongs to."""
    session = getattr(crawler.spider, "session", None)
    if not isinstance(session, CrawlSession):
        raise TypeError("a crawl is started by `python -m spiders JOB.json`, which gives the spider its session")
    return session
