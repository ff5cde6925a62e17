"""What a page did: its requests, its console, its dialogs; and a proxy that hears whatever would leave this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Page, Request

ERROR_PAGE = "Failed to load resource: the server responded with a status of 4"
"""What the console says of an error page, and of anything that is missing."""


@dataclass
class Watch:
    """Everything that the pages of a context did."""

    requests: list[str] = field(default_factory=list)
    messages: list[tuple[str, str]] = field(default_factory=list)
    """Errors and warnings in the console, a refusal by the Content-Security-Policy among them, with their URLs."""
    error_urls: set[str] = field(default_factory=set)
    """Of the error pages that a test loads on purpose."""
    dialogs: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    """Exceptions of scripts."""

    def attach(self, context: BrowserContext) -> None:
        """Watch all pages of a context."""
        context.on("request", self._hear_request)
        context.on("console", self._hear_console)
        context.on("dialog", self._hear_dialog)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))

    def _hear_request(self, request: Request) -> None:
        self.requests.append(request.url)

    def _hear_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.messages.append((message.text, message.location["url"]))

    def _hear_dialog(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def list_messages(self) -> list[str]:
        """Return the errors and warnings, without those of error pages that were wanted."""
        return [
            f"{text} ({url})"
            for text, url in self.messages
            if not (text.startswith(ERROR_PAGE) and url in self.error_urls)
        ]

    def list_foreign(self, base_url: str) -> list[str]:
        """Return the requests to anything but the server."""
        return [url for url in self.requests if not url.startswith((base_url, "about:", "data:"))]


def read_markers(page: Page) -> list[object]:
    """Return what planted scripts have set, in every frame that can be asked."""
    return [frame.evaluate("window.marker ?? null") for frame in page.frames]


BROWSER_HOSTS = (
    "accounts.google.com",
    "android.clients.google.com",
    "clients2.google.com",
    "content-autofill.googleapis.com",
    "edgedl.me.gvt1.com",
    "redirector.gvt1.com",
    "update.googleapis.com",
)
"""The hosts that Chromium asks by itself, for updates and about forms; a page loads nothing from them."""


class _Listener(BaseHTTPRequestHandler):
    server: "Outside"

    def _hear(self) -> None:
        if urlsplit(self.path if "//" in self.path else f"//{self.path}").hostname not in BROWSER_HOSTS:
            self.server.heard.append(f"{self.command} {self.path}")
        self.send_error(502)

    do_GET = do_HEAD = do_POST = do_CONNECT = do_OPTIONS = _hear  # noqa: N815 - names of http.server

    def log_message(self, *_: object) -> None:
        """Print nothing."""


class Outside(ThreadingHTTPServer):
    """The rest of the world: a proxy that carries nothing, and remembers what it was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Listener)
        self.heard: list[str] = []

    @property
    def options(self) -> tuple[str, ...]:
        """The options with which a browser reaches loopback directly, and all else by this proxy."""
        return (
            f"--proxy-server=http://127.0.0.1:{self.server_address[1]}",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        )


@contextmanager
def listening_outside() -> Iterator[Outside]:
    """Within the block, the proxy listens."""
    with Outside() as outside:
        thread = Thread(target=outside.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield outside
        finally:
            outside.shutdown()
            thread.join()
