"""Asks the application for pages, in this process: nothing listens."""

import asyncio
import logging
from typing import NamedTuple
from urllib.parse import quote, unquote

from starlette.types import ASGIApp, Message, Scope

from web.static_site.place import PageUrl

logger = logging.getLogger(__name__)

HOST = "localhost"
BASE_URL = f"http://{HOST}"


class Page(NamedTuple):
    """A response of the application."""

    status: int
    media_type: str
    policy: str
    """Its Content-Security-Policy."""
    body: bytes

    @property
    def is_html(self) -> bool:
        """Whether it is a page for people."""
        return self.media_type.startswith("text/html")


class Client:
    """A client of an application. httpx does the same, and takes as long as a small page does."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def fetch(self, url: PageUrl) -> Page:
        """Return the response to a GET; of status 500 where a defect keeps the application from it."""
        sent: list[Message] = []
        is_asked = asyncio.Event()

        async def receive() -> Message:
            if is_asked.is_set():
                await asyncio.Event().wait()  # for a client that goes away, which this one never does
            is_asked.set()
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        try:
            await self._app(_make_scope(url), receive, send)
        except Exception:  # the application has said what it could before; one page must not cost all others
            logger.exception("the application failed at %s", url.path)
            return Page(status=500, media_type="", policy="", body=b"")
        head, *parts = sent
        headers = {name.lower(): value.decode("latin-1") for name, value in head["headers"]}
        return Page(
            status=head["status"],
            media_type=headers.get(b"content-type", ""),
            policy=headers.get(b"content-security-policy", ""),
            body=b"".join(part.get("body", b"") for part in parts),
        )


def _make_scope(url: PageUrl) -> Scope:
    path = quote(url.path, safe="/:", errors="surrogatepass")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": quote(url.query, safe="%=&+/:?~,;!*'()@$", errors="surrogatepass").encode(),
        "root_path": "",
        "headers": [(b"host", HOST.encode())],
        "server": (HOST, 80),
        "client": ("127.0.0.1", 0),
    }
