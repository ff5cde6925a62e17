"""Asks the application for pages, in this process: nothing listens."""

from typing import NamedTuple, Self
from urllib.parse import quote

import httpx
from starlette.types import ASGIApp

from web.static_site.place import PageUrl

BASE_URL = "http://localhost"


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
    """A client of an application. It lives within one task, whose worker threads it keeps."""

    def __init__(self, app: ASGIApp) -> None:
        # A defect raises here what the server's log would describe.
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE_URL)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def fetch(self, url: PageUrl) -> Page:
        """Return the response to a GET."""
        path = quote(url.path, safe="/:", errors="surrogatepass")
        response = await self._client.get(f"{path}?{url.query}" if url.query else path)
        headers = response.headers
        policy = headers.get("content-security-policy", "")
        return Page(response.status_code, headers.get("content-type", ""), policy, response.content)
