"""Waiting for what another process or thread does."""

import time
from collections.abc import Callable

POLL_SECONDS = 0.05
"""Between two looks: nobody notices, and a busy machine has time for others."""


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Return once the condition holds; fail where it does not within a time that no machine needs."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(POLL_SECONDS)
