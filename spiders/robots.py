"""robots.txt as RFC 9309 says: a missing one allows everything, an unreachable one nothing."""

import logging

from scrapy import Request
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.defer import Deferred

from spiders.rejection import PrivateNetworkRefused, RequestPostponed, RobotsForbidden, RobotsUnreachable

# Scrapy's own shows a traceback for a robots.txt that cannot be fetched; below is the line instead.
logging.getLogger("scrapy.downloadermiddlewares.robotstxt").setLevel(logging.CRITICAL)

logger = logging.getLogger(__name__)

FIRST_SERVER_ERROR = 500
FIRST_REDIRECT = 300
TOO_MANY_REQUESTS = 429
"""Of the 4xx, this one says nothing of the file: the host is asked too much, so it is treated as unreachable."""


class UnreachableRobots(RobotParser):
    """Stands for a robots.txt that could not be read."""

    def __init__(self, error: IgnoreRequest) -> None:
        self._error = error

    def make_error(self) -> IgnoreRequest:
        """Why nothing is allowed; made anew for each request, for an exception that is raised again and again grows."""
        return type(self._error)(*self._error.args)

    @classmethod
    def from_crawler(cls, crawler: object, robotstxt_body: bytes) -> "UnreachableRobots":  # noqa: ARG003 - Scrapy's
        """There is no body to parse."""
        return cls(RobotsUnreachable("not read"))

    def allowed(self, url: str | bytes, user_agent: str | bytes) -> bool:  # noqa: ARG002 - Scrapy's
        """Nothing is."""
        return False


class RobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's, which would allow everything when robots.txt fails, and read an error page as if it were one."""

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """The host's rules, as soon as they are there.

        Of the requests that wait for one robots.txt, Scrapy gives the first its rules and all others none: whatever
        they ask for would be allowed.
        """
        await super().robot_parser(request)
        rules = self._parsers[urlparse_cached(request).netloc]
        return None if isinstance(rules, Deferred) else rules

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        """Let the request pass, or say why not.

        Raises:
            RobotsForbidden: robots.txt forbids it.
            RobotsUnreachable: nobody could say whether it does.
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
