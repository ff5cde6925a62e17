"""Scrapy's downloader, made to keep to a host's concurrency, and to let its delay be raised."""

from collections.abc import Callable, Coroutine
from typing import Any

from scrapy import Request
from scrapy.core.downloader import Downloader, Slot
from scrapy.http import Response
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure


class StrictDownloader(Downloader):
    """Counts a request as on the wire from the moment that it is taken from its host's queue.

    Scrapy counts it when its task first runs, so that without a delay all that is queued starts at once, whatever the
    concurrency (seen with 2.19.0).
    """

    def find_slot(self, request: Request) -> Slot:
        """The queue, the delay and the concurrency of the request's host."""
        return self._get_slot(request)[1]

    def raise_delay(self, request: Request, seconds: float) -> None:
        """From now on, and for the rest of the crawl, leave the request's host alone for at least that long."""
        key, slot = self._get_slot(request)
        slot.delay = max(slot.delay, seconds)
        # A host that was idle for a minute is forgotten; made anew it takes its values from here.
        self.per_slot_settings[key] = {"delay": slot.delay, "concurrency": slot.concurrency}

    def _wait_for_download(
        self, slot: Slot, request: Request, queue_dfd: Deferred[Response]
    ) -> Coroutine[Any, Any, None]:
        slot.transferring.add(request)
        return super()._wait_for_download(slot, request, queue_dfd)


def drop_queued(slot: Slot, make_error: Callable[[], Exception]) -> None:
    """Turn back all that stands in a host's queue, where each request would wait for the host's delay."""
    while slot.queue:
        _request, waiting = slot.queue.popleft()
        waiting.errback(Failure(make_error()))  # type: ignore[no-untyped-call]
