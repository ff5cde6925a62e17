"""Why a request was not sent, or its answer not used. None of these passes by trying again within the same crawl."""

from scrapy.exceptions import IgnoreRequest


class Refused(IgnoreRequest):
    """It leads to where no page of this publisher is."""


class PrivateNetworkRefused(Refused):
    """It leads into a private, loopback or reserved network; nothing there was contacted."""


class RedirectRefused(Refused):
    """A redirect, or a source, leads to another publisher."""


class RobotsForbidden(IgnoreRequest):
    """robots.txt forbids the URL."""


class RobotsUnreachable(IgnoreRequest):
    """robots.txt could not be read, so nothing of this host may be fetched (RFC 9309, 2.3.1.4)."""


class RedirectsEndless(IgnoreRequest):
    """Redirects lead in a circle, or on and on."""


class PageTooLarge(IgnoreRequest):
    """The body is larger than the job allows; the rest of it was not fetched."""


class HeadTooLarge(IgnoreRequest):
    """The status line and headers are larger than any reader takes; the rest of them was not fetched."""


class RequestPostponed(IgnoreRequest):
    """It was not sent, and may be later: it is left for another run."""


class RequestsSpent(RequestPostponed):
    """The run has made as many requests as it may."""


class HostResting(RequestPostponed):
    """Its host asked to be left alone for longer than a crawl waits."""


class CrawlClosing(IgnoreRequest):
    """The crawl ends before this request's turn: it is as if it had never been asked."""
