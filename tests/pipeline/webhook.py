"""A receiver of messages on loopback, as a service for alarms would be."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any


class Webhook:
    """What was received, and the address for BROADSHEET_NOTIFY_URL; a word in it is a secret."""

    SECRET = "open-sesame"  # noqa: S105 - a test's own

    def __init__(self, port: int) -> None:
        self.url = f"json://127.0.0.1:{port}/{self.SECRET}"
        self.received: Queue[dict[str, Any]] = Queue()


@contextmanager
def receiving() -> Iterator[Webhook]:
    """A receiver as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            hook.received.put(json.loads(self.rfile.read(length)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as above
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hook = Webhook(server.server_port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield hook
        finally:
            server.shutdown()
            thread.join()
