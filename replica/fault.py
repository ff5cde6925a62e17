"""Ways in which single URLs misbehave, by name, and their assignment to paths."""

import gzip
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from replica.answer import Answer, html
from replica.handler import Asked, Handler, Misbehaviour
from replica.trouble import soft_404

HUGE_BYTES = 100_000_000
CHUNK_BYTES = 1 << 16
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=UTF-8\r\n"
_BEGINNING = b"<html><body><p>The beginning of a page"

Behaviour = Callable[[Asked], Answer | Misbehaviour | None]


@dataclass(frozen=True)
class Faults:
    """Assigns faults to paths. A plain value, so that it can be sent to a child process."""

    by_path: Mapping[str, str] = field(default_factory=dict)
    """Path -> name in `BEHAVIOURS`."""

    def __call__(self, asked: Asked) -> Answer | Misbehaviour | None:
        """Return the faulty response; None for the site's normal one."""
        name = self.by_path.get(asked.path)
        return BEHAVIOURS[name](asked) if name else None


def _status(code: int) -> Behaviour:
    return lambda _asked: html("", status=code)


def _at_first(count: int, behaviour: Behaviour) -> Behaviour:
    """Misbehave for the first `count` requests, then respond normally."""
    return lambda asked: behaviour(asked) if asked.count <= count else None


def _too_many_requests(_asked: Asked) -> Answer:
    return Answer(b"", status=429, headers=(("Retry-After", "1"),))


def _redirect(location: str) -> Behaviour:
    return lambda _asked: Answer(b"", status=301, location=location)


def _chain(asked: Asked) -> Answer:
    """Redirect to another slug of the same article, which redirects to its current one."""
    head, _, number = asked.path.rpartition("-a")
    return Answer(b"", status=301, location=f"{head}-again-a{number}")


def _redirect_to_itself(asked: Asked) -> Answer:
    return Answer(b"", status=301, location=asked.path)


def _reset(_asked: Asked) -> Misbehaviour:
    def answer(handler: Handler) -> None:
        # Closing with a linger of 0 seconds sends RST.
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.close_connection = True
        handler.connection.close()

    return answer


def _slow(_asked: Asked) -> Misbehaviour:
    """Send a body that never ends."""

    def answer(handler: Handler) -> None:
        handler.wfile.write(_HEAD + b"Content-Length: 1000\r\n\r\n" + _BEGINNING)
        handler.wfile.flush()
        handler.shared.closing.wait()
        handler.close_connection = True

    return answer


def _cut(announced_bytes: int, body: bytes) -> Behaviour:
    """Send a body of another length than announced."""

    def answer(handler: Handler) -> None:
        handler.wfile.write(_HEAD + b"Content-Length: %d\r\n\r\n" % announced_bytes + body)
        handler.close_connection = True

    return lambda _asked: answer


@cache
def _pack_bomb() -> bytes:
    return gzip.compress(bytes(HUGE_BYTES))


def _bomb(_asked: Asked) -> Misbehaviour:
    def answer(handler: Handler) -> None:
        bomb = _pack_bomb()
        head = _HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
        handler.wfile.write(head + bomb)

    return answer


def _huge(_asked: Asked) -> Misbehaviour:
    def answer(handler: Handler) -> None:
        handler.close_connection = True
        handler.wfile.write(_HEAD + b"Content-Length: %d\r\n\r\n" % HUGE_BYTES)
        for _ in range(HUGE_BYTES // CHUNK_BYTES):
            handler.wfile.write(b"<p>" * (CHUNK_BYTES // 3))

    return answer


BEHAVIOURS: Mapping[str, Behaviour] = {
    "500-twice": _at_first(2, _status(500)),
    "500": _status(500),
    "429-with-retry-after": _at_first(1, _too_many_requests),
    "reset": _reset,
    "slow-body": _slow,
    "cut-body": _cut(100_000, _BEGINNING),
    "longer-than-announced": _cut(10, _BEGINNING),
    "redirect-chain": _chain,
    "redirect-loop": _redirect_to_itself,
    "redirect-to-link-local": _redirect("http://169.254.169.254/latest/meta-data/"),
    "redirect-to-loopback": _redirect("http://127.0.0.1:1/"),
    "redirect-elsewhere": _redirect("https://example.org/"),
    "gzip-bomb": _bomb,
    "100-mb": _huge,
    "404-then-back": _at_first(1, _status(404)),
    "410": _status(410),
    "soft-404": lambda _asked: soft_404(),
}
"""Name -> how a URL behaves."""
