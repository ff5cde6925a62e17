"""Serves a site over HTTP on loopback, with a port for each of the publisher's origins."""

import json
import multiprocessing
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import chain, repeat
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

from replica.handler import CONTROL, Fault, Listener, SharedState
from replica.model import OLD, RUSSIAN, STATIC, WWW
from replica.site import Site

LOOPBACK = "127.0.0.1"
ANY_PORTS = (0, 0)
"""Ports of `www` and `static`, optionally also of `ru` and `old`; 0: the system chooses."""
_ORIGINS = {"www": WWW, "static": STATIC, "ru": RUSSIAN, "old": OLD}
_POLL_SECONDS = 0.05
"""How often a listener checks whether to stop."""
_START_SECONDS = 60
"""Time for a child process to start, even on a loaded machine."""
_STOP_SECONDS = 10


class Server:
    """Serves all origins of a site, in threads of this process."""

    def __init__(
        self, site: Site, *, host: str = LOOPBACK, ports: tuple[int, ...] = ANY_PORTS, fault: Fault | None = None
    ) -> None:
        self.shared = SharedState(site, fault)
        self._listeners: list[Listener] = []
        self._is_serving = False
        try:
            for origin, port in zip(_ORIGINS, chain(ports, repeat(0)), strict=False):
                self._listeners.append(Listener(self.shared, origin, (host, port)))
        except OSError:
            self.close()
            raise
        threads = [
            threading.Thread(target=listener.serve_forever, args=(_POLL_SECONDS,), daemon=True)
            for listener in self._listeners
        ]
        for thread in threads:
            thread.start()
        self._is_serving = True

    @property
    def requests(self) -> Counter[str]:
        """Path with its query -> number of requests, at all origins together."""
        return self.shared.requests

    @property
    def origins(self) -> dict[str, str]:
        """The publisher's origins -> the URLs where they are served: the value of BROADSHEET_ORIGINS."""
        return {_ORIGINS[listener.origin]: listener.url for listener in self._listeners}

    def close(self) -> None:
        """Stop, and close every connection."""
        self.shared.closing.set()
        for listener in self._listeners:
            if self._is_serving:
                listener.shutdown()
            listener.close()


@dataclass(frozen=True)
class Handle:
    """A running replica."""

    origins: dict[str, str]
    server: Server | None = None
    """Set only if it runs in this process (`thread=True`)."""

    @property
    def requests(self) -> Counter[str]:
        """Path with its query -> number of requests, at all origins together."""
        return self._request_control("requests")

    def reset(self) -> Counter[str]:
        """Reset the counts, and return those until now."""
        return self._request_control("reset")

    def _request_control(self, what: str) -> Counter[str]:
        with closing(HTTPConnection(urlsplit(self.origins[WWW]).netloc, timeout=_STOP_SECONDS)) as connection:
            connection.request("GET", CONTROL + what)
            return Counter(json.load(connection.getresponse()))


@contextmanager
def running(
    site: Site,
    *,
    thread: bool = False,
    host: str = LOOPBACK,
    ports: tuple[int, ...] = ANY_PORTS,
    fault: Fault | None = None,
) -> Iterator[Handle]:
    """Run a replica while the block lasts, in a child process or in threads of this one."""
    if thread:
        server = Server(site, host=host, ports=ports, fault=fault)
        try:
            yield Handle(server.origins, server)
        finally:
            server.close()
        return
    with _running_child(site, host, ports, fault) as origins:
        yield Handle(origins)


@contextmanager
def _running_child(site: Site, host: str, ports: tuple[int, ...], fault: Fault | None) -> Iterator[dict[str, str]]:
    """Run a child process that ends with the block, or when this process is killed, because its pipe closes then."""
    context = multiprocessing.get_context("spawn")  # a fork would copy this process's threads and locks
    parent_end, child_end = context.Pipe()
    child = context.Process(target=_serve, args=(child_end, site, host, ports, fault), daemon=True)
    child.start()
    child_end.close()
    try:
        yield _read_origins(parent_end)
    finally:
        parent_end.close()
        child.join(_STOP_SECONDS)
        if child.is_alive():
            child.kill()
            child.join()
        child.close()


def _read_origins(pipe: Connection) -> dict[str, str]:
    """Wait for the origins that the child sends when it is ready."""
    if not pipe.poll(_START_SECONDS):
        raise TimeoutError(f"the replica was not ready after {_START_SECONDS} seconds")
    try:
        origins: dict[str, str] = pipe.recv()
    except EOFError as error:
        raise ChildProcessError("the replica exited before it was ready; its own output is above") from error
    return origins


def _serve(pipe: Connection, site: Site, host: str, ports: tuple[int, ...], fault: Fault | None) -> None:
    """Serve in the child process until the pipe's other end is closed."""
    server = Server(site, host=host, ports=ports, fault=fault)
    try:
        pipe.send(server.origins)
        pipe.recv()
    except (EOFError, KeyboardInterrupt):
        pass
    finally:
        server.close()
