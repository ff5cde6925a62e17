"""Prefect's temporary server, started so that it ends with the command that it serves.

Loaded only where it is needed: with it comes all of Prefect's server.
"""

import os
import subprocess
from typing import Any

import prefect
from prefect.server.api.server import SubprocessASGIServer
from prefect.settings import get_current_settings

from flows.child import make_command

LOOPBACK = "127.0.0.1"

EPHEMERAL = {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}
"""What Prefect tells such a server: no pages, no further server of its own."""


class TemporaryServer(SubprocessASGIServer):
    """Prefect keeps the first that is made, and starts and stops it: as its own, but for the process."""

    def _run_uvicorn_command(self) -> "subprocess.Popen[Any]":
        folder = str(prefect.__module_path__.parent)
        where = ("--app-dir", folder, "--factory", "prefect.server.api.server:create_app")
        how = ("--host", LOOPBACK, "--port", str(self.port), "--log-level", "error", "--lifespan", "on")
        given = get_current_settings().to_environment_variables(exclude_unset=True)
        return subprocess.Popen(make_command("uvicorn", *where, *how), env=os.environ | EPHEMERAL | given)  # noqa: S603 - us
