"""How a command ends that is told to, while a file of its own is half made, or a server of its own is up."""

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

STOP_SECONDS = 4.0
"""It ends within five: Prefect would try for more than a minute to tell a server that is gone."""

STATUSES = {signal.SIGINT: EXIT_INTERRUPTED, signal.SIGTERM: EXIT_TERMINATED}
SAID = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}

PREFECT_ENDED = "Crash detected! Execution was aborted by"

CLEAR_LINE = "\r\x1b[2K\x1b[?25h"
"""On a terminal: the progress bar goes, the cursor comes back."""


class _Told(SystemExit):
    """The command was told to end."""


@contextmanager
def tidying_up() -> Iterator[None]:
    """Within the block, Ctrl-C and SIGTERM end the command in one line: what is its own is taken away first."""
    told: list[int] = []

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        told.append(STATUSES[signal.Signals(number)])
        _say(signal.Signals(number))
        _end_surely(told[0])
        raise _Told(told[0])

    logging.getLogger("prefect.flow_runs").addFilter(_is_news)
    former = {number: signal.signal(number, end) for number in STATUSES}
    try:
        yield
    except BaseException:
        if told:  # whatever the end of a run raises on its way
            raise _Told(told[0]) from None
        raise
    finally:
        if not told:
            for number, handler in former.items():
                signal.signal(number, handler)


def _is_news(record: logging.LogRecord) -> bool:
    """Not that Prefect saw the run being ended: the command says so itself, and the run's state does."""
    return not str(record.msg).startswith(PREFECT_ENDED)


def _say(number: signal.Signals) -> None:
    """Say it, and nothing more: libraries tell of each thing that the end interrupts, with tracebacks."""
    for each in STATUSES:
        signal.signal(each, signal.SIG_IGN)
    clear = CLEAR_LINE if os.isatty(2) else ""
    os.write(2, f"{clear}broadsheet: {SAID[number]}\n".encode())
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)


def _end_surely(status: int) -> None:
    timer = threading.Timer(STOP_SECONDS, os._exit, [status])
    timer.daemon = True
    timer.start()
