"""Serves a site over HTTP on loopback: a port for each of the publisher's origins."""

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

from replica.handler import CONTROL, Desk, Fault, Listener
from replica.model import OLD, RUSSIAN, STATIC, WWW
from replica.site import Site

LOOPBACK = "127.0.0.1"
ANY_PORTS = (0, 0)
"""Of `www` and `static`, and of `ru` and `old` if they are named: the system chooses."""
_ORIGINS = {"www": WWW, "static": STATIC, "ru": RUSSIAN, "old": OLD}
_POLL_SECONDS = 0.05
"""How soon a listener sees that it is to stop."""
_START_SECONDS = 60
"""A child process is up within this time, also on a loaded machine."""
_STOP_SECONDS = 10


class Server:
    """All origins of a site, in threads of this process."""

    def __init__(
        self, site: Site, *, host: str = LOOPBACK, ports: tuple[int, ...] = ANY_PORTS, fault: Fault | None = None
    ) -> None:
        self.desk = Desk(site, fault)
        self._listeners: list[Listener] = []
        self._is_serving = False
        try:
            for origin, port in zip(_ORIGINS, chain(ports, repeat(0)), strict=False):
                self._listeners.append(Listener(self.desk, origin, (host, port)))
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
        """Path with its query -> how often it was asked for, at all origins together."""
        return self.desk.requests

    @property
    def origins(self) -> dict[str, str]:
        """The publisher's origins -> where they are served: the value of BROADSHEET_ORIGINS."""
        return {_ORIGINS[listener.origin]: listener.url for listener in self._listeners}

    def close(self) -> None:
        """Stop, and shut every connection."""
        self.desk.closing.set()
        for listener in self._listeners:
            if self._is_serving:
                listener.shutdown()
            listener.close()


@dataclass(frozen=True)
class Handle:
    """A replica that runs."""

    origins: dict[str, str]
    server: Server | None = None
    """In this process (`thread=True`) only."""

    @property
    def requests(self) -> Counter[str]:
        """Path with its query -> how often it was asked for, at all origins together."""
        return self._ask("requests")

    def reset(self) -> Counter[str]:
        """Count from nothing again: the counts until now."""
        return self._ask("reset")

    def _ask(self, what: str) -> Counter[str]:
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
    """A replica that answers as long as the block lasts: in a child process, or in threads of this one."""
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
    """A child that ends with the block, and also when this process is killed: its pipe ends then."""
    context = multiprocessing.get_context("spawn")  # a fork would copy this process's threads and locks
    ours, theirs = context.Pipe()
    child = context.Process(target=_serve, args=(theirs, site, host, ports, fault), daemon=True)
    child.start()
    theirs.close()
    try:
        yield _read_origins(ours)
    finally:
        ours.close()
        child.join(_STOP_SECONDS)
        if child.is_alive():
            child.kill()
            child.join()
        child.close()


def _read_origins(pipe: Connection) -> dict[str, str]:
    """What the child says when it is ready."""
    if not pipe.poll(_START_SECONDS):
        raise TimeoutError(f"the replica was not up after {_START_SECONDS} seconds")
    try:
        origins: dict[str, str] = pipe.recv()
    except EOFError as error:
        raise ChildProcessError("the replica ended before it was up; its own words stand above") from error
    return origins


def _serve(pipe: Connection, site: Site, host: str, ports: tuple[int, ...], fault: Fault | None) -> None:
    """Runs in the child until the pipe's other end is closed."""
    server = Server(site, host=host, ports=ports, fault=fault)
    try:
        pipe.send(server.origins)
        pipe.recv()
    except (EOFError, KeyboardInterrupt):
        pass
    finally:
        server.close()
