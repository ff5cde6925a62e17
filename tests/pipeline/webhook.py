"""A receiver of messages on loopback, in place of a notification service."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

logging.getLogger("werkzeug").setLevel(logging.WARNING)  # its log of requests names the secret


class Webhook:
    """Received messages, and the URL for BROADSHEET_NOTIFY_URL, which contains a secret."""

    SECRET = "open-sesame"  # noqa: S105 - a test's own

    def __init__(self, port: int) -> None:
        self.url = f"json://127.0.0.1:{port}/{self.SECRET}"
        self.received: Queue[dict[str, Any]] = Queue()

    def receive(self, request: Request) -> Response:
        """Record a message."""
        self.received.put(request.get_json())
        return Response()


@contextmanager
def receiving() -> Iterator[Webhook]:
    """Run a receiver within the block."""
    with HTTPServer("127.0.0.1") as server:
        hook = Webhook(server.port)
        server.expect_request(re.compile(""), method="POST").respond_with_handler(hook.receive)
        yield hook
