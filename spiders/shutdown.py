"""Closes a crawl early: when its parent dies, on a signal, or when a component requests it."""

import asyncio
import os
import signal
import sys
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler

from schemas.printing import print_line
from spiders.downloader import drop_queued
from spiders.inbox import CHUNK_BYTES, JobUnusable, is_pipe
from spiders.rejection import CrawlClosing
from spiders.session import get_session
from spiders.watchdog import Watchdog

GRACE_SECONDS = 3.0
"""How long downloads in progress may still finish; most pages take less. Then they are cancelled."""

DROP_SECONDS = 0.1
"""How often to empty the queues of a closing crawl."""

LAST_SECONDS = 20.0
"""When to force the exit of a crawl that has not closed; its parent waits for thirty."""


class Shutdown:
    """Watches standard input and signals, and closes the crawl gracefully when requested."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._session = get_session(crawler)
        self._stdin: int | None = None
        self._watch: asyncio.Task[None] | None = None
        self._drain: asyncio.Task[None] | None = None
        self._last_resort: asyncio.TimerHandle | None = None
        self._watchdog = Watchdog()
        crawler.signals.connect(self._start, signals.engine_started)
        crawler.signals.connect(self._stop, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the extension for Scrapy."""
        return cls(crawler)

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        self._watchdog.start()
        self._watch = loop.create_task(self._close_when_requested())
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._session.closing.request, signal.Signals(number).name)
            # The event loop sees a signal only in its next iteration; this handler runs before.
            signal.signal(number, self._watchdog.tighten)
        # Only a pipe or socket comes from a parent, not a terminal or /dev/null.
        if is_pipe(sys.stdin):
            self._stdin = sys.stdin.fileno()
            loop.add_reader(self._stdin, self._read_stdin)

    def _stop(self) -> None:
        self._watchdog.stop()
        self._stop_reading_stdin()
        if self._drain is not None:
            self._drain.cancel()
        if self._last_resort is not None:
            self._last_resort.cancel()
        if self._watch is not None and not self._session.closing.is_requested:
            self._watch.cancel()

    def _read_stdin(self) -> None:
        """Read paths of jobs; end of file means that the parent is gone, unless it has already sent its last job."""
        chunk = os.read(sys.stdin.fileno(), CHUNK_BYTES)
        inbox, closing = self._session.inbox, self._session.closing
        if not chunk:
            self._stop_reading_stdin()
        if not chunk and not (inbox.is_fed and inbox.is_complete):
            closing.request("the parent is gone")
        elif inbox.is_fed:
            try:
                inbox.feed(chunk)
            except JobUnusable as error:
                closing.request(str(error))

    def _stop_reading_stdin(self) -> None:
        if self._stdin is not None:
            asyncio.get_running_loop().remove_reader(self._stdin)
            self._stdin = None

    async def _close_when_requested(self) -> None:
        await self._session.closing.wait()
        self._watchdog.tighten()
        self._session.inbox.complete()
        loop = asyncio.get_running_loop()
        loop.call_later(GRACE_SECONDS, self._cut_downloads)
        self._last_resort = loop.call_later(LAST_SECONDS, self._force_exit)
        self._drain = loop.create_task(self._drop_until_closed())
        await self._crawler.engine.close_spider_async(reason=self._session.closing.reason or "closed")

    async def _drop_until_closed(self) -> None:
        """Empty the queues until the crawl has closed, because requests in the middlewares reach them later."""
        while True:
            self._drop_queued()
            await asyncio.sleep(DROP_SECONDS)

    def _force_exit(self) -> None:
        """End the process. Nothing is lost: records are written in one piece, and unsent requests stay due."""
        print_line("the crawl did not close, and was ended")
        os._exit(1)

    def _drop_queued(self) -> None:
        for slot in self._crawler.engine.downloader.slots.values():
            drop_queued(slot, lambda: CrawlClosing(self._session.closing.reason))

    def _cut_downloads(self) -> None:
        for download in tuple(self._session.downloads):
            download.cancel()
