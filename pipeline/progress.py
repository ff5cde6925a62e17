"""Reports the progress of a run to listeners: a terminal, an artifact."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from schemas.model import Count, Record


class Progress(Record):
    """The progress of a stage of a run."""

    stage: str
    """`discover`, `fetch`, `load` and so on; in a backfill, the first two are prefixed with the month."""
    done_count: Count
    total_count: Count | None
    """None if unknown."""
    unit: str = ""
    """What is counted: `pages`, `sources`."""
    detail: str = ""
    """What is being done now: the URL of a source."""


ProgressListener = Callable[[Progress], None]

_listeners: ContextVar[tuple[ProgressListener, ...]] = ContextVar("listeners", default=())


@contextmanager
def listening(listener: ProgressListener) -> Iterator[None]:
    """Within the block, call the listener with the progress of every run in this thread."""
    token = _listeners.set((*_listeners.get(), listener))
    try:
        yield
    finally:
        _listeners.reset(token)


def report_progress(stage: str, done_count: int, total_count: int | None, *, unit: str = "", detail: str = "") -> None:
    """Report the progress of a stage to all listeners."""
    for listener in _listeners.get():
        listener(Progress(stage=stage, done_count=done_count, total_count=total_count, unit=unit, detail=detail))
