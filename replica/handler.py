"""Handles one HTTP request: counts it, then applies its fault or sends the site's response."""

import gzip
import hashlib
import socket
import socketserver
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

from replica.answer import Answer, as_json
from replica.model import moscow_text
from replica.route import find_answer
from replica.site import Site

VIEW_STEP = timedelta(minutes=1)
"""How much later each view makes the time in a page's metadata."""
CACHED_COUNT = 512
"""Cached responses, about 35 kB each: feeds and sitemaps are costly and often requested, pages mostly once."""
GZIP_LEVEL = 1
"""The fastest: the replica must cost less than the crawler that it helps to measure."""
SMALLEST_GZIP_BYTES = 200
"""Below this size, gzip adds more than it saves."""
CONTROL = "/_replica/"
"""Prefix of the replica's own URLs, which are never counted."""


@dataclass(frozen=True)
class Asked:
    """A received request, as passed to a fault."""

    origin: str
    """`www`, `static`, `ru` or `old`."""
    path: str
    """With its query."""
    count: int
    """How often this path was requested, this request included."""
    headers: dict[str, str]
    """Names in lower case."""


Misbehaviour = Callable[["Handler"], None]
"""Writes anything to the handler's connection, or closes it. To wait, it uses `handler.shared.closing`."""

Fault = Callable[[Asked], Answer | Misbehaviour | None]
"""Returns a faulty response, or None for the site's own. For a child process it must be a module-level function."""


@dataclass(frozen=True)
class Packed:
    """A response prepared for sending."""

    answer: Answer
    etag: str
    zipped: bytes | None


def pack(answer: Answer, etag: str | None = None) -> Packed:
    """Add the entity tag to a response, and compress it if that makes it smaller."""
    etag = etag or f'W/"{hashlib.blake2b(answer.body, digest_size=8).hexdigest()}"'
    zipped = gzip.compress(answer.body, GZIP_LEVEL, mtime=0) if len(answer.body) >= SMALLEST_GZIP_BYTES else None
    return Packed(answer, etag, zipped)


def _view_again(packed: Packed, count: int) -> Packed:
    """Return the page at a later view: another time in its metadata, but the same entity tag."""
    answer = packed.answer
    if not answer.viewed_at or count == 1:
        return packed
    later_at = answer.viewed_at + (count - 1) * VIEW_STEP
    body = answer.body.replace(moscow_text(answer.viewed_at).encode(), moscow_text(later_at).encode())
    return pack(replace(answer, body=body), packed.etag)


class SharedState:
    """State shared by all connections: the site, the fault and the counts."""

    def __init__(self, site: Site, fault: Fault | None = None) -> None:
        self.fault = fault
        self.requests: Counter[str] = Counter()
        self.closing = threading.Event()
        """Set when the server closes."""
        self._lock = threading.Lock()
        self._pack = lru_cache(maxsize=CACHED_COUNT)(lambda origin, path: pack(find_answer(site, origin, path)))

    def answer(self, asked: Asked) -> Packed | Misbehaviour:
        """Return the response to a request, or how to misbehave."""
        found = self.fault(asked) if self.fault else None
        if found is None:
            return _view_again(self._pack(asked.origin, asked.path), asked.count)
        return pack(found) if isinstance(found, Answer) else found

    def count(self, path: str) -> int:
        """Count a request for a path, and return how many there were."""
        with self._lock:
            self.requests[path] += 1
            return self.requests[path]

    def control(self, path: str) -> Packed:
        """Serve `/_replica/requests`: path -> count. `/_replica/reset` returns the same, and resets the counts."""
        with self._lock:
            found = dict(self.requests)
            if path == f"{CONTROL}reset":
                self.requests.clear()
        return pack(as_json(found))


class Listener(socketserver.ThreadingTCPServer):
    """One origin's port."""

    allow_reuse_address = True
    daemon_threads = False  # close() waits for the thread of every connection: none outlives the server
    request_queue_size = 128  # more connections at once than any crawl opens

    def __init__(self, shared: SharedState, origin: str, address: tuple[str, int]) -> None:
        self.shared = shared
        self.origin = origin
        self._open: set[socket.socket] = set()
        super().__init__(address, Handler)

    @property
    def url(self) -> str:
        """The URL on which it listens."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Record the connection, so that closing need not wait for the client."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect: tests kill crawls on purpose."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def close(self) -> None:
        """Shut every connection and wait for their threads."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # its client closed it first
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """Handles one connection, kept alive over many requests."""

    protocol_version = "HTTP/1.1"
    server_version = "replica"
    sys_version = ""
    wbufsize = -1  # headers and body leave in one packet
    disable_nagle_algorithm = True
    server: Listener

    @property
    def shared(self) -> SharedState:
        """State shared by all connections."""
        return self.server.shared

    def do_GET(self) -> None:
        """Respond to one request."""
        if self.path.startswith(CONTROL):
            self.send(self.shared.control(self.path))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.server.origin, self.path, self.shared.count(self.path), headers)
        answer = self.shared.answer(asked)
        if isinstance(answer, Packed):
            self.send(answer)
        else:
            answer(self)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server calls

    def send(self, packed: Packed) -> None:
        """Send the full response, or 304 if it was not modified."""
        answer = packed.answer
        if answer.status == HTTPStatus.OK and self._is_unmodified(packed):
            self._start(packed, HTTPStatus.NOT_MODIFIED)
            self.end_headers()
            return
        is_zipped = packed.zipped is not None and "gzip" in self.headers.get("Accept-Encoding", "")
        body = packed.zipped if is_zipped and packed.zipped is not None else answer.body
        self._start(packed, answer.status)
        self.send_header("Content-Type", answer.media_type)
        self.send_header("Content-Length", str(len(body)))
        if is_zipped:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _start(self, packed: Packed, status: int) -> None:
        """Send the status and the headers that a 304 has too."""
        answer = packed.answer
        self.send_response(status)
        if (age := answer.max_age_seconds) is not None:
            self.send_header("Cache-Control", f"max-age={age}, {age}, public")
        self.send_header("Vary", "Accept-Encoding")
        if answer.modified_at:
            self.send_header("ETag", packed.etag)
            self.send_header("Last-Modified", format_datetime(answer.modified_at, usegmt=True))
        if answer.location:
            self.send_header("Location", answer.location)
        for name, value in answer.headers:
            self.send_header(name, value)

    def _is_unmodified(self, packed: Packed) -> bool:
        """Evaluate the conditions by RFC 9110: the entity tag decides if one is given, else the time."""
        modified_at = packed.answer.modified_at
        if modified_at is None:
            return False
        if tags := self.headers.get("If-None-Match"):
            return packed.etag in (tag.strip() for tag in tags.split(","))
        since_at = _read_http_time(self.headers.get("If-Modified-Since"))
        return since_at is not None and modified_at.replace(microsecond=0) <= since_at

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Log nothing: the requests are counted instead."""


def _read_http_time(text: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None
