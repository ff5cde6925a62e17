"""The download handler: archives every response before the rest of Scrapy sees it."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler, _ScrapyAgent
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
from scrapy.http import Response
from scrapy.utils._download_handlers import wrap_twisted_exceptions
from scrapy.utils.defer import maybe_deferred_to_future
from scrapy.utils.httpobj import urlparse_cached

from spiders.framing import is_provably_complete
from spiders.network import GuardedResolver
from spiders.origin import Router
from spiders.rejection import CrawlClosing, HeadTooLarge, PageTooLarge, PrivateNetworkRefused
from spiders.session import FETCH_SECONDS, get_session
from spiders.warc import ArchiveUnwritable, Exchange
from spiders.wire import RecordingFactory, Wire

CUT_FLAGS = frozenset({"partial", "dataloss"})
"""Scrapy's flags for a body that ended with the connection: without and with a declared length."""


class RecordingAgent(_ScrapyAgent):
    """Downloads one request and keeps the bytes as they went over the wire."""

    wire: Wire

    def __init__(self, *, publisher_url: str, **options: Any) -> None:
        super().__init__(**options)
        self._publisher_url = publisher_url

    def _cb_bodyready(self, txresponse: Any, request: Request) -> Any:
        self.wire = txresponse.wire
        return super()._cb_bodyready(txresponse, request)

    def _cb_bodydone(self, result: Any, url: str) -> Response:  # noqa: ARG002 - the URL connected to
        return super()._cb_bodydone(result, self._publisher_url)


class ArchivingHandler(HTTP11DownloadHandler):
    """Fetches from the mapped origin, refuses private networks, requires complete bodies, archives each response."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._session = get_session(crawler)
        self._router = Router(self._session.job.origins)
        self._pool._factory = RecordingFactory  # noqa: SLF001 - as Scrapy sets its own
        # Twisted would retry a request itself when a connection breaks, uncounted and without a delay.
        self._pool.retryAutomatically = False
        self._make_agent = partial(
            RecordingAgent,
            contextFactory=self._contextFactory,
            pool=self._pool,
            maxsize=self._default_maxsize,
            warnsize=self._default_warnsize,
            crawler=crawler,
            # `_require_complete` decides whether a cut body is complete all the same.
            fail_on_dataloss=False,
        )

    async def download_request(self, request: Request) -> Response:
        """Fetch the response, archive it and return it.

        Raises:
            PrivateNetworkRefused: the URL leads into a private network; nothing there was contacted.
            PageTooLarge: the body is larger than allowed.
            HeadTooLarge: the headers are larger than any reader takes.
            DownloadTimeoutError: the response took too long.
            ResponseDataLossError: the body is not as long as declared, or nothing proves that it is complete.
            RequestPostponed: the run's request budget is spent, or the host asked for a longer pause.
            CrawlClosing: the crawl is closing, or the archive cannot be written.
        """
        routed = self._router.route(request)
        agent = self._make_agent(publisher_url=request.url.partition("#")[0])
        self._session.begin_request(request)
        started_at = datetime.now(UTC)
        response = await self._receive(agent, routed)
        request.meta[FETCH_SECONDS] = (datetime.now(UTC) - started_at).total_seconds()
        _require_complete(response, agent.wire, self._default_maxsize)
        self._archive(response, agent.wire, started_at)
        return response

    async def _receive(self, agent: RecordingAgent, request: Request) -> Response:
        closing, downloads = self._session.closing, self._session.downloads
        download = agent.download_request(request)
        downloads.add(download)
        try:
            with wrap_twisted_exceptions():
                return await maybe_deferred_to_future(download)
        except CannotResolveHostError as error:
            _refuse_private_name(request, error)
            raise
        except DownloadTimeoutError as error:
            # Scrapy's message names the URL connected to, not the publisher's.
            raise DownloadTimeoutError(
                f"no whole answer within {self._session.job.timeout_seconds:g} seconds"
            ) from error
        except DownloadFailedError as error:
            _raise_head_too_large(error)
            raise
        except DownloadCancelledError as error:
            if closing.is_requested:
                raise CrawlClosing(closing.reason) from error
            raise PageTooLarge(f"more than {self._default_maxsize} bytes") from error
        finally:
            downloads.discard(download)

    def _archive(self, response: Response, wire: Wire, fetched_at: datetime) -> None:
        exchange = Exchange(
            url=response.url,
            fetched_at=fetched_at,
            request_head=wire.request_head,
            response_head=wire.response_head,
            body=response.body,
            ip_address=str(response.ip_address) if response.ip_address else None,
        )
        try:
            ref = self._session.archive.write_exchange(exchange)
        except ArchiveUnwritable as error:
            # Do not burden the publisher with requests whose responses cannot be stored.
            self._session.closing.request(f"archive unwritable: {error}")
            raise CrawlClosing(str(error)) from error
        self._session.record_written(ref)


def _require_complete(response: Response, wire: Wire, max_bytes: int) -> None:
    if CUT_FLAGS & set(response.flags):
        if b"Content-Length" in response.headers:
            raise ResponseDataLossError("the body is shorter than Content-Length announced")
        media_type, encoding = (_read_token(response, name) for name in ("Content-Type", "Content-Encoding"))
        if not is_provably_complete(response.url, response.status, media_type, encoding, response.body, max_bytes):
            raise ResponseDataLossError("the body ended with the connection: nothing says that it is whole")
    if wire.has_surplus:
        raise ResponseDataLossError("more bytes came than Content-Length announced")


def _read_token(response: Response, name: str) -> str:
    """Return the header's value before any `;`, in lower case; empty if there is none."""
    return (response.headers.get(name) or b"").decode("latin-1").partition(";")[0].strip().lower()


def _raise_head_too_large(error: DownloadFailedError) -> None:
    """Raise `HeadTooLarge` if it is the cause: Twisted and Scrapy wrap it."""
    reasons = getattr(error.__cause__, "reasons", ())
    if found := next((one.value for one in reasons if one.check(HeadTooLarge)), None):
        raise HeadTooLarge(*found.args) from error


def _refuse_private_name(request: Request, error: CannotResolveHostError) -> None:
    from twisted.internet import reactor

    host = urlparse_cached(request).hostname or ""
    resolver = getattr(reactor, "nameResolver", None)
    if isinstance(resolver, GuardedResolver) and host in resolver.refused:
        raise PrivateNetworkRefused(f"{host} leads to {resolver.refused[host]}") from error
