"""robots.txt by RFC 9309: a missing file allows everything, an unreachable one nothing. With it, tdmrep.json."""

import asyncio
import logging
from typing import Any

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.defer import Deferred

from schemas.rights import TDM_FILE_PATH
from sites.rights import host_url
from spiders.rejection import PrivateNetworkRefused, RequestPostponed, RobotsForbidden, RobotsUnreachable
from spiders.session import IS_SOURCE, get_session

# Scrapy logs a traceback for a robots.txt that cannot be fetched; a warning below replaces it.
logging.getLogger("scrapy.downloadermiddlewares.robotstxt").setLevel(logging.CRITICAL)

logger = logging.getLogger(__name__)

FIRST_SERVER_ERROR = 500
FIRST_REDIRECT = 300
TOO_MANY_REQUESTS = 429
"""Unlike the other 4xx, it says nothing about the file: the host is overloaded, so treat it as unreachable."""

IS_HOST_FILE = "dont_obey_robotstxt"
"""Request meta key of Scrapy's: the request is for robots.txt itself."""

IS_TDM_FILE = "is_tdm_file"
"""Request meta key: the request is for tdmrep.json."""


class UnreachableRobots(RobotParser):
    """The rules of a robots.txt that could not be read: nothing is allowed."""

    def __init__(self, error: IgnoreRequest) -> None:
        self._error = error

    def make_error(self) -> IgnoreRequest:
        """Return a new copy of the error for each request: an exception raised repeatedly accumulates tracebacks."""
        return type(self._error)(*self._error.args)

    @classmethod
    def from_crawler(cls, crawler: object, robotstxt_body: bytes) -> "UnreachableRobots":  # noqa: ARG003 - Scrapy's
        """Create the rules; there is no body to parse."""
        return cls(RobotsUnreachable("not read"))

    def allowed(self, url: str | bytes, user_agent: str | bytes) -> bool:  # noqa: ARG002 - Scrapy's
        """Return False: nothing is allowed."""
        return False


class RobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's middleware, corrected: it allows everything when robots.txt fails, and parses error pages as rules.

    Before the first page of a host, it also has the host's tdmrep.json archived: TDMRep requires a look at it before
    pages are fetched. What it says is read later, from the WARC file.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._tdm_files: dict[str, asyncio.Event] = {}

    async def process_request(self, request: Request, spider: Any = None) -> None:  # noqa: ARG002 - Scrapy's
        """Let the request pass as soon as its host's files have been fetched, or raise why it may not."""
        await super().process_request(request)
        if not request.meta.keys() & {IS_SOURCE, IS_HOST_FILE, IS_TDM_FILE}:
            await self._fetch_tdm_file(request)

    async def _fetch_tdm_file(self, request: Request) -> None:
        """Fetch the host's tdmrep.json, once and without retries, or wait until that is done."""
        if urlparse_cached(request).netloc in get_session(self.crawler).long_delays:
            return  # such a host gets one request per run, and that is for a page
        url = host_url(request.url, TDM_FILE_PATH)
        if url in self._tdm_files:
            await self._tdm_files[url].wait()
            return
        done = self._tdm_files[url] = asyncio.Event()
        meta = {IS_TDM_FILE: True, "dont_retry": True, "dont_redirect": True}
        try:
            file_request = Request(url, meta=meta, priority=self.DOWNLOAD_PRIORITY, callback=NO_CALLBACK)
            await self.crawler.engine.download_async(file_request)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is not about the page
            logger.info("%s could not be fetched: %s", url, error)
        finally:
            done.set()

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """Return the host's rules as soon as they are available.

        Of the requests that wait for a robots.txt, Scrapy gives only the first its rules; the others get none, which
        would allow them.
        """
        await super().robot_parser(request)
        rules = self._parsers[urlparse_cached(request).netloc]
        return None if isinstance(rules, Deferred) else rules

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        """Let the request pass, or raise why it may not.

        Raises:
            RobotsForbidden: robots.txt forbids it.
            RobotsUnreachable: robots.txt could not be read.
            PrivateNetworkRefused: its host is in a private network.
        """
        if isinstance(rp, UnreachableRobots):
            self._stats.inc_value("robotstxt/unreachable")
            raise rp.make_error()
        if rp is not None and not rp.allowed(request.url, self._robotstxt_useragent or self._default_useragent):
            self._stats.inc_value("robotstxt/forbidden")
            raise RobotsForbidden(request.url)

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= FIRST_SERVER_ERROR or response.status == TOO_MANY_REQUESTS:
            self._robots_error(RobotsUnreachable(f"{response.url} answers {response.status}"), netloc)
            return
        if response.status >= FIRST_REDIRECT:
            response = response.replace(body=b"")
        await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        error = exc
        if not isinstance(error, (RobotsUnreachable, PrivateNetworkRefused, RequestPostponed)):
            error = RobotsUnreachable(f"{type(exc).__name__}: {exc}")
        if not isinstance(error, RequestPostponed):
            logger.warning("robots.txt of %s could not be read: %s", netloc, error)
        waiting, unreachable = self._parsers[netloc], UnreachableRobots(error)
        self._parsers[netloc] = unreachable
        if isinstance(waiting, Deferred):
            waiting.callback(unreachable)
