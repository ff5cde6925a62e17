"""Reading captures, in this process or in several: the same outcomes in the same order."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from flows.reading import read_outcome
from schemas.capture import Capture
from schemas.outcome import Outcome

Reader = Callable[[Sequence[Capture]], list[Outcome]]

CHUNK_CAPTURES = 16
"""Captures that go to a process at a time: some 60 ms of work, so that the way there costs little."""


def read_here(captures: Sequence[Capture]) -> list[Outcome]:
    """The outcome of each capture, one after the other."""
    return [read_outcome(capture) for capture in captures]


@contextmanager
def open_reader(process_count: int | None = None) -> Iterator[Reader]:
    """A reader over several processes (by default one for each core), each of 120 to 170 MB."""
    count = process_count or os.cpu_count() or 1
    if count == 1:
        yield read_here
        return
    # Spawned: a fork would take over the threads' locks of whatever runs here.
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        yield lambda captures: list(pool.map(read_outcome, captures, chunksize=CHUNK_CAPTURES))
