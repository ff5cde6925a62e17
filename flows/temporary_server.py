"""Prefect's temporary server, started so that it ends with its command.

Import this only where needed, because it imports all of Prefect's server.
"""

import os
import subprocess
import threading
from typing import Any

from prefect.server.api.server import SubprocessASGIServer
from prefect.settings import get_current_settings

from flows.server_guard import APP, LOOPBACK, make_server_variables
from pipeline.child_process import make_command

EPHEMERAL = {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}
"""Prefect's variables for such a server: no UI, and no further temporary server."""


class TemporaryServer(SubprocessASGIServer):
    """Prefect's class, except for how the process is started. Prefect uses the first instance created."""

    def _run_uvicorn_command(self) -> "subprocess.Popen[Any]":
        how = (
            "--factory",
            APP,
            "--host",
            LOOPBACK,
            "--port",
            str(self.port),
            "--log-level",
            "error",
            "--lifespan",
            "on",
        )
        given = get_current_settings().to_environment_variables(exclude_unset=True)
        guard = make_server_variables(given["PREFECT_API_AUTH_STRING"], self.port)
        environment = os.environ | EPHEMERAL | given | guard
        read_end, write_end = os.pipe()
        # A separate session, so that Ctrl-C reaches only the parent, which reports the run's end and then stops it.
        process = subprocess.Popen(  # noqa: S603 - us
            make_command("uvicorn", *how), env=environment, stderr=write_end, start_new_session=True
        )
        os.close(write_end)
        threading.Thread(target=_pass_on_errors, args=(read_end,), name="server-errors", daemon=True).start()
        return process


def _pass_on_errors(pipe: int) -> None:
    """Write the server's errors to our standard error: so they end when ours does, at Ctrl-C.

    A server that is told to stop while it starts prints the traceback of each service that was not there yet.
    """
    with open(pipe, "rb", buffering=0) as errors:
        while text := errors.read(1 << 16):
            os.write(2, text)
