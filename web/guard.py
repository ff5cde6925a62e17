"""Stands before the application: checks the Host and the password, and gives every response its security headers."""

from asyncio import sleep
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.access import Access

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""No inline script or style, and nothing from elsewhere."""

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
"""Headers of every response; a route that sets one of them itself (a frame needs another policy) keeps its own."""

READING_METHODS = {"GET", "HEAD"}

IS_HEAD = "broadsheet.is_head"
"""What the scope of a request for headers alone has: routes whose bodies take long do not make them."""

HEALTH_PATH = "/health"
"""Answered without a password, and without any content of the archive."""

WRONG_PASSWORD_SECONDS = 1.0
"""Delay before a wrong password is rejected: one connection can guess once a second. Other requests are not delayed."""


class Guard:
    """An ASGI application around another."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refuse(scope)
        if refusal and refusal.status_code == HTTPStatus.UNAUTHORIZED and "authorization" in Headers(scope=scope):
            await sleep(WRONG_PASSWORD_SECONDS)
        # FastAPI answers GET alone; the server leaves out the body of a response to HEAD.
        inner = {**scope, "method": "GET", IS_HEAD: True} if scope["method"] == "HEAD" else scope
        await (refusal or self._app)(inner, receive, send_guarded)

    def _refuse(self, scope: Scope) -> PlainTextResponse | None:
        """Return the response to a request that is refused."""
        headers = Headers(scope=scope)
        if not self._access.allows_host(headers.get("host", "")):
            return PlainTextResponse("This server has another name: see BROADSHEET_SERVE_HOSTS.\n", 421)
        if scope["path"] != HEALTH_PATH and not self._access.allows(headers.get("authorization", "")):
            challenge = {"WWW-Authenticate": 'Basic realm="broadsheet", charset="UTF-8"'}
            return PlainTextResponse("A password is required.\n", 401, challenge)
        if scope["method"] not in READING_METHODS:
            return PlainTextResponse(
                "Everything here only reads.\n", 405, {"Allow": ", ".join(sorted(READING_METHODS))}
            )
        if "\0" in scope["path"] or b"%00" in scope["query_string"] or b"\0" in scope["query_string"]:
            return PlainTextResponse("The URL has a NUL character.\n", 400)  # which PostgreSQL does not take
        return None
