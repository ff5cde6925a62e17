"""Prefect's temporary server, started so that it ends with the command that it serves.

Loaded only where it is needed: with it comes all of Prefect's server.
"""

import os
import subprocess
from typing import Any

from prefect.server.api.server import SubprocessASGIServer
from prefect.settings import get_current_settings

from flows.server_guard import APP, LOOPBACK, make_server_variables
from pipeline.child_process import make_command

EPHEMERAL = {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}
"""What Prefect tells such a server: no pages, no further server of its own."""


class TemporaryServer(SubprocessASGIServer):
    """Prefect keeps the first that is made, and starts and stops it: as its own, but for the process."""

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
        # A session of its own: Ctrl-C reaches its parent alone, which tells it how its run ended, and then ends it.
        return subprocess.Popen(make_command("uvicorn", *how), env=environment, start_new_session=True)  # noqa: S603 - us
