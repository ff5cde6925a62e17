"""How far a run is, for whoever watches: a terminal, an artifact."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from schemas.model import Count, Record


class Progress(Record):
    """How far a stage of a run is."""

    stage: str
    """`discover` or `fetch`, with the month of a backfill before it."""
    done_count: Count
    total_count: Count | None
    """None where nobody can know it."""


ProgressListener = Callable[[Progress], None]

_listeners: ContextVar[tuple[ProgressListener, ...]] = ContextVar("listeners", default=())


@contextmanager
def listening(listener: ProgressListener) -> Iterator[None]:
    """Within the block, the listener hears of the progress of every run in this thread."""
    token = _listeners.set((*_listeners.get(), listener))
    try:
        yield
    finally:
        _listeners.reset(token)


def report_progress(stage: str, done_count: int, total_count: int | None) -> None:
    """Say how far a stage is."""
    for listener in _listeners.get():
        listener(Progress(stage=stage, done_count=done_count, total_count=total_count))
