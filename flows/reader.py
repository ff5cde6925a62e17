"""Reading captures, in this process or in several: the same outcomes in the same order."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from multiprocessing import get_context, parent_process
from typing import NamedTuple

from flows.reading import read_outcome
from schemas.capture import Capture
from schemas.outcome import Outcome
from sites import PUBLISHERS
from sites.publishers import Publishers
from storage.warc.store import WarcStore

START_METHOD = "spawn"
"""Everywhere: a reading process inherits no lock that a thread holds, and has the environment of this moment. It costs
a second a process, which only what is read for longer pays."""

Reader = Callable[[Sequence[Capture]], list[Outcome]]

CHUNK_CAPTURES = 16
"""Captures that go to a process at a time: some 60 ms of work, so that the way there costs little."""


class Equipment(NamedTuple):
    """What a reading process is given once, when it starts: the rules, and the WARC files to read from."""

    publishers: Publishers = PUBLISHERS
    warcs: WarcStore | None = None


_equipment: ContextVar[Equipment] = ContextVar("equipment")


def read_here(publishers: Publishers, captures: Sequence[Capture]) -> list[Outcome]:
    """Return the outcome of each capture, one after the other."""
    return [read_outcome(capture, publishers=publishers) for capture in captures]


@contextmanager
def open_reader(process_count: int | None = None, publishers: Publishers = PUBLISHERS) -> Iterator[Reader]:
    """A reader over several processes (by default one for each core), each of 120 to 170 MB."""
    if count_processes(process_count) == 1:
        yield partial(read_here, publishers)
        return
    with open_pool(Equipment(publishers), process_count) as pool:
        yield lambda captures: list(pool.map(_read_in_worker, captures, chunksize=CHUNK_CAPTURES))


def count_processes(wanted: int | None) -> int:
    """As many as are wanted, or one for each core."""
    return wanted or os.cpu_count() or 1


@contextmanager
def open_pool(equipment: Equipment, process_count: int | None = None) -> Iterator[Executor]:
    """Processes that read with what they are given (`worker_equipment`)."""
    context = get_context(START_METHOD)
    count = count_processes(process_count)
    with ProcessPoolExecutor(count, mp_context=context, initializer=_prepare_worker, initargs=(equipment,)) as pool:
        yield pool


def worker_equipment() -> Equipment:
    """Return what this reading process was given."""
    return _equipment.get()


def _read_in_worker(capture: Capture) -> Outcome:
    return read_outcome(capture, publishers=worker_equipment().publishers)


def _prepare_worker(equipment: Equipment) -> None:
    """Take what is given, leave Ctrl-C to the parent, and end when the parent has, however that ended."""
    _equipment.set(equipment)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent  # noqa: S101 - for mypy: this runs in a child

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
