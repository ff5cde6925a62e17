"""How a command ends that is told to, while a file of its own is half made, or a server of its own is up."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from cli.failure import EXIT_TERMINATED


@contextmanager
def tidying_up() -> Iterator[None]:
    """Within the block, SIGTERM ends the command as Ctrl-C does: what is its own is taken away first."""
    former = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(EXIT_TERMINATED)
