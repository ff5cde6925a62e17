"""Counts requests to Prefect's server, and its events, in a run of a hundred articles and in one of a few thousand.

They are counted on the wire, by a proxy in front of the server. Requests that grow with the run's duration (renewing
its slot, every 45 s; log lines in batches of 2 s) are in both.
"""

import json
import os
import re
import socket
import subprocess
import sys
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from benchmarks.ingest import make_environment, prefect_server
from replica.server import running
from replica.site import Site

SMALL_COUNT, LARGE_COUNT = 100, 5_000
GROWTH_TARGET = 1.2
"""Requests of the large run divided by those of the small one."""

CHUNK_BYTES = 65_536
REQUEST = re.compile(rb"(GET|POST|PUT|PATCH|DELETE) (/[^ ?]*)[^ ]* HTTP/1\.1\r\n")
IDENTIFIER = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


class CountingProxy:
    """Forwards bytes to a server, and counts the requests in them by method and path."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "", parts.port or 80)
        self.requests: Counter[str] = Counter()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}{parts.path}"
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """Accept no more connections, and wait until those under way have ended."""
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        for thread in self._threads:  # the first adds others until it ends
            thread.join()

    def _serve(self) -> None:
        with self._listener, suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._carry, args=(client,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._target) as upstream:
            back = threading.Thread(
                target=self._forward, args=(upstream, client), kwargs={"is_request": False}, daemon=True
            )
            back.start()
            self._forward(client, upstream, is_request=True)
            back.join()

    def _forward(self, source: socket.socket, sink: socket.socket, *, is_request: bool) -> None:
        with suppress(OSError):
            while chunk := source.recv(CHUNK_BYTES):
                if is_request:
                    self._count(chunk)
                sink.sendall(chunk)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _count(self, chunk: bytes) -> None:
        for method, path in REQUEST.findall(chunk):
            self.requests[f"{method.decode()} {IDENTIFIER.sub('ID', path.decode())}"] += 1


@contextmanager
def counting(url: str) -> Iterator[CountingProxy]:
    """Run a proxy while the block lasts."""
    proxy = CountingProxy(url)
    try:
        yield proxy
    finally:
        proxy.close()


def main() -> bool:
    """Measure and print; return whether the target is met."""
    with TemporaryDirectory() as folder, prefect_server(Path(folder)) as api_url:
        measure_run(Path(folder) / "first", api_url, 1)  # creates the concurrency limits, which happens once
        small = measure_run(Path(folder) / "small", api_url, SMALL_COUNT)
        large = measure_run(Path(folder) / "large", api_url, LARGE_COUNT)
    for path in sorted(small[0] | large[0]):
        print(f"{path:60} {small[0][path]:5} {large[0][path]:5}")
    growth = large[0].total() / small[0].total()
    print(f"requests, {SMALL_COUNT} and {LARGE_COUNT} articles {small[0].total():5} {large[0].total():5}")
    print(f"events                         {small[1]:5} {large[1]:5}")
    print(f"growth of the requests         {growth:.2f}  target {GROWTH_TARGET} or less")
    return growth <= GROWTH_TARGET and large[1] <= GROWTH_TARGET * small[1]


def measure_run(folder: Path, api_url: str, article_count: int) -> tuple[Counter[str], int]:
    """Return the requests and the number of events of one ingest of a site with this many articles."""
    folder.mkdir()
    events = count_events(api_url)
    with running(Site(article_count)) as server, counting(api_url) as proxy:
        environment = make_environment(folder, proxy.url, server.origins) | {"PREFECT_LOGGING_LEVEL": "INFO"}
        command = [sys.executable, "-m", "cli", "ingest", "--source", "sitemaps", "--json"]
        subprocess.run(command, env=os.environ | environment, stdout=subprocess.DEVNULL, check=False)
        return Counter(proxy.requests), count_events(api_url) - events


def count_events(api_url: str) -> int:
    """Return the number of events on the server."""
    body = json.dumps({"limit": 1}).encode()
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{api_url}/events/filter", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
        total: int = json.load(answer)["total"]
    return total
