"""The Prefect server of a schedule: the configured one, or a local one on loopback."""

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
"""Prefect's default, where people look for its UI."""

START_SECONDS = 180
"""Starting takes ten seconds on an idle machine, and has taken more than a minute on a busy one."""

DENIED_STATUSES = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})

POLL_SECONDS = 0.2
STOP_SECONDS = 15


OWNER_ONLY = 0o700

KEEP_ALIVE_SECONDS = 5
"""The value that `prefect server start` uses."""


class LocalServer(Record):
    """How to connect to a local server."""

    url: NonEmpty
    """The URL of its API."""
    auth_string: NonEmpty
    """`user:password`."""
    auth_path: Path
    """The file that contains `auth_string`."""


class ServerMissing(RunFailure):
    """No Prefect server is configured, or it does not respond; the message says which, in one line."""


def require_server() -> str:
    """Return the URL of the configured server, after checking that it responds.

    Raises:
        ServerMissing: no server is configured, or it does not respond, or it denies access.
    """
    url: str | None = PREFECT_API_URL.value()
    if not url:
        raise ServerMissing("no Prefect server is configured: set PREFECT_API_URL, e.g. http://127.0.0.1:4200/api")
    try:
        with get_client(sync_client=True) as client:
            client.read_work_pools(limit=1)  # unlike the health check, this needs access
    except (httpx.HTTPError, RuntimeError, ValueError) as error:
        raise ServerMissing(f"the Prefect server at {mask_secrets(url)} {_describe_error(error)}") from None
    return url


def _describe_error(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        status = error.response.status_code
        if status in DENIED_STATUSES:
            return "denies access: see PREFECT_API_AUTH_STRING"
        return f"responds with status {status}; its URL should end in /api"
    if isinstance(error, ValueError):  # not a Prefect API's JSON
        return "does not respond like a Prefect API; its URL should end in /api"
    return "does not respond"


def prepare_temporary_server() -> None:
    """If no server is configured, tie the temporary one that Prefect starts to this process, however it dies."""
    if not PREFECT_API_URL.value():
        from flows.temporary_server import TemporaryServer

        # The port is not known yet: `TemporaryServer` sets it later. Only this process is a client.
        os.environ.update(make_server_variables(make_auth_string(), port=None))
        refresh_global_settings_context()
        TemporaryServer()


@contextmanager
def local_server(settings: Settings) -> Iterator[LocalServer]:
    """Run a server within the block, with its UI on loopback and its database in the data folder.

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
    """Return the wanted port if it is free, else any free one."""
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
            # Leases in memory are lost in a machine crash, and the slots of its active runs would never be released.
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
