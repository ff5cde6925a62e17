"""A TCP proxy on loopback: the server behind it stays up, and can be away for whoever comes this way."""

import selectors
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

LOOPBACK = "127.0.0.1"
CHUNK_BYTES = 1 << 16


class Proxy(socketserver.ThreadingTCPServer):
    """Carries connections to a port of this machine. While it refuses, every connection is closed at once."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__((LOOPBACK, 0), _Carrier)
        self.target = LOOPBACK, port
        self.is_refusing = False
        self.delay_seconds = 0.0
        """How long each request, or piece of one, is held up."""
        self.carried: set[socket.socket] = set()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Within the block, the server is away: new connections are closed, those under way are cut."""
        self.is_refusing = True
        for one in list(self.carried):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        try:
            yield
        finally:
            self.is_refusing = False


class _Carrier(socketserver.BaseRequestHandler):
    server: Proxy

    def handle(self) -> None:
        if self.server.is_refusing:
            return
        with socket.create_connection(self.server.target) as behind, selectors.DefaultSelector() as selector:
            ours = {self.request, behind}
            self.server.carried |= ours
            selector.register(self.request, selectors.EVENT_READ, behind)
            selector.register(behind, selectors.EVENT_READ, self.request)
            with suppress(OSError):
                while all(self._carry(key.fileobj, key.data) for key, _ in selector.select()):
                    pass
            self.server.carried -= ours

    def _carry(self, source: object, target: socket.socket) -> bool:
        assert isinstance(source, socket.socket)
        data = source.recv(CHUNK_BYTES)
        if data and source is self.request:
            time.sleep(self.server.delay_seconds)
        target.sendall(data)
        return bool(data)


@contextmanager
def running_proxy(port: int) -> Iterator[Proxy]:
    """A proxy to this port, as long as the block lasts."""
    with Proxy(port) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            with proxy.refusing():  # the connections end, and with them their threads
                proxy.shutdown()
                thread.join()
