"""Waiting for what happens in another process, which tells nobody."""

import time
from collections.abc import Callable

POLL_SECONDS = 0.05
"""Who asks without a pause takes the processor from what it waits for."""

PATIENCE_SECONDS = 120.0
"""Far longer than anything takes: a busy machine is no failure."""


def wait_until(
    condition: Callable[[], object], seconds: float = PATIENCE_SECONDS, poll_seconds: float = POLL_SECONDS
) -> None:
    """Return as soon as the condition holds.

    Raises:
        AssertionError: it never did.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"it did not come to pass within {seconds:g} s"
        time.sleep(poll_seconds)
