"""Protects a local Prefect server: a password, only its own Host names, no foreign Origin.

Access to a Prefect server means running commands on its machine, and any page in a browser can reach loopback.
"""

import os
import secrets
from pathlib import Path
from typing import Any

LOOPBACK = "127.0.0.1"

APP = "flows.server_guard:create_app"
"""The application factory, for uvicorn."""

HOSTS = (LOOPBACK, "localhost")
"""Allowed Host headers. Any other is a foreign page whose name resolves to loopback (DNS rebinding)."""

USER = "broadsheet"

TOKEN_BYTES = 32
"""256 bits: infeasible to guess."""

OWNER_ONLY = 0o600


def make_auth_string() -> str:
    """Return a new `user:password`, in Prefect's format."""
    return f"{USER}:{secrets.token_urlsafe(TOKEN_BYTES)}"


def load_auth_string(path: Path) -> str:
    """Return the auth string in this file, which only its owner can read; create it if missing."""
    try:
        path.chmod(OWNER_ONLY)
        if found := path.read_text().strip():
            return found
    except FileNotFoundError:
        pass
    made = make_auth_string()
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY), "w") as file:  # noqa: PTH123 - its mode
        file.write(f"{made}\n")
    return made


def make_server_variables(auth_string: str, port: int | None) -> dict[str, str]:
    """Return environment variables for a server on this loopback port that requires the auth string."""
    return {
        "PREFECT_API_AUTH_STRING": auth_string,
        "PREFECT_SERVER_API_AUTH_STRING": auth_string,
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": f"http://{LOOPBACK}:{port}",
        # Relative, so that the UI works under both host names without a foreign Origin.
        "PREFECT_SERVER_UI_API_URL": "/api",
    }


def create_app() -> Any:
    """Create Prefect's server; it rejects requests with another Host."""
    from prefect.server.api.server import create_app as create_server
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    return TrustedHostMiddleware(create_server(final=True), allowed_hosts=HOSTS, www_redirect=False)
