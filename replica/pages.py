"""Serves fixed pages on loopback, a port for each origin: for small replicas of publishers with few pages."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Pages = Mapping[str, tuple[str, bytes]]
"""Path -> media type and body; of a redirect, `MOVED` and the URL where it leads."""

MOVED = "redirect"
"""In place of a media type."""

Hold = Callable[[str], object]
"""Called with the path of each request before it is answered."""

ROBOTS = ("text/plain", b"User-agent: *\nAllow: /\n")


class PageServer(ThreadingHTTPServer):
    """Serves the pages of one origin, and counts the requests."""

    daemon_threads = True

    def __init__(self, pages: Pages, hold: Hold) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages, self.hold = {"/robots.txt": ROBOTS} | dict(pages), hold
        self.requests: Counter[str] = Counter()

    @property
    def url(self) -> str:
        """The origin that it is."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: PageServer

    def do_GET(self) -> None:
        self.server.requests[self.path] += 1
        self.server.hold(self.path)
        kind, body = self.server.pages.get(self.path, ("text/html", b"<h1>Not found</h1>"))
        status = HTTPStatus.OK if self.path in self.server.pages else HTTPStatus.NOT_FOUND
        if kind == MOVED:
            self.send_response(HTTPStatus.MOVED_PERMANENTLY)
            self.send_header("Location", body.decode())
            kind, body = "text/plain", b""
        else:
            self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(pages: Mapping[str, Pages], hold: Hold = lambda _path: None) -> Iterator[dict[str, str]]:
    """Serve each origin's pages within the block; yield origin -> URL where it is served."""
    servers = {origin: PageServer(found, hold) for origin, found in pages.items()}
    threads = [threading.Thread(target=one.serve_forever, args=(0.05,), daemon=True) for one in servers.values()]
    try:
        for thread in threads:
            thread.start()
        yield {origin: one.url for origin, one in servers.items()}
    finally:
        for one, thread in zip(servers.values(), threads, strict=True):
            one.shutdown()
            one.server_close()
            thread.join()


def render_feed(articles: Mapping[str, str], pub_date: str) -> bytes:
    """Return an RSS feed: URL -> title."""
    items = "".join(
        f"<item><title>{title}</title><link>{url}</link><pubDate>{pub_date}</pubDate></item>"
        for url, title in articles.items()
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Feed</title>{items}</channel></rss>'.encode()


def render_sitemap(urls: Mapping[str, str] | list[str]) -> bytes:
    """Return a sitemap of these URLs."""
    places = "".join(f"<url><loc>{url}</loc></url>" for url in urls)
    head = '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    return f"{head}{places}</urlset>".encode()
