"""What keeps strangers out of a Prefect server of our own: a password, its own Host names, no foreign Origin.

Whoever may ask a Prefect server may run commands on its machine, and any page in a browser can ask loopback.
"""

import os
import secrets
from pathlib import Path
from typing import Any

LOOPBACK = "127.0.0.1"

APP = "flows.server_guard:create_app"
"""For uvicorn: a factory."""

HOSTS = (LOOPBACK, "localhost")
"""Any other Host is a foreign page whose name was made to resolve to loopback (DNS rebinding)."""

USER = "broadsheet"

TOKEN_BYTES = 32
"""256 bits: nobody guesses them."""

OWNER_ONLY = 0o600


def make_auth_string() -> str:
    """A new `user:password`, as Prefect wants it."""
    return f"{USER}:{secrets.token_urlsafe(TOKEN_BYTES)}"


def load_auth_string(path: Path) -> str:
    """The one in this file, which only its owner can read; made where there is none."""
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
    """Environment variables of a server on this port of loopback, so that it lets in only who knows the string."""
    return {
        "PREFECT_API_AUTH_STRING": auth_string,
        "PREFECT_SERVER_API_AUTH_STRING": auth_string,
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": f"http://{LOOPBACK}:{port}",
        # Relative: the pages work under each of its names without a foreign Origin.
        "PREFECT_SERVER_UI_API_URL": "/api",
    }


def create_app() -> Any:
    """Prefect's server, for requests that name it by its own URL."""
    from prefect.server.api.server import create_app as create_server
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    return TrustedHostMiddleware(create_server(final=True), allowed_hosts=HOSTS, www_redirect=False)
