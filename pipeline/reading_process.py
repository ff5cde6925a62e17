"""A process that reads for this one: `python -m pipeline.reading_process FD`.

The kernel ends it, whatever it computes: with its parent, and at an item that takes more processor time than it may.
"""

import fcntl
import os
import select
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from schemas.failure import RunFailure
from schemas.process import prepare_process

ReadItems = Callable[[Any, Sequence[Any]], Iterator[Any]]
"""What a process does: of what it is equipped with, and some items, a result for each, one after the other."""

Surroundings = tuple[str, dict[str, str]]
"""The working folder and the environment."""

STOP_SIGNAL = signal.SIGPROF
"""What the kernel ends a process by whose processor time is used up."""

STDIN = 0


class ReadingStopped(RuntimeError):  # noqa: N818 - it states a fact
    """The process ended before it had read everything that it was given."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the reading process ended with exit status {status}")
        self.is_slow = status == -STOP_SIGNAL


class ReaderUnusable(RunFailure):
    """No reading process starts here."""


class ReadingProcess:
    """A process that reads, seen from its parent. It starts anew (not by a fork), and inherits no lock."""

    def __init__(self) -> None:
        self._connection, theirs = Pipe()
        command = [sys.executable, "-m", "pipeline.reading_process", str(theirs.fileno())]
        with theirs:
            # A session of its own: what ends all processes of a terminal reaches its parent alone, which ends it.
            self._process = subprocess.Popen(  # noqa: S603 - us
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._is_ready = False
        self._equipment: object = None

    @property
    def is_alive(self) -> bool:
        """Whether it can still be asked."""
        return self._process.poll() is None

    def read(self, equipment: object, function: ReadItems, items: Sequence[Any], limit_seconds: float) -> Iterator[Any]:
        """Yield the result for each item.

        Raises:
            ReadingStopped: it ended at the item whose result is missing.
            ReaderUnusable: it did not even start.
            And what the function raises.
        """
        self._wait_until_ready()
        self._talk(partial(self._connection.send, (*self._prepare(equipment), function, items, limit_seconds)))
        for _ in items:
            result, error = self._talk(self._connection.recv)
            if error is not None:
                raise error
            yield result

    def _wait_until_ready(self) -> None:
        if not self._is_ready:
            try:
                self._talk(self._connection.recv)
            except ReadingStopped as stopped:
                raise ReaderUnusable(f"no reading process starts: {stopped}") from None
            self._is_ready = True

    def _talk(self, talk: Callable[[], Any]) -> Any:
        try:
            return talk()
        except (EOFError, OSError):  # also where another thread has ended it
            raise ReadingStopped(self._process.wait()) from None

    def _prepare(self, equipment: object) -> tuple[object, Surroundings | None]:
        """What it has to be told before it reads: nothing, where it has the same equipment as before."""
        if self._equipment is equipment:
            return None, None
        self._equipment = equipment
        try:
            folder = str(Path.cwd())
        except FileNotFoundError:  # somebody has removed it: no relative path leads anywhere
            folder = "/"
        return equipment, (folder, dict(os.environ))

    def stop(self) -> None:
        """Kill it. Whoever waits for what it reads notices."""
        self._process.kill()

    def end(self) -> None:
        """End it at once: it has nothing that could be lost."""
        with self._process:
            self.stop()
        self._connection.close()


def main(descriptor: int) -> None:
    """Be the process: read what comes, until nobody asks any more."""
    _end_with_parent()
    prepare_process()
    equipment: object = None
    with Connection(descriptor) as connection:
        connection.send(None)
        while True:
            try:
                given, surroundings, function, items, limit_seconds = connection.recv()
            except EOFError:
                return
            if surroundings is not None:
                equipment = given
                _take_over(*surroundings)
            _send_results(connection, function(equipment, items), limit_seconds)


def _take_over(folder: str, environment: dict[str, str]) -> None:
    """Be where the parent is now: it may have had this process for long."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)


def _end_with_parent() -> None:
    """Have the kernel end this process when its parent closes standard input, however that happens."""
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(STDIN, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(STDIN, fcntl.F_SETFL, fcntl.fcntl(STDIN, fcntl.F_GETFL) | os.O_ASYNC)
    # It may have been closed before the kernel was asked.
    if select.select([STDIN], [], [], 0)[0]:
        os._exit(1)


def _send_results(connection: Connection, results: Iterator[Any], limit_seconds: float) -> None:
    signal.signal(STOP_SIGNAL, signal.SIG_DFL)
    try:
        signal.setitimer(signal.ITIMER_PROF, limit_seconds)
        for result in results:
            connection.send((result, None))
            signal.setitimer(signal.ITIMER_PROF, limit_seconds)
    except Exception as error:  # noqa: BLE001 - the parent raises it
        error.add_note(f"in a reading process:\n{traceback.format_exc()}")
        connection.send((None, error))
    signal.setitimer(signal.ITIMER_PROF, 0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
