"""Defaults for Prefect in commands. They must be set before Prefect is imported."""

import os

DEFAULTS = {
    # The temporary server starts in 10 s on an idle machine; Prefect's default of 20 s is too short on a busy one.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    # No telemetry from server or client.
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # The user reads the run's report; Prefect's own log matters only when something goes wrong.
    "PREFECT_LOGGING_LEVEL": "WARNING",
}


def set_prefect_defaults() -> None:
    """Set Prefect's environment variables, unless the user has set them."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
