"""Reading captures, in this process or in several: the same outcomes in the same order."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from flows.reading import read_outcome
from schemas.capture import Capture
from schemas.outcome import Outcome

WATCH_SECONDS = 1.0
"""How often a process looks whether its parent is still there."""

Reader = Callable[[Sequence[Capture]], list[Outcome]]

CHUNK_CAPTURES = 16
"""Captures that go to a process at a time: some 60 ms of work, so that the way there costs little."""


def read_here(captures: Sequence[Capture]) -> list[Outcome]:
    """The outcome of each capture, one after the other."""
    return [read_outcome(capture) for capture in captures]


@contextmanager
def open_reader(process_count: int | None = None) -> Iterator[Reader]:
    """A reader over several processes (by default one for each core), each of 120 to 170 MB."""
    if count_processes(process_count) == 1:
        yield read_here
        return
    with open_pool(process_count) as pool:
        yield lambda captures: list(pool.map(read_outcome, captures, chunksize=CHUNK_CAPTURES))


def count_processes(wanted: int | None) -> int:
    """As many as are wanted, or one for each core."""
    return wanted or os.cpu_count() or 1


@contextmanager
def open_pool(process_count: int | None = None) -> Iterator[Executor]:
    """Processes that read, started."""
    # A copy of this process has everything imported already; but it would take over the locks of other threads, held.
    is_alone = threading.active_count() == 1 and sys.platform == "linux"
    context = get_context("fork" if is_alone else "spawn")
    if is_alone:
        import extraction.page  # noqa: F401 - once, and not in each process
    count = count_processes(process_count)
    with ProcessPoolExecutor(count, mp_context=context, initializer=_end_with, initargs=(os.getpid(),)) as pool:
        pool.submit(count_processes, 1).result()  # they are started by the first that is asked of them
        yield pool


def _end_with(parent: int) -> None:
    """Have this process end when its parent has, however that ended: by itself it would wait for work for ever."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(WATCH_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
