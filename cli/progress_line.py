"""Progress in words: what a bar says, and the lines where there is none."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from schemas.printing import print_line

if TYPE_CHECKING:
    from pipeline.progress import Progress

LINE_SECONDS = 300.0
"""Seconds between two lines where there is no terminal: a short run writes none, a night fills no disk."""


class ProgressLines:
    """Prints a line about a stage that takes long, every five minutes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._printed_at = self._began_at = clock()
        self._stage = ""

    def __call__(self, progress: "Progress") -> None:
        """Print the line if it is due."""
        at = self._clock()
        if progress.stage != self._stage:
            self._stage, self._began_at = progress.stage, at
        if at < self._printed_at + LINE_SECONDS:
            return
        self._printed_at = at
        print_line(f"broadsheet: {describe(progress)}{_describe_rest(progress, at - self._began_at)}")


def describe(progress: "Progress") -> str:
    """Return the stage and its count: `fetch: 57 of 240 pages`."""
    count = f"{progress.done_count:,}" if progress.total_count is None else f"{progress.done_count:,} of "
    total = "" if progress.total_count is None else f"{progress.total_count:,}"
    return f"{progress.stage}: {count}{total} {progress.unit}".rstrip()


def _describe_rest(progress: "Progress", seconds: float) -> str:
    if progress.total_count is None:
        return f", now {progress.detail}" if progress.detail else ""
    if not progress.done_count:
        return ""
    rest = seconds * (progress.total_count - progress.done_count) / progress.done_count
    return f", about {format_seconds(rest)} left"


def format_seconds(seconds: float) -> str:
    """Return a duration as h:mm:ss."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
