"""Prefect's server, as a schedule needs it: the one that is named, or one of its own on loopback."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import httpx
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL

from flows.child import make_command
from schemas.settings import Settings

LOOPBACK = "127.0.0.1"
PORT = 4200
"""Prefect's own, where people look for its pages."""

START_SECONDS = 180
"""Ten on an idle machine; a busy one has taken more than a minute."""

DENIED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})

POLL_SECONDS = 0.2
STOP_SECONDS = 15


class ServerMissing(RuntimeError):  # noqa: N818 - it states a fact
    """No Prefect server is named, or the one that is does not answer; one line says which."""


def require_server() -> str:
    """The address of the server that is named, if it answers.

    Raises:
        ServerMissing: none is named, it does not answer, or it does not let us in.
    """
    url: str | None = PREFECT_API_URL.value()
    if not url:
        raise ServerMissing("no Prefect server is named: set PREFECT_API_URL, e.g. http://127.0.0.1:4200/api")
    try:
        with get_client(sync_client=True) as client:
            client.read_work_pools(limit=1)  # more than its health: whether it lets us in
    except (httpx.HTTPError, RuntimeError, ValueError) as error:
        raise ServerMissing(f"the Prefect server at {url} {_explain(error)}") from None
    return url


def _explain(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        status = error.response.status_code
        if status in DENIED:
            return "does not let us in: see PREFECT_API_AUTH_STRING"
        return f"answers {status}; its address ends in /api"
    if isinstance(error, ValueError):  # it speaks of something else
        return "answers as none does; its address ends in /api"
    return "does not answer"


def prepare_temporary_server() -> None:
    """Where no server is named, have the temporary one that Prefect starts end with this process, however that dies."""
    if not PREFECT_API_URL.value():
        from flows.temporary import TemporaryServer

        TemporaryServer()


@contextmanager
def own_server(settings: Settings) -> Iterator[str]:
    """A server as long as the block lasts, with its pages on loopback and its memory in the data folder: its address.

    Raises:
        ServerMissing: it does not start.
    """
    port = find_port()
    url = f"http://{LOOPBACK}:{port}/api"
    folder = settings.data_dir.absolute() / "prefect"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "server.log").open("ab") as log:
        command = make_command("prefect", "server", "start", "--host", LOOPBACK, "--port", str(port))
        process = subprocess.Popen(command, env=_make_environment(folder, url), stdout=log, stderr=log)  # noqa: S603 - us
    try:
        _wait_for(process, url, folder / "server.log")
        yield url
    finally:
        _stop(process)


def find_port(wanted: int = PORT) -> int:
    """The wanted port if it is free, else one that is."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise ServerMissing("no port is free on loopback")


def _make_environment(folder: Path, url: str) -> dict[str, str]:
    return os.environ | {
        "PREFECT_HOME": str(folder),
        "PREFECT_API_URL": url,
        # Slots of runs that were under way when the machine went down would never be given back from memory.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    }


def _wait_for(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/health", timeout=START_SECONDS).is_success:
                return
        except httpx.HTTPError:
            time.sleep(POLL_SECONDS)
    raise ServerMissing(f"the Prefect server did not start: see {log}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
