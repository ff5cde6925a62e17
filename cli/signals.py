"""End a command on Ctrl-C or SIGTERM: at once and with one line, whatever it and its libraries are doing."""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from cli.failure import EXIT_INTERRUPTED, EXIT_TERMINATED
from schemas.failure import Failure

STOP_SECONDS = 3.5
"""Commands promise to end within five seconds; Prefect would retry an unreachable server for over a minute."""

STATUSES = {signal.SIGINT: EXIT_INTERRUPTED, signal.SIGTERM: EXIT_TERMINATED}
SIGNAL_MESSAGES = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}

PREFECT_CRASH_MESSAGE = "Crash detected! Execution was aborted by"

FLOW_RUNS = logging.getLogger("prefect.flow_runs")
"""The logger whose records go to a run's page in Prefect's UI, and to a command's standard error."""

CLEAR_LINE = "\r\x1b[2K\x1b[?25h"
"""Terminal codes: clear the progress bar, show the cursor."""


class _Terminated(SystemExit):
    """A signal ends the command."""


class _SignalHandler:
    """Handles the first signal that ends the command; later ones change nothing."""

    def __init__(self) -> None:
        self.status: int | None = None
        self._lock = threading.Lock()

    def handle(self, number: signal.Signals) -> int:
        """Report the signal, silence all further output, schedule a forced exit. Return the exit status."""
        with self._lock:
            if self.status is None:
                self.status = STATUSES[number]
                _report_signal(number)
                _force_exit_later(self.status)
        return self.status

    def listen(self, pipe: int) -> None:
        """Read signal numbers from the interpreter's wakeup pipe, because a library may have replaced our handler."""
        with open(pipe, "rb", buffering=0) as numbers:
            while received := numbers.read(1):
                if received[0] in STATUSES:
                    self.handle(signal.Signals(received[0]))


@contextmanager
def handling_signals() -> Iterator[None]:
    """Within the block, Ctrl-C and SIGTERM unwind the stack, so that the command cleans up, and print one line."""
    handler = _SignalHandler()

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        for each in STATUSES:
            signal.signal(each, signal.SIG_IGN)
        raise _Terminated(handler.handle(signal.Signals(number)))

    FLOW_RUNS.addFilter(_is_unreported)
    previous = {number: signal.signal(number, end) for number in STATUSES}
    with _listening(handler):
        try:
            yield
        except BaseException:
            if handler.status is None:
                raise
        if handler.status is not None:  # whatever the interrupted run raised or returned
            raise _Terminated(handler.status) from None
    for number, previous_handler in previous.items():
        signal.signal(number, previous_handler)


@contextmanager
def _listening(handler: _SignalHandler) -> Iterator[None]:
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    threading.Thread(target=handler.listen, args=(read_end,), name="signals", daemon=True).start()
    previous = signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(previous)
        os.close(write_end)


def _is_unreported(record: logging.LogRecord) -> bool:
    """Filter out Prefect's records of a failed or interrupted run: the command and the run's state report that."""
    error = record.exc_info[1] if record.exc_info else None
    is_reported = isinstance(error, Failure) and not FLOW_RUNS.isEnabledFor(logging.DEBUG)
    return not is_reported and not str(record.msg).startswith(PREFECT_CRASH_MESSAGE)


def _report_signal(number: signal.Signals) -> None:
    """Print one line, then close standard error: libraries would print a traceback for all that is interrupted."""
    clear = CLEAR_LINE if os.isatty(2) else ""
    os.write(2, f"{clear}broadsheet: {SIGNAL_MESSAGES[number]}\n".encode())
    with Path(os.devnull).open("w") as null:
        os.dup2(null.fileno(), 2)


def _force_exit_later(status: int) -> None:
    timer = threading.Timer(STOP_SECONDS, os._exit, [status])
    timer.daemon = True
    timer.start()
