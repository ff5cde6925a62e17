"""What may not be sent now is turned back before it waits in its host's queue."""

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler

from spiders.session import get_session


class AdmissionMiddleware:
    """Asks the session, before robots.txt is asked for; the download handler asks it once more."""

    def __init__(self, crawler: Crawler) -> None:
        self._session = get_session(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Made by Scrapy, as a downloader middleware."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Let the request pass, or raise what stands against it (`RequestPostponed`)."""
        if obstacle := self._session.find_obstacle(request):
            raise obstacle
