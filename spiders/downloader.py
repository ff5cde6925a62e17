"""Scrapy's downloader, changed to respect a host's concurrency and to allow raising its delay."""

from collections.abc import Callable, Coroutine
from typing import Any

from scrapy import Request
from scrapy.core.downloader import Downloader, Slot
from scrapy.http import Response
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure


class StrictDownloader(Downloader):
    """Counts a request as transferring as soon as it leaves its host's queue.

    Scrapy counts it when its task first runs; without a delay, all queued requests therefore start at once, whatever
    the concurrency (seen with 2.19.0).
    """

    def find_slot(self, request: Request) -> Slot:
        """Return the slot (queue, delay and concurrency) of the request's host."""
        return self._get_slot(request)[1]

    def raise_delay(self, request: Request, seconds: float) -> None:
        """Raise the delay of the request's host to at least this many seconds, for the rest of the crawl."""
        key, slot = self._get_slot(request)
        slot.delay = max(slot.delay, seconds)
        # Scrapy drops a slot that was idle for a minute; a new one takes its values from here.
        self.per_slot_settings[key] = {"delay": slot.delay, "concurrency": slot.concurrency}

    def _wait_for_download(
        self, slot: Slot, request: Request, queue_dfd: Deferred[Response]
    ) -> Coroutine[Any, Any, None]:
        slot.transferring.add(request)
        return super()._wait_for_download(slot, request, queue_dfd)


def drop_queued(slot: Slot, make_error: Callable[[], Exception]) -> None:
    """Fail all requests in a host's queue at once, instead of letting each wait for the host's delay."""
    while slot.queue:
        _request, waiting = slot.queue.popleft()
        waiting.errback(Failure(make_error()))  # type: ignore[no-untyped-call]
