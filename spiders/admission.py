"""Rejects requests that may not be sent now, before they wait in their host's queue."""

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler

from spiders.session import get_session


class AdmissionMiddleware:
    """Asks the session before robots.txt is fetched; the download handler asks again before sending."""

    def __init__(self, crawler: Crawler) -> None:
        self._session = get_session(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the downloader middleware for Scrapy."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Let the request pass, or raise `RequestPostponed`."""
        if obstacle := self._session.find_obstacle(request):
            raise obstacle
