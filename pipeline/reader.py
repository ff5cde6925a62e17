"""Reading captures, in one process or several that are not this one: the same outcomes in the same order.

A capture at which the reader does not come to an end costs its process, which is ended and started anew, and gets an
outcome that says so: the next one is read.
"""

import atexit
import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from pipeline.interpret import fail_capture, read_outcome
from pipeline.reading_process import ReadingProcess, ReadingStopped
from schemas.capture import Capture
from schemas.outcome import Outcome
from sites import PUBLISHERS
from sites.publishers import Publishers
from storage.warc.store import WarcStore

logger = logging.getLogger(__name__)

LIMIT_SECONDS = 60.0
"""Processor time for one capture: the largest page or sitemap that a crawl takes needs a few seconds on a slow machine.
A machine that is busy or was suspended uses none of it up."""

NO_LIMIT = 0.0

GROUP_COUNT = 16
"""Captures that go to a process at a time: some 60 ms of work, so that the way there costs little."""

GROUPS_AHEAD = 4
"""Groups for each process that are under way at once: enough that none waits, few enough to lie in memory."""

ALIVE_SECONDS = 30.0
"""How often it is said that the reading goes on: several times before a run is taken for dead."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class Equipment(NamedTuple):
    """What a reading process is given once: the rules, and the WARC files to read from."""

    publishers: Publishers = PUBLISHERS
    warcs: WarcStore | None = None
    max_page_bytes: int = 0
    """Of what is read from there."""


class Page(NamedTuple):
    """A capture with what is read together with it."""

    capture: Capture
    page: Capture | None = None
    companions: tuple[Capture, ...] = ()


def count_processes(wanted: int | None) -> int:
    """As many as are wanted, or one for each core."""
    return wanted or os.cpu_count() or 1


class Reader:
    """Reads in processes (by default one, of 120 to 170 MB) that start when they are needed first."""

    def __init__(
        self,
        equipment: Equipment,
        process_count: int | None = 1,
        *,
        limit_seconds: float = LIMIT_SECONDS,
        tell_alive: Callable[[], None] | None = None,
    ) -> None:
        self.equipment = equipment
        self._limit_seconds = limit_seconds
        self._tell_alive = tell_alive
        self._process_count = count_processes(process_count)
        self._threads = ThreadPoolExecutor(self._process_count, "reader")
        self._crew = _Crew()

    def start(self) -> None:
        """Have a process start now: it is ready by when something is to be read."""
        self._threads.submit(self._prepare)

    def _prepare(self) -> None:
        with self._crew.working() as process:
            list(process.read(self.equipment, read_pages, [], self._limit_seconds))

    def read(self, pages: Iterable[Page]) -> list[Outcome]:
        """Return the outcome of each."""
        return list(self.read_each(read_pages, pages, _give_up_page))

    def read_each(
        self,
        function: Callable[[Equipment, Sequence[Item]], Iterator[Result]],
        items: Iterable[Item],
        give_up: Callable[[Item, str], Result],
        group_count: int = GROUP_COUNT,
    ) -> Iterator[Result]:
        """Yield what a function makes of each item, in their order; of one that ends its process, `give_up`.

        The items are taken as they are needed.

        Raises:
            ReaderUnusable: no process starts.
        """
        waiting = iter(items)
        under_way: deque[Future[list[Result]]] = deque()
        while group := list(islice(waiting, group_count)):
            under_way.append(self._threads.submit(self._read_group, function, group, give_up))
            if len(under_way) >= GROUPS_AHEAD * self._process_count:
                yield from self._wait_for(under_way.popleft())
        for future in under_way:
            yield from self._wait_for(future)

    def close(self) -> None:
        """End its processes, also while they read."""
        self._crew.dismiss()
        self._threads.shutdown(cancel_futures=True)

    def _wait_for(self, future: Future[list[Result]]) -> list[Result]:
        while not wait([future], ALIVE_SECONDS).done:
            if self._tell_alive:
                self._tell_alive()
        return future.result()

    def _read_group(self, function: Any, group: list[Item], give_up: Callable[[Item, str], Result]) -> list[Result]:
        results: list[Result] = []
        died_at: int | None = None
        while (place := len(results)) < len(group):
            with self._crew.working() as process:
                try:
                    for result in process.read(self.equipment, function, group[place:], self._limit_seconds):
                        results.append(result)  # noqa: PERF402 - those before its end count
                except ReadingStopped as stopped:
                    place = len(results)
                    # What ended it otherwise (a machine without memory) may have nothing to do with the item.
                    if stopped.is_slow or place == died_at:
                        results.append(give_up(group[place], self._explain(stopped)))
                    died_at = place
        return results

    def _explain(self, stopped: ReadingStopped) -> str:
        reason = f"it took more than {self._limit_seconds:g} s of processor time" if stopped.is_slow else str(stopped)
        return f"reader-failed: {reason}"


def read_pages(equipment: Equipment, pages: Sequence[Page]) -> Iterator[Outcome]:
    """Yield the outcome of each, by the rules of the equipment: what a reading process does."""
    for one in pages:
        yield read_outcome(one.capture, one.page, one.companions, equipment.publishers)


def _give_up_page(page: Page, reason: str) -> Outcome:
    logger.error("%s (%s at %d): %s", page.capture.url, page.capture.ref.warc, page.capture.ref.offset, reason)
    return fail_capture(page.capture, reason)


class _Crew:
    """The processes of a reader. One is kept for the next reader of this process: it costs a second to start."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[ReadingProcess] = []
        self._busy: set[ReadingProcess] = set()
        self._is_dismissed = False

    @contextmanager
    def working(self) -> Iterator[ReadingProcess]:
        """A process, which others use again if it has done all that it was told within the block."""
        process = self.take()
        try:
            yield process
        except BaseException:
            process.stop()
            raise
        finally:
            self.give_back(process)

    def take(self) -> ReadingProcess:
        """A process that nobody else uses."""
        with self._lock:
            if self._is_dismissed:
                raise RuntimeError("the reader is closed")
            process = self._idle.pop() if self._idle else _take_idle_process() or ReadingProcess()
            self._busy.add(process)
        return process

    def give_back(self, process: ReadingProcess) -> None:
        """Keep it for others, if it can still be asked."""
        with self._lock:
            self._busy.remove(process)
            if process.is_alive and not self._is_dismissed:
                self._idle.append(process)
            else:
                process.end()

    def dismiss(self) -> None:
        """There is nothing to do any more, for none of them."""
        with self._lock:
            self._is_dismissed = True
            for process in self._busy:
                process.stop()
            for process in self._idle:
                _keep_idle_process(process)
            self._idle.clear()


_spares: list[ReadingProcess] = []
"""At most one."""


def _take_idle_process() -> ReadingProcess | None:
    with suppress(IndexError):
        if (process := _spares.pop()).is_alive:
            return process
        process.end()
    return None


def _keep_idle_process(process: ReadingProcess) -> None:
    if _spares:
        process.end()
    else:
        _spares.append(process)


@atexit.register
def end_idle_process() -> None:
    """End the process that is kept for the next reader."""
    while process := _take_idle_process():
        process.end()
