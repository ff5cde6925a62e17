"""Starts the command. Imports nothing large itself: Ctrl-C and SIGTERM end the command with one line from here on.

Loading the command's modules takes a few tenths of a second, in which Python would print a traceback.
"""

import atexit
import os
import signal
from types import FrameType

MESSAGES = {signal.SIGINT: b"broadsheet: interrupted\n", signal.SIGTERM: b"broadsheet: terminated\n"}


def _end(number: int, _frame: FrameType | None) -> None:
    """End the process at once: nothing has begun that must be undone."""
    os.write(2, MESSAGES[signal.Signals(number)])
    os._exit(128 + number)


def _ignore_signals() -> None:
    """Let the command end as it has ended: the interpreter, as it shuts down, would die of a signal without a word."""
    for number in MESSAGES:
        signal.signal(number, signal.SIG_IGN)


def run() -> None:
    """Run the command (entry point of `broadsheet`)."""
    atexit.register(_ignore_signals)  # the first to be registered runs last
    for number in MESSAGES:
        signal.signal(number, _end)
    from cli.main import run as run_command

    run_command()
