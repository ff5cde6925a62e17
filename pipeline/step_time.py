"""Measures for what a run waits: its files, the processes that read, the database, the store of WARC files."""

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import TypeVar

logger = logging.getLogger(__name__)

SLOW_SECONDS = 10.0
"""From this long a wait on, the log says so: a batch takes about a second in each step."""

SHOWN_SECONDS = 10.0
"""From this long on, a run's report says for what it waited: what took less is of no use to anyone who looks for it."""

Item = TypeVar("Item")


class Step(StrEnum):
    """What a run waits for, as its report names it."""

    FILES = "files"
    """Captures, out of WARC files on the disk or in their store."""
    READING = "reading"
    """The processes, or the cluster, that make outcomes of captures."""
    DATABASE = "database"
    """Transactions that store outcomes."""
    OFFLOAD = "offload"
    """WARC files on their way into the store."""


class StepTimes:
    """Seconds by step."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def add(self, seconds: Mapping[str, float]) -> None:
        """Add what was measured elsewhere."""
        for step, found in seconds.items():
            self.seconds[step] += found

    @contextmanager
    def measuring(self, step: Step) -> Iterator[None]:
        """Add the block's duration to the step; log it if it was long, however the block ends."""
        started = time.monotonic()
        try:
            yield
        finally:
            seconds = time.monotonic() - started
            self.seconds[step] += seconds
            if seconds >= SLOW_SECONDS:
                logger.warning("waited %.0f s for one step of a batch: %s", seconds, step)

    def iterate(self, step: Step, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items, and count the time until each is there."""
        waiting = iter(items)
        while True:
            started = time.monotonic()
            try:
                item = next(waiting)
            except StopIteration:
                return
            finally:
                self.seconds[step] += time.monotonic() - started
            yield item


def describe_waits(seconds: Mapping[str, float]) -> str | None:
    """Return for what a run waited, the longest first: `database 12 s, reading 3 s`; None if no step took long."""
    if max(seconds.values(), default=0) < SHOWN_SECONDS:
        return None
    ordered = sorted(seconds.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{step} {found:.0f} s" for step, found in ordered if found >= 1)
