"""Following redirects, within the publisher's own hosts."""

from urllib.parse import urlsplit

from scrapy import Request
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from schemas.capture import MAX_URL_BYTES
from sites import find_site
from spiders.network import is_private, read_ip_literal
from spiders.rejection import PrivateNetworkRefused, RedirectRefused, RedirectsEndless
from spiders.session import get_session

CONDITIONS = ("If-None-Match", "If-Modified-Since")


class PublisherRedirect(RedirectMiddleware):
    """Scrapy's middleware, restricted to the publisher's hosts; stops at the first URL of a redirect loop."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Return the response, or the request that it redirects to.

        Raises:
            PrivateNetworkRefused: the redirect leads to a URL in a private network.
            RedirectRefused: it leads to another publisher, or to something other than a page (`mailto:`).
            RedirectsEndless: it loops, or the chain is too long.
        """
        try:
            result = super().process_response(request, response)
        except IgnoreRequest as error:
            raise RedirectsEndless(f"more than {self.max_redirect_times} redirects") from error
        except ValueError as error:
            raise RedirectRefused(f"redirect to no URL: {error}") from error
        if isinstance(result, Request):
            self._require_publisher(request.url, result.url)
            if result.url in result.meta["redirect_urls"]:
                raise RedirectsEndless(f"back to {result.url}")
            for name in CONDITIONS:  # they belong to the page requested first
                result.headers.pop(name, None)
        return result

    def _require_publisher(self, source_url: str, target_url: str) -> None:
        if len(target_url) > MAX_URL_BYTES:
            raise RedirectRefused(f"redirect to a URL longer than {MAX_URL_BYTES} bytes")
        literal = read_ip_literal(urlsplit(target_url).hostname or "")
        if literal is not None and is_private(literal):
            raise PrivateNetworkRefused(f"redirect to {target_url}")
        if not is_same_publisher(get_session(self.crawler).job.site, source_url, target_url):
            raise RedirectRefused(f"redirect to {target_url}")


def is_same_publisher(site: str, source_url: str, target_url: str) -> bool:
    """Return whether the target belongs to the site, or is on the source's host (ignoring `www.`)."""
    if _bare_host(source_url) == _bare_host(target_url):
        return True
    # All hosts without a profile are `generic`; that does not make them the same publisher.
    return site != "generic" and find_site(target_url).name == site


def _bare_host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")
