"""How Prefect behaves when a person runs a flow from the command line. Set before Prefect is imported."""

import os

DEFAULTS = {
    # The temporary server starts in 10 s on an idle machine; Prefect's own 20 s are not enough on a busy one.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    # Neither server nor client tells anybody that it was started.
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # A person reads the run's report; what Prefect does on the way is of interest when it goes wrong.
    "PREFECT_LOGGING_LEVEL": "WARNING",
}


def set_prefect_defaults() -> None:
    """Give Prefect our defaults, where its user gave it none."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
