"""Reads captures in one or more child processes, with the outcomes in the order of the captures.

A capture whose reading does not finish costs its process, which is killed and replaced. The capture gets an outcome
that says so, and the next one is read.
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
from storage.articles.terms import add_terms
from storage.warc.store import WarcStore

logger = logging.getLogger(__name__)

LIMIT_SECONDS = 60.0
"""Processor time for one capture: the largest page or sitemap that a crawl accepts needs a few seconds on a slow
machine. A busy or suspended machine uses none of it."""

NO_LIMIT = 0.0

GROUP_COUNT = 16
"""Captures sent to a process at a time: about 60 ms of work, so the overhead of sending is small."""

GROUPS_AHEAD = 4
"""Groups per process in flight: enough that no process waits, few enough to be in memory."""

HEARTBEAT_SECONDS = 30.0
"""Seconds between heartbeats: several before a run's lease expires."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class ReaderContext(NamedTuple):
    """What a reading process needs: the rules, and the WARC files to read from."""

    publishers: Publishers = PUBLISHERS
    warcs: WarcStore | None = None
    max_page_bytes: int = 0
    """Limit for pages read from there."""
    dialect: str | None = None
    """The kind of database that articles are read for; None if they are not stored."""


class Page(NamedTuple):
    """A capture with those to be read together with it."""

    capture: Capture
    page: Capture | None = None
    companions: tuple[Capture, ...] = ()


def count_processes(wanted: int | None) -> int:
    """Return the wanted number, or one per core."""
    return wanted or os.cpu_count() or 1


class Reader:
    """Reads in child processes (by default one, of 120 to 170 MB), started on first use."""

    def __init__(
        self,
        context: ReaderContext,
        process_count: int | None = 1,
        *,
        limit_seconds: float = LIMIT_SECONDS,
        send_heartbeat: Callable[[], None] | None = None,
    ) -> None:
        self.context = context
        self._limit_seconds = limit_seconds
        self._send_heartbeat = send_heartbeat
        self._process_count = count_processes(process_count)
        self._threads = ThreadPoolExecutor(self._process_count, "reader")
        self._pool = _ProcessPool()

    def start(self) -> None:
        """Start a process now, so it is ready when there is something to read."""
        self._threads.submit(self._prepare)

    def _prepare(self) -> None:
        with self._pool.acquired() as process:
            list(process.read(self.context, read_pages, [], self._limit_seconds))

    def read(self, pages: Iterable[Page]) -> list[Outcome]:
        """Return the outcomes of these pages."""
        return list(self.read_each(read_pages, pages, _fail_page))

    def read_each(
        self,
        function: Callable[[ReaderContext, Sequence[Item]], Iterator[Result]],
        items: Iterable[Item],
        make_failure: Callable[[Item, str], Result],
        group_count: int = GROUP_COUNT,
    ) -> Iterator[Result]:
        """Yield the function's result for each item, in order, or `make_failure`'s if the item ended its process.

        The items are consumed as they are needed.

        Raises:
            ReaderUnusable: no process can be started.
        """
        waiting = iter(items)
        under_way: deque[Future[list[Result]]] = deque()
        while group := list(islice(waiting, group_count)):
            under_way.append(self._threads.submit(self._read_group, function, group, make_failure))
            if len(under_way) >= GROUPS_AHEAD * self._process_count:
                yield from self._wait_for(under_way.popleft())
        for future in under_way:
            yield from self._wait_for(future)

    def close(self) -> None:
        """End its processes, even while they read."""
        self._pool.close()
        self._threads.shutdown(cancel_futures=True)

    def _wait_for(self, future: Future[list[Result]]) -> list[Result]:
        while not wait([future], HEARTBEAT_SECONDS).done:
            if self._send_heartbeat:
                self._send_heartbeat()
        return future.result()

    def _read_group(
        self, function: Any, group: list[Item], make_failure: Callable[[Item, str], Result]
    ) -> list[Result]:
        results: list[Result] = []
        died_at: int | None = None
        while (index := len(results)) < len(group):
            with self._pool.acquired() as process:
                try:
                    for result in process.read(self.context, function, group[index:], self._limit_seconds):
                        results.append(result)  # noqa: PERF402 - results before its end count
                except ReadingStopped as stopped:
                    index = len(results)
                    # Another cause (such as lack of memory) may have nothing to do with the item.
                    if stopped.is_slow or index == died_at:
                        results.append(make_failure(group[index], self._explain(stopped)))
                    died_at = index
        return results

    def _explain(self, stopped: ReadingStopped) -> str:
        reason = f"it took more than {self._limit_seconds:g} s of processor time" if stopped.is_slow else str(stopped)
        return f"reader-failed: {reason}"


def read_pages(context: ReaderContext, pages: Sequence[Page]) -> Iterator[Outcome]:
    """Yield the outcome of each page by the rules of the context; runs in a reading process."""
    for one in pages:
        outcome = read_outcome(one.capture, one.page, one.companions, context.publishers)
        # Made here, in the reading process: a writing transaction is what all others wait for.
        yield add_terms(outcome, context.dialect) if context.dialect else outcome


def _fail_page(page: Page, reason: str) -> Outcome:
    logger.error("%s (%s at %d): %s", page.capture.url, page.capture.ref.warc, page.capture.ref.offset, reason)
    return fail_capture(page.capture, reason)


class _ProcessPool:
    """The processes of a reader. One is kept for the next reader, as starting one takes a second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[ReadingProcess] = []
        self._busy: set[ReadingProcess] = set()
        self._is_closed = False

    @contextmanager
    def acquired(self) -> Iterator[ReadingProcess]:
        """Acquire a process for the block; it is reusable if it completed its work."""
        process = self.acquire()
        try:
            yield process
        except BaseException:
            process.stop()
            raise
        finally:
            self.release(process)

    def acquire(self) -> ReadingProcess:
        """Return a process for exclusive use."""
        with self._lock:
            if self._is_closed:
                raise RuntimeError("the reader is closed")
            process = self._idle.pop() if self._idle else _pop_spare_process() or ReadingProcess()
            self._busy.add(process)
        return process

    def release(self, process: ReadingProcess) -> None:
        """Put the process back into the pool if it is still usable."""
        with self._lock:
            self._busy.remove(process)
            if process.is_alive and not self._is_closed:
                self._idle.append(process)
            else:
                process.end()

    def close(self) -> None:
        """Close the pool: end the busy processes, and keep an idle one for the next reader."""
        with self._lock:
            self._is_closed = True
            for process in self._busy:
                process.stop()
            for process in self._idle:
                _store_spare_process(process)
            self._idle.clear()


_spare_processes: list[ReadingProcess] = []
"""At most one process."""


def _pop_spare_process() -> ReadingProcess | None:
    with suppress(IndexError):
        if (process := _spare_processes.pop()).is_alive:
            return process
        process.end()
    return None


def _store_spare_process(process: ReadingProcess) -> None:
    if _spare_processes:
        process.end()
    else:
        _spare_processes.append(process)


@atexit.register
def end_idle_process() -> None:
    """End the process kept for the next reader."""
    while process := _pop_spare_process():
        process.end()
