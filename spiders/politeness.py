"""Each host's delay: the job's, the Crawl-delay of robots.txt, and the backoff that a busy host asks for."""

import math
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached

from spiders.downloader import StrictDownloader, drop_queued
from spiders.host_backoff import MAX_BACKOFF
from spiders.rejection import HostResting
from spiders.retry_after import BUSY_STATUSES, read_retry_after
from spiders.session import get_session

MAX_PAUSE_SECONDS = 300.0
"""A host that asks for more than five minutes is left to a later run, because an open crawl locks the data folder."""

FIRST_SLOWDOWN_SECONDS = 1.0
"""Delay after the first busy response of a host without a delay."""

MAX_SLOWDOWN_SECONDS = 60.0
"""Limit of doubling: a month's sitemap (some 400 pages) can still be fetched in a night."""


class Politeness:
    """Raises the delay of a host for the rest of the crawl; never lowers it."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._token = crawler.settings["ROBOTSTXT_USER_AGENT"]
        crawler.signals.connect(self._apply_crawl_delay, signals.robots_parsed)
        # This signal comes before Scrapy sends the host's next request; a middleware would see the response after it.
        crawler.signals.connect(self._handle_busy, signals.response_downloaded)
        crawler.signals.connect(self._drop_backed_off, signals.request_left_downloader)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the extension for Scrapy."""
        return cls(crawler)

    def _handle_busy(self, response: Response, request: Request) -> None:
        if response.status in BUSY_STATUSES:
            asked = read_retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
            self._slow_down(request, FIRST_SLOWDOWN_SECONDS if asked is None else asked)

    def _slow_down(self, request: Request, pause_seconds: float) -> None:
        """Pause requests to the host for this long, and double its delay from then on."""
        slot, now = self._downloader.find_slot(request), monotonic()
        if pause_seconds > MAX_PAUSE_SECONDS:
            get_session(self._crawler).host_backoffs.record(
                urlparse_cached(request).netloc, timedelta(seconds=pause_seconds)
            )
            self._drop_backed_off(request)
            return
        # Concurrent busy responses are one event: only the first of them doubles the delay.
        if slot.lastseen <= now:
            doubled = max(FIRST_SLOWDOWN_SECONDS, min(slot.delay * 2, MAX_SLOWDOWN_SECONDS))
            self._downloader.raise_delay(request, doubled)
        # Scrapy waits until `lastseen + delay`.
        slot.lastseen = max(slot.lastseen, now + pause_seconds - slot.delay)

    def _apply_crawl_delay(self, robotparser: RobotParser, request: Request) -> None:
        """Raise the delay. If it is too long to wait for, send the host one request per run and back off afterwards."""
        seconds = robotparser.crawl_delay(self._token)
        if seconds is None or math.isnan(seconds):
            return
        if seconds > MAX_PAUSE_SECONDS:
            pause = timedelta(seconds=min(seconds, MAX_BACKOFF.total_seconds()))
            get_session(self._crawler).long_delays[urlparse_cached(request).netloc] = pause
        else:
            self._downloader.raise_delay(request, seconds)

    def _drop_backed_off(self, request: Request) -> None:
        """Postpone the queued requests of a host in backoff to another run."""
        if get_session(self._crawler).host_backoffs.find(urlparse_cached(request).netloc):
            slot = self._downloader.find_slot(request)
            drop_queued(slot, lambda: HostResting("the host has just asked for a long pause"))

    @property
    def _downloader(self) -> StrictDownloader:
        downloader = self._crawler.engine.downloader
        if not isinstance(downloader, StrictDownloader):
            raise TypeError("the setting DOWNLOADER names another class")
        return downloader
