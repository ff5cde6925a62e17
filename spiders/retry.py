"""Retries transient failures (timeouts, resets, cut bodies, 5xx), with backoff."""

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.http import Response
from scrapy.utils.misc import load_object

from spiders.session import get_session

FIRST_BACKOFF_SECONDS = 1.0
"""Doubled with each retry: long enough for a backend to restart, short compared to a crawl."""


class BackoffRetry:
    """Scrapy's retries, with backoff before each."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._session = get_session(crawler)
        self._statuses = {int(code) for code in crawler.settings.getlist("RETRY_HTTP_CODES")}
        self._exceptions = tuple(load_object(name) for name in crawler.settings.getlist("RETRY_EXCEPTIONS"))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the downloader middleware for Scrapy."""
        return cls(crawler)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """Return a retry after its backoff; the response itself if it is usable or no retries remain."""
        if response.status not in self._statuses:
            return response
        return await self._retry(request, f"status {response.status}") or response

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """Return a retry after its backoff; None if the failure is permanent or no retries remain."""
        if not isinstance(exception, self._exceptions):
            return None
        return await self._retry(request, exception)

    async def _retry(self, request: Request, reason: str | Exception) -> Request | None:
        spider = self._crawler.spider
        if spider is None or self._is_blocked(request):
            return None
        retry = get_retry_request(request, spider=spider, reason=reason)
        # The wait occupies no slot of the host: other URLs proceed meanwhile.
        if retry is None or not await self._session.closing.sleep(_backoff_seconds(request)):
            return None
        return None if self._is_blocked(request) else retry

    def _is_blocked(self, request: Request) -> bool:
        """Return whether a retry would be rejected; then this attempt's result is final."""
        return self._session.closing.is_requested or self._session.find_obstacle(request) is not None


def _backoff_seconds(request: Request) -> float:
    tries: int = request.meta.get("retry_times", 0)
    return FIRST_BACKOFF_SECONDS * 2.0**tries
