"""A publisher that misbehaves: one fault per path, whatever the host; hosts differ in their robots.txt."""

import gzip
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic

WWW = "https://www.themoscowtimes.com"
STATIC = "https://static.themoscowtimes.com"
BROKEN_ROBOTS = "https://ru.themoscowtimes.com"
PATIENT_ROBOTS = "https://www.moscowtimes.ru"
MISSING_ROBOTS = "https://moscowtimes.news"
BUSY_ROBOTS = "https://moscowtimes.eu"
RESTING_ROBOTS = "https://old.themoscowtimes.com"
HOSTS = (WWW, STATIC, RESTING_ROBOTS, BROKEN_ROBOTS, PATIENT_ROBOTS, MISSING_ROBOTS, BUSY_ROBOTS)

PAGE = b"<html><title>A page</title><p>" + b"Some text of the page. " * 100 + b"</p></html>"
BOMB = gzip.compress(bytes(10_000_000))
HUGE_BYTES = 10_000_000
DEADLINE_SECONDS = 60
"""Three times as long as any crawl of these tests takes; beyond it, something hangs."""

ODD_HEAD = (
    b"HTTP/1.1 200 Fine, thanks\r\nx-lower:  two  spaces \r\nX-Folded: one\r\n two\r\n"
    b"no colon here\r\nX-Latin: caf\xe9\r\n"
)
LONG_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Security-Policy: " + b"a" * 60_000 + b"\r\n" + b"X-Many: b\r\n" * 10_000
    + b"X-Caf\xc3\xa9: c\r\nX Space : d\r\n\r: e\r\nX-Late: f\r\n"
)  # fmt: skip
"""Within what browsers accept, but above the limits of Twisted (16 kB per line) and fastwarc (32 kB)."""

ENDLESS_BYTES = 50_000_000
"""More than the buffers of both sides, so that the server sees whether it could finish."""

INDEX = f"""<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<sitemap><loc>{STATIC}/sitemap/2024-5.xml</loc></sitemap><sitemap><loc>{STATIC}/sitemap/2024-6.xml</loc></sitemap>
<sitemap><loc>https://example.org/sitemap/2024-6.xml</loc></sitemap><sitemap><loc>{STATIC}/sitemap/2024-7.xml</loc>
</sitemap></sitemapindex>""".encode()
MONTH = f"""<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<url><loc>{WWW}/2024/06/01/a-page-a1</loc></url></urlset>""".encode()
FEED = f"""<?xml version="1.0"?><rss version="2.0"><channel><title>News</title><item><title>A page</title>
<link>{WWW}/2024/06/01/a-page-a1</link></item></channel></rss>""".encode()
CARD = f'<div class="article-excerpt-default" data-url="{WWW}/2024/06/01/a-page-a1" data-title="A page"></div>'.encode()

ETAG = '"one"'
MODIFIED = "Sat, 01 Jun 2024 10:00:00 GMT"

ROBOTS = {
    WWW: b"User-agent: *\nDisallow: /preview/\nDisallow: *?utm\n\nUser-agent: otherbot\nDisallow: /\n",
    STATIC: b"",
    PATIENT_ROBOTS: b"User-agent: *\nCrawl-delay: 0.6\n",
    RESTING_ROBOTS: b"User-agent: *\nCrawl-delay: 3600\n",
}


@dataclass(frozen=True)
class Asked:
    """A request as the server saw it."""

    path: str
    host: str
    at: float
    """Seconds of the monotonic clock."""
    headers: dict[str, str]


class Publisher(ThreadingHTTPServer):
    """Listens on a loopback port and records its requests."""

    daemon_threads = True
    request_queue_size = 128  # the default of 5 makes clients wait in the kernel

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[Asked] = []
        self.counts: Counter[str] = Counter()
        self._changed = threading.Condition()
        self.released = threading.Event()
        """Set when the test is over; slow responses wait for it."""

    @property
    def address(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def origins(self) -> dict[str, str]:
        """Map each host of the publisher to this server."""
        return dict.fromkeys(HOSTS, self.address)

    def record(self, asked: Asked) -> None:
        """Record a request."""
        with self._changed:
            self.counts[asked.path.partition("?")[0]] += 1
            self.asked.append(asked)
            self._changed.notify_all()

    def wait_until_asked(self, count: int) -> None:
        """Wait until this many requests have arrived."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.asked) >= count, DEADLINE_SECONDS), "the crawl hangs"

    def asked_for(self, host: str) -> list[Asked]:
        """Return the requests for one of the publisher's origins, in order."""
        return [asked for asked in self.asked if f"https://{asked.host}" == host]

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore errors: some tests disconnect on purpose."""


class Handler(BaseHTTPRequestHandler):
    """Responds to a request with the fault of its path."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Publisher

    def do_GET(self) -> None:
        self.host = self.headers["Host"]
        self.server.record(Asked(self.path, self.host, monotonic(), dict(self.headers)))
        try:
            FAULTS.get(self.path.partition("?")[0], answer_page)(self)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's
        """Log nothing: tests read `asked`."""

    def answer(self, body: bytes = PAGE, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def send_raw(self, data: bytes) -> None:
        """Send bytes and leave the connection open."""
        self.wfile.write(data)

    def redirect(self, location: str, status: int = 301) -> None:
        self.answer(b"", status, Location=location)


Fault = Callable[[Handler], None]


def answer_page(handler: Handler) -> None:
    handler.answer()


def answer_robots(handler: Handler) -> None:
    origin = f"https://{handler.host}"
    if origin == BROKEN_ROBOTS:
        handler.answer(b"User-agent: *\nAllow: /", 500)
    elif origin == BUSY_ROBOTS:
        handler.answer(b"User-agent: *\nAllow: /", 429, Retry_After="0")
    elif origin == MISSING_ROBOTS:
        handler.answer(b"User-agent: *\nDisallow: /", 404)
    else:
        handler.answer(ROBOTS[origin])


def answer_flaky(handler: Handler) -> None:
    handler.answer(status=500 if handler.server.counts["/flaky"] <= 2 else 200)


def answer_busy(handler: Handler) -> None:
    if handler.server.counts["/busy"] == 1:
        handler.answer(status=429, Retry_After="1")
    elif handler.server.counts["/busy"] == 2:
        at = datetime.now(UTC) + timedelta(seconds=2)
        handler.answer(status=503, Retry_After=format_datetime(at, usegmt=True))
    else:
        handler.answer()


def answer_reset(handler: Handler) -> None:
    # With a linger of 0 seconds, closing sends RST.
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def answer_slow(handler: Handler) -> None:
    handler.server.released.wait()
    handler.close_connection = True


def answer_dripping(handler: Handler) -> None:
    handler.send_raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\na drop")
    answer_slow(handler)


HEAVY_BYTES = 3 << 19
"""A megabyte and a half of incompressible data."""


def answer_huge_chunked(handler: Handler) -> None:
    handler.send_raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    for _ in range(HUGE_BYTES // len(chunk)):
        handler.wfile.write(chunk)
    handler.wfile.write(b"0\r\n\r\n")


def answer_endless(handler: Handler) -> None:
    handler.redirect(f"/endless?{handler.server.counts['/endless']}")


def answer_tagged(handler: Handler) -> None:
    """Serve a page that never changes, with both validators."""
    if handler.headers["If-None-Match"] == ETAG or handler.headers["If-Modified-Since"] == MODIFIED:
        handler.send_raw(f"HTTP/1.1 304 Not Modified\r\nETag: {ETAG}\r\n\r\n".encode())
    else:
        handler.answer(ETag=ETAG, Last_Modified=MODIFIED)


def raw(data: bytes) -> Fault:
    return lambda handler: handler.send_raw(data)


def raw_cut(data: bytes) -> Fault:
    def answer(handler: Handler) -> None:
        handler.send_raw(data)
        handler.close_connection = True

    return answer


def redirect(location: str) -> Fault:
    return lambda handler: handler.redirect(location)


def status(code: int) -> Fault:
    return lambda handler: handler.answer(status=code)


def answer_endless_head(handler: Handler) -> None:
    handler.send_raw(b"HTTP/1.1 200 OK\r\n")
    line = b"X-More: " + b"x" * 8_000 + b"\r\n"
    for _ in range(ENDLESS_BYTES // len(line)):
        handler.wfile.write(line)


def answer_early_hints(handler: Handler) -> None:
    for _ in range(10):
        handler.send_raw(b"HTTP/1.1 103 Early Hints\r\nLink: " + b"x" * 30_000 + b"\r\n\r\n")
    handler.answer()


FAULTS: dict[str, Fault] = {
    "/robots.txt": answer_robots,
    "/gzip": lambda handler: handler.answer(gzip.compress(PAGE), Content_Encoding="gzip"),
    "/no-gzip": lambda handler: handler.answer(b"this is not gzip", Content_Encoding="gzip"),
    "/bomb": lambda handler: handler.answer(BOMB, Content_Encoding="gzip"),
    "/chunked": raw(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
    ),
    "/odd": raw(ODD_HEAD + b"Content-Length: 2\r\n\r\nhi"),
    "/long-head": raw(LONG_HEAD + b"Content-Length: 2\r\n\r\nhi"),
    "/endless-head": answer_endless_head,
    "/endless-line": raw(b"HTTP/1.1 200 OK\r\nX-More: " + b"x" * 300_000 + b"\r\nContent-Length: 2\r\n\r\nhi"),
    "/early-hints": answer_early_hints,
    "/odd-status": raw_cut(b"HTTP/1.1 +200 OK\r\nContent-Length: 2\r\n\r\nhi"),
    "/to-far": redirect("/" + "x" * 17_000),
    "/interim": raw(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
    "/empty": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    "/no-content": raw(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "/missing": status(404),
    "/gone": status(410),
    "/broken": status(500),
    "/flaky": answer_flaky,
    "/busy": answer_busy,
    "/away": lambda handler: handler.answer(status=503, Retry_After="3600"),
    "/far-away": lambda handler: handler.answer(status=429, Retry_After="999999999999"),
    "/reset": answer_reset,
    "/cut": raw_cut(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nthe beginning"),
    "/cut-chunked": raw_cut(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
    "/surplus": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, this goes on"),
    "/unframed": raw_cut(b"HTTP/1.0 200 OK\r\n\r\nwho knows whether this is all"),
    "/unframed-page": raw_cut(b"HTTP/1.0 200 OK\r\n\r\n" + PAGE + b"\n<!-- cached -->\n<!-- at noon -->\n"),
    "/unframed-gzip": raw_cut(b"HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(PAGE)),
    "/unframed-cut-gzip": raw_cut(b"HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(PAGE)[:-1]),
    "/unframed-bomb": raw_cut(b"HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + BOMB),
    "/unframed-text": raw_cut(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nsome text"),
    "/unframed-missing": raw_cut(b"HTTP/1.0 404 Not Found\r\n\r\nno such page"),
    "/unframed-json": raw_cut(b'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n[{"id": 1}]'),
    "/unframed-cut-json": raw_cut(b'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n[{"id": 1}'),
    "/unended-chunks": raw_cut(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(FEED), FEED)
    ),
    "/cut-but-ended": raw_cut(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + PAGE),
    "/worked-on": status(203),
    "/garbage": raw_cut(b"\x00\x01\x02 this is no HTTP\r\n\r\n"),
    "/slow": answer_slow,
    "/dripping": answer_dripping,
    "/huge": raw(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % HUGE_BYTES),
    "/huge-chunked": answer_huge_chunked,
    "/heavy": lambda handler: handler.answer(random.Random(1).randbytes(HEAVY_BYTES)),
    "/redirect": redirect("/redirect/2"),
    "/redirect/2": redirect("/fine#part"),
    "/loop": redirect("/loop/2"),
    "/loop/2": redirect("/loop"),
    "/itself": redirect("/itself"),
    "/endless": answer_endless,
    "/to-loopback": redirect("http://127.0.0.1:1/"),
    "/to-mapped": redirect("http://[::ffff:127.0.0.1]/"),
    "/to-decimal": redirect("http://2130706433/"),
    "/to-octal": redirect("http://0177.0.0.1/"),
    "/to-hex": redirect("http://0x7f.1/"),
    "/to-compatible": redirect("http://[::127.0.0.1]/"),
    "/to-site-local": redirect("http://[fec0::1]/"),
    "/to-link-local": redirect("http://169.254.169.254/latest/meta-data/"),
    "/to-elsewhere": redirect("https://example.org/"),
    "/to-forbidden": redirect("/preview/secret"),
    "/to-mail": redirect("mailto:someone@example.org"),
    "/rss/news": lambda handler: handler.answer(FEED),
    "/rss/opinion": lambda handler: handler.answer(b"this is not gzip", Content_Encoding="gzip"),
    "/sitemap/sitemap.xml": lambda handler: handler.answer(gzip.compress(INDEX), Content_Encoding="gzip"),
    "/sitemap/2024-5.xml": lambda handler: handler.answer(MONTH),
    "/sitemap/2024-6.xml": lambda handler: handler.answer(MONTH),
    "/sitemap/2024-7.xml": lambda handler: handler.answer(MONTH),
    "/news": lambda handler: handler.answer(CARD),
    "/tagged": answer_tagged,
    "/to-tagged": redirect("/tagged"),
}


@contextmanager
def running_publisher() -> Iterator[Publisher]:
    """Run a publisher within the block."""
    with Publisher() as publisher:
        thread = threading.Thread(target=publisher.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield publisher
        finally:
            publisher.released.set()
            publisher.shutdown()
            thread.join()
