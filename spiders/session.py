"""What all parts of one crawl share: the job, the archive, the log, and whether the crawl is to end."""

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scrapy.crawler import Crawler
from twisted.internet.defer import Deferred

from schemas.crawl import CrawlJob, CrawlLine
from spiders.warc import WarcWriter


class CrawlLog:
    """The crawl's log: one line of JSON for each source and URL that is finished."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)

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
        self.note(reason)
        self._requested.set()

    def note(self, reason: str) -> None:
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


@dataclass(frozen=True)
class CrawlSession:
    """One crawl. Held by the spider, for Scrapy gives every component the crawler and the crawler has the spider."""

    job: CrawlJob
    archive: WarcWriter
    log: CrawlLog
    closing: Closing = field(default_factory=Closing)
    downloads: set[Deferred[Any]] = field(default_factory=set)
    """Requests on the wire: cancelled when a closing crawl has waited long enough for them."""


def get_session(crawler: Crawler) -> CrawlSession:
    """The session of the crawl that a component belongs to."""
    session = getattr(crawler.spider, "session", None)
    if not isinstance(session, CrawlSession):
        raise TypeError("a crawl is started by `python -m spiders JOB.json`, which gives the spider its session")
    return session
