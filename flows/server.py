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
from prefect.context import refresh_global_settings_context
from prefect.settings import PREFECT_API_URL

from flows.server_guard import APP, LOOPBACK, load_auth_string, make_auth_string, make_server_variables
from pipeline.child_process import make_command
from schemas.failure import RunFailure
from schemas.masking import mask_secrets
from schemas.model import NonEmpty, Record
from schemas.settings import Settings

PORT = 4200
"""Prefect's own, where people look for its pages."""

START_SECONDS = 180
"""Ten on an idle machine; a busy one has taken more than a minute."""

DENIED_STATUSES = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})

POLL_SECONDS = 0.2
STOP_SECONDS = 15


OWNER_ONLY = 0o700

KEEP_ALIVE_SECONDS = 5
"""As `prefect server start` has it."""


class LocalServer(Record):
    """How a server of our own is reached."""

    url: NonEmpty
    """Of its API."""
    auth_string: NonEmpty
    auth_path: Path
    """The file that has it."""


class ServerMissing(RunFailure):
    """No Prefect server is named, or the one that is does not answer; one line says which."""


def require_server() -> str:
    """The URL of the server that is named, if it answers.

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
        raise ServerMissing(f"the Prefect server at {mask_secrets(url)} {_describe_error(error)}") from None
    return url


def _describe_error(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        status = error.response.status_code
        if status in DENIED_STATUSES:
            return "does not let us in: see PREFECT_API_AUTH_STRING"
        return f"answers {status}; its URL ends in /api"
    if isinstance(error, ValueError):  # it speaks of something else
        return "answers as none does; its URL ends in /api"
    return "does not answer"


def prepare_temporary_server() -> None:
    """Where no server is named, have the temporary one that Prefect starts end with this process, however that dies."""
    if not PREFECT_API_URL.value():
        from flows.temporary_server import TemporaryServer

        # The port is not known yet: the server is told later which it has. Its clients are this process.
        os.environ.update(make_server_variables(make_auth_string(), port=None))
        refresh_global_settings_context()
        TemporaryServer()


@contextmanager
def local_server(settings: Settings) -> Iterator[LocalServer]:
    """A server as long as the block lasts, with its pages on loopback and its memory in the data folder.

    Raises:
        ServerMissing: it does not start.
    """
    port = find_port()
    folder = settings.data_dir.absolute() / "prefect"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(OWNER_ONLY)
    auth_path = folder / "auth-string"
    server = LocalServer(
        url=f"http://{LOOPBACK}:{port}/api", auth_string=load_auth_string(auth_path), auth_path=auth_path
    )
    with (folder / "server.log").open("ab") as log:
        where = ("--factory", APP, "--host", LOOPBACK, "--port", str(port))
        command = make_command("uvicorn", *where, "--timeout-keep-alive", str(KEEP_ALIVE_SECONDS), "--lifespan", "on")
        environment = _make_environment(folder, server, port)
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)  # noqa: S603 - us
    try:
        _wait_until_healthy(process, server.url, folder / "server.log")
        yield server
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


def _make_environment(folder: Path, server: LocalServer, port: int) -> dict[str, str]:
    return (
        os.environ
        | make_server_variables(server.auth_string, port)
        | {
            "PREFECT_HOME": str(folder),
            "PREFECT_API_URL": server.url,
            # Slots of runs that were under way when the machine went down would never be given back from memory.
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        }
    )


def _wait_until_healthy(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
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
