"""A child process that reads captures: `python -m pipeline.reading_process FD`.

The kernel ends it, whatever it computes: when its parent dies, or when an item exceeds its processor time.
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
"""The function to run: takes the context and some items, and yields a result for each, in order."""

ProcessState = tuple[str, dict[str, str]]
"""The working directory and the environment."""

STOP_SIGNAL = signal.SIGPROF
"""Sent by the kernel when the processor time is used up."""

STDIN = 0


class ReadingStopped(RuntimeError):  # noqa: N818 - it states a fact
    """The process ended before it had read all of its items."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the reading process ended with exit status {status}")
        self.is_slow = status == -STOP_SIGNAL


class ReaderUnusable(RunFailure):
    """No reading process can be started here."""


class ReadingProcess:
    """The parent's handle of a reading process. It is started without fork, so it inherits no lock."""

    def __init__(self) -> None:
        self._connection, child_end = Pipe()
        command = [sys.executable, "-m", "pipeline.reading_process", str(child_end.fileno())]
        with child_end:
            # A separate session: signals from the terminal reach only its parent, which ends it.
            self._process = subprocess.Popen(  # noqa: S603 - us
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=[child_end.fileno()],
                start_new_session=True,
            )
        self._is_ready = False
        self._context: object = None

    @property
    def is_alive(self) -> bool:
        """Whether the process is running."""
        return self._process.poll() is None

    def read(self, context: object, function: ReadItems, items: Sequence[Any], limit_seconds: float) -> Iterator[Any]:
        """Yield the result for each item.

        Raises:
            ReadingStopped: the process ended at the item whose result is missing.
            ReaderUnusable: the process could not be started.
            Whatever the function raises.
        """
        self._wait_until_ready()
        self._exchange(partial(self._connection.send, (*self._prepare(context), function, items, limit_seconds)))
        for _ in items:
            result, error = self._exchange(self._connection.recv)
            if error is not None:
                raise error
            yield result

    def _wait_until_ready(self) -> None:
        if not self._is_ready:
            try:
                self._exchange(self._connection.recv)
            except ReadingStopped as stopped:
                raise ReaderUnusable(f"no reading process starts: {stopped}") from None
            self._is_ready = True

    def _exchange(self, operation: Callable[[], Any]) -> Any:
        try:
            return operation()
        except (EOFError, OSError):  # also if another thread has ended it
            raise ReadingStopped(self._process.wait()) from None

    def _prepare(self, context: object) -> tuple[object, ProcessState | None]:
        """Return what to send first: the context and the surroundings, or nothing if the process has them."""
        if self._context is context:
            return None, None
        self._context = context
        try:
            folder = str(Path.cwd())
        except FileNotFoundError:  # the folder was removed: relative paths cannot work
            folder = "/"
        return context, (folder, dict(os.environ))

    def stop(self) -> None:
        """Kill it. Its users get `ReadingStopped`."""
        self._process.kill()

    def end(self) -> None:
        """End it at once: it has no state to lose."""
        with self._process:
            self.stop()
        self._connection.close()


def main(descriptor: int) -> None:
    """Serve requests until the connection is closed."""
    _end_with_parent()
    prepare_process()
    context: object = None
    with Connection(descriptor) as connection:
        connection.send(None)
        while True:
            try:
                given, process_state, function, items, limit_seconds = connection.recv()
            except EOFError:
                return
            if process_state is not None:
                context = given
                _apply_state(*process_state)
            _send_results(connection, function(context, items), limit_seconds)


def _apply_state(folder: str, environment: dict[str, str]) -> None:
    """Change to the parent's current working directory and environment."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)


def _end_with_parent() -> None:
    """Have the kernel end this process when the parent's end of standard input closes, for any reason."""
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(STDIN, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(STDIN, fcntl.F_SETFL, fcntl.fcntl(STDIN, fcntl.F_GETFL) | os.O_ASYNC)
    # It may have been closed before the signal was set up.
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
