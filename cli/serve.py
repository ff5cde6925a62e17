"""The command `serve`: the archive in a browser."""

import ctypes
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated

import typer

from cli.option import between
from schemas.failure import UsageFailure
from schemas.printing import print_line

if TYPE_CHECKING:
    from starlette.types import ASGIApp

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8600
MAX_PORT = 65_535

STOP_SECONDS = 2
"""How long requests may still take when the server is stopped."""

CONNECTION_COUNT = 200
"""Connections at a time; any more get 503."""

M_ARENA_MAX = -8
"""The number by which glibc knows the option `M_ARENA_MAX` (malloc.h)."""

ARENA_COUNT = 1
"""Heaps of the C library: the interpreter lets one thread compute at a time anyway."""


class HostUnusable(UsageFailure):
    """The server cannot listen at this host and port."""


def serve(
    host: Annotated[
        str, typer.Option(metavar="HOST", help="The interface; any but this machine's needs BROADSHEET_SERVE_PASSWORD.")
    ] = DEFAULT_HOST,
    port: Annotated[
        int, typer.Option(metavar="PORT", callback=between(0, MAX_PORT), help="The port; 0 for any that is free.")
    ] = DEFAULT_PORT,
) -> None:
    """Show the archive in a browser, read-only, with a JSON API, until stopped."""
    from pipeline.archive import open_archive
    from schemas.settings import load_settings
    from web.access import Access
    from web.app import create_app

    limit_memory()
    settings = load_settings()
    access = Access.from_settings(settings, host)
    with (
        open_archive(settings, writable=False) as archive,
        listening(host, port) as listener,
        serving(create_app(archive, access), listener) as ended,
    ):
        print_line(f"broadsheet: the archive is at {name_url(host, listener)}; Ctrl-C stops it")
        ended.wait()


def limit_memory() -> None:
    """Have libraries keep less memory that they no longer use. To be called before any thread is started."""
    # pyarrow, which writes Parquet, reads it when it is imported. Its own pool keeps 25 MB.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    # The C library has a heap for each thread, up to eight per core; those of the threads of requests keep 30 MB.
    with suppress(AttributeError, OSError):  # not glibc
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENA_COUNT)


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Within the block, listen at a host and port.

    Raises:
        HostUnusable: something else listens there, or the host is not this machine's.
    """
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.create_server(place[:2], family=family)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise HostUnusable(f"the archive cannot be served at {host}:{port}: {reason}") from None
    # Accepted connections inherit it. asyncio only sets it on sockets whose protocol was named when they were made.
    # Without it, a response's second part waits for the client's delayed acknowledgement of the first: 40 ms a page.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
    with listener:
        yield listener


@contextmanager
def serving(app: "ASGIApp", listener: socket.socket) -> Iterator[threading.Event]:
    """Within the block, serve an application; yield an event that is set if the server ends by itself.

    In a thread, so that signals end the command as they end any other.
    """
    import uvicorn

    from web.timed_protocol import TimedProtocol

    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        http=TimedProtocol,
        limit_concurrency=CONNECTION_COUNT,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    server = uvicorn.Server(config)
    ended = threading.Event()

    def run() -> None:
        try:
            server.run(sockets=[listener])
        finally:
            ended.set()

    thread = threading.Thread(target=run, name="serve")
    thread.start()
    try:
        yield ended
    finally:
        server.should_exit = True
        thread.join()


def name_url(host: str, listener: socket.socket) -> str:
    """Return the URL at which a person reaches the server."""
    port = listener.getsockname()[1]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"
