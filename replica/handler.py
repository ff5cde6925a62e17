"""Answers one HTTP request: counts it, lets a fault have its way, else sends what the site answers."""

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
"""So far does the time in a page's metadata move with each view."""
CACHED_COUNT = 512
"""Packed answers kept, about 35 kB each: feeds and sitemaps are costly and asked for often, pages mostly once."""
GZIP_LEVEL = 1
"""The fastest: the replica must cost less than the crawler that it is there to measure."""
SMALLEST_GZIP_BYTES = 200
"""Below it, gzip adds more than it takes away."""
CONTROL = "/_replica/"
"""Addresses of the replica itself, never counted."""


@dataclass(frozen=True)
class Asked:
    """A request as a fault sees it."""

    origin: str
    """`www`, `static`, `ru` or `old`."""
    path: str
    """With its query."""
    count: int
    """How often this path was asked for, this time included."""
    headers: dict[str, str]
    """Names in lower case."""


Misbehaviour = Callable[["Handler"], None]
"""Writes to the handler's connection what it likes, or shuts it. It waits, if it must, on `handler.desk.closing`."""

Fault = Callable[[Asked], Answer | Misbehaviour | None]
"""What to answer instead; None for the site's own answer. For a child process it must be a module's function."""


@dataclass(frozen=True)
class Packed:
    """An answer made ready for the wire."""

    answer: Answer
    etag: str
    zipped: bytes | None


def pack(answer: Answer, etag: str | None = None) -> Packed:
    """An answer with its entity tag, and zipped where that makes it smaller."""
    etag = etag or f'W/"{hashlib.blake2b(answer.body, digest_size=8).hexdigest()}"'
    zipped = gzip.compress(answer.body, GZIP_LEVEL, mtime=0) if len(answer.body) >= SMALLEST_GZIP_BYTES else None
    return Packed(answer, etag, zipped)


def _view_again(packed: Packed, count: int) -> Packed:
    """The same page at a later view: another time in its metadata, and the same entity tag."""
    answer = packed.answer
    if not answer.viewed_at or count == 1:
        return packed
    later_at = answer.viewed_at + (count - 1) * VIEW_STEP
    body = answer.body.replace(moscow_text(answer.viewed_at).encode(), moscow_text(later_at).encode())
    return pack(replace(answer, body=body), packed.etag)


class Desk:
    """What all connections share: the site, the fault and the counts."""

    def __init__(self, site: Site, fault: Fault | None = None) -> None:
        self.fault = fault
        self.requests: Counter[str] = Counter()
        self.closing = threading.Event()
        """Set when the server closes."""
        self._lock = threading.Lock()
        self._pack = lru_cache(maxsize=CACHED_COUNT)(lambda origin, path: pack(find_answer(site, origin, path)))

    def answer(self, asked: Asked) -> Packed | Misbehaviour:
        """What this request gets."""
        found = self.fault(asked) if self.fault else None
        if found is None:
            return _view_again(self._pack(asked.origin, asked.path), asked.count)
        return pack(found) if isinstance(found, Answer) else found

    def count(self, path: str) -> int:
        """One more request for a path: how many there were."""
        with self._lock:
            self.requests[path] += 1
            return self.requests[path]

    def control(self, path: str) -> Packed:
        """`/_replica/requests`: path -> count; `/_replica/reset` answers the same, and counts from nothing again."""
        with self._lock:
            found = dict(self.requests)
            if path == f"{CONTROL}reset":
                self.requests.clear()
        return pack(as_json(found))


class Listener(socketserver.ThreadingTCPServer):
    """One origin's port."""

    allow_reuse_address = True
    daemon_threads = False  # close() waits for every connection's thread: none outlives the server
    request_queue_size = 128  # more connections at once than any crawl opens

    def __init__(self, desk: Desk, origin: str, address: tuple[str, int]) -> None:
        self.desk = desk
        self.origin = origin
        self._open: set[socket.socket] = set()
        super().__init__(address, Handler)

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Note the connection, so that closing need not wait for its other end."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error: crawls are killed here on purpose."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def close(self) -> None:
        """Shut every connection and wait for their threads."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # its client was quicker
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """One connection, kept alive over many requests."""

    protocol_version = "HTTP/1.1"
    server_version = "replica"
    sys_version = ""
    wbufsize = -1  # headers and body leave in one packet
    disable_nagle_algorithm = True
    server: Listener

    @property
    def desk(self) -> Desk:
        """What all connections share."""
        return self.server.desk

    def do_GET(self) -> None:
        """Answer one request."""
        if self.path.startswith(CONTROL):
            self.send(self.desk.control(self.path))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.server.origin, self.path, self.desk.count(self.path), headers)
        answer = self.desk.answer(asked)
        if isinstance(answer, Packed):
            self.send(answer)
        else:
            answer(self)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server calls

    def send(self, packed: Packed) -> None:
        """The whole answer, or that it was not modified."""
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
        """Status and the headers that a 304 has too."""
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
        """As RFC 9110 has it: the entity tag decides where one is given, else the time."""
        modified_at = packed.answer.modified_at
        if modified_at is None:
            return False
        if tags := self.headers.get("If-None-Match"):
            return packed.etag in (tag.strip() for tag in tags.split(","))
        since_at = _read_http_time(self.headers.get("If-Modified-Since"))
        return since_at is not None and modified_at.replace(microsecond=0) <= since_at

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing: the requests are counted."""


def _read_http_time(text: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None
