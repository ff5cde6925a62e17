"""How a command ends that is told to: in one line, at once, whatever it and its libraries are doing."""

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
"""It ends within five: Prefect would try for more than a minute to tell a server that is gone."""

STATUSES = {signal.SIGINT: EXIT_INTERRUPTED, signal.SIGTERM: EXIT_TERMINATED}
SIGNAL_MESSAGES = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}

PREFECT_CRASH_MESSAGE = "Crash detected! Execution was aborted by"

FLOW_RUNS = logging.getLogger("prefect.flow_runs")
"""Of what a run's page shows, and a command's standard error."""

CLEAR_LINE = "\r\x1b[2K\x1b[?25h"
"""On a terminal: the progress bar goes, the cursor comes back."""


class _Terminated(SystemExit):
    """The command was told to end."""


class _SignalHandler:
    """What a command has been told, by the first signal of those that end it."""

    def __init__(self) -> None:
        self.status: int | None = None
        self._lock = threading.Lock()

    def tell(self, number: signal.Signals) -> int:
        """Say it, and nothing more; and have the process end surely. Answers the exit status."""
        with self._lock:
            if self.status is None:
                self.status = STATUSES[number]
                _say(number)
                _force_exit_later(self.status)
        return self.status

    def listen(self, pipe: int) -> None:
        """Hear of signals from the interpreter itself: a library may have put a handler of its own in place of ours."""
        with open(pipe, "rb", buffering=0) as numbers:
            while heard := numbers.read(1):
                if heard[0] in STATUSES:
                    self.tell(signal.Signals(heard[0]))


@contextmanager
def handling_signals() -> Iterator[None]:
    """Within the block, Ctrl-C and SIGTERM end the command in one line: what is its own is taken away first."""
    ending = _SignalHandler()

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        for each in STATUSES:
            signal.signal(each, signal.SIG_IGN)
        raise _Terminated(ending.tell(signal.Signals(number)))

    FLOW_RUNS.addFilter(_is_unreported)
    former = {number: signal.signal(number, end) for number in STATUSES}
    with _listening(ending):
        try:
            yield
        except BaseException:
            if ending.status is None:
                raise
        if ending.status is not None:  # whatever the end of a run raises on its way, or makes of it
            raise _Terminated(ending.status) from None
    for number, handler in former.items():
        signal.signal(number, handler)


@contextmanager
def _listening(ending: _SignalHandler) -> Iterator[None]:
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    threading.Thread(target=ending.listen, args=(ours,), name="signals", daemon=True).start()
    former = signal.set_wakeup_fd(theirs, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(former)
        os.close(theirs)


def _is_unreported(record: logging.LogRecord) -> bool:
    """Not that Prefect saw the run being ended, or fail: the command says so itself, and the run's state does."""
    error = record.exc_info[1] if record.exc_info else None
    is_told = isinstance(error, Failure) and not FLOW_RUNS.isEnabledFor(logging.DEBUG)
    return not is_told and not str(record.msg).startswith(PREFECT_CRASH_MESSAGE)


def _say(number: signal.Signals) -> None:
    """Libraries would tell of each thing that the end interrupts, with tracebacks."""
    clear = CLEAR_LINE if os.isatty(2) else ""
    os.write(2, f"{clear}broadsheet: {SIGNAL_MESSAGES[number]}\n".encode())
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)


def _force_exit_later(status: int) -> None:
    timer = threading.Timer(STOP_SECONDS, os._exit, [status])
    timer.daemon = True
    timer.start()
