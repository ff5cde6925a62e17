"""Trying again what may pass: timeouts, resets, cut bodies, 5xx. With backoff before each try."""

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.http import Response
from scrapy.utils.misc import load_object

from spiders.session import get_session

FIRST_BACKOFF_SECONDS = 1.0
"""Doubled with each try: long enough for a restarting backend, short beside a crawl."""


class BackoffRetry:
    """Scrapy's retries, with a wait before each."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._session = get_session(crawler)
        self._statuses = {int(code) for code in crawler.settings.getlist("RETRY_HTTP_CODES")}
        self._exceptions = tuple(load_object(name) for name in crawler.settings.getlist("RETRY_EXCEPTIONS"))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Made by Scrapy, as a downloader middleware."""
        return cls(crawler)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """A further try, after its wait; the response itself where it is fine or the tries are used up."""
        if response.status not in self._statuses:
            return response
        return await self._retry(request, f"status {response.status}") or response

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """A further try, after its wait; None where the failure will not pass or the tries are used up."""
        if not isinstance(exception, self._exceptions):
            return None
        return await self._retry(request, exception)

    async def _retry(self, request: Request, reason: str | Exception) -> Request | None:
        spider = self._crawler.spider
        if spider is None or self._is_blocked(request):
            return None
        again = get_retry_request(request, spider=spider, reason=reason)
        # The wait holds no slot of the host: other URLs go on meanwhile.
        if again is None or not await self._session.closing.sleep(_backoff_seconds(request)):
            return None
        return None if self._is_blocked(request) else again

    def _is_blocked(self, request: Request) -> bool:
        """Whether another try would be turned back: what came of this one is its end then."""
        return self._session.closing.is_requested or self._session.find_obstacle(request) is not None


def _backoff_seconds(request: Request) -> float:
    tries: int = request.meta.get("retry_times", 0)
    return FIRST_BACKOFF_SECONDS * 2.0**tries
