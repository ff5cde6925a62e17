"""Why a request was not sent, or its response not used. None of these is retried within the same crawl."""

from scrapy.exceptions import IgnoreRequest


class Refused(IgnoreRequest):
    """The URL leads outside the publisher's pages."""


class PrivateNetworkRefused(Refused):
    """The URL leads into a private, loopback or reserved network; nothing there was contacted."""


class RedirectRefused(Refused):
    """A redirect, or a source, leads to another publisher."""


class RobotsForbidden(IgnoreRequest):
    """robots.txt forbids the URL."""


class RobotsUnreachable(IgnoreRequest):
    """robots.txt could not be read, so nothing of this host may be fetched (RFC 9309, 2.3.1.4)."""


class RedirectsEndless(IgnoreRequest):
    """Redirects loop, or the chain is too long."""


class PageTooLarge(IgnoreRequest):
    """The body is larger than the job allows; the remainder was not fetched."""


class HeadTooLarge(IgnoreRequest):
    """The status line and headers are larger than any reader takes; the remainder was not fetched."""


class RequestPostponed(IgnoreRequest):
    """The request was not sent; another run may send it."""


class RequestsSpent(RequestPostponed):
    """The run's request budget is spent."""


class HostResting(RequestPostponed):
    """The host asked for a backoff longer than a crawl waits."""


class CrawlClosing(IgnoreRequest):
    """The crawl closes before this request was sent; it counts as never requested."""
