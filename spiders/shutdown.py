"""What ends a crawl early: the parent's death, a signal, or a reason from within."""

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
"""What is on the wire may still arrive and be kept: most pages take less. Then the connection is cut."""

DROP_SECONDS = 0.1
"""How often the queues of a closing crawl are emptied."""

LAST_SECONDS = 20.0
"""A crawl that has not closed by then never will; its parent waits for thirty."""


class Shutdown:
    """Watches standard input and the signals, and closes the crawl gracefully when the end is requested."""

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
        """Made by Scrapy, as an extension."""
        return cls(crawler)

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        self._watchdog.start()
        self._watch = loop.create_task(self._close_when_requested())
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._session.closing.request, signal.Signals(number).name)
            # The event loop hears of a signal by its own pipe, and only at its next turn; this is called before.
            signal.signal(number, self._watchdog.tighten)
        # A terminal or /dev/null is no parent's lifeline.
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
        """What comes are the paths of jobs; the end means that the parent is gone, unless it had no more to say."""
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
        """What was on its way to a queue when the end was requested gets there later."""
        while True:
            self._drop_queued()
            await asyncio.sleep(DROP_SECONDS)

    def _force_exit(self) -> None:
        """Nothing is lost by it: records are written whole, and what was not asked for is due again."""
        print_line("the crawl did not close, and was ended")
        os._exit(1)

    def _drop_queued(self) -> None:
        for slot in self._crawler.engine.downloader.slots.values():
            drop_queued(slot, lambda: CrawlClosing(self._session.closing.reason))

    def _cut_downloads(self) -> None:
        for download in tuple(self._session.downloads):
            download.cancel()
