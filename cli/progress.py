"""A progress bar on standard error."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.progress import Progress, listening


@contextmanager
def showing_progress() -> Iterator[None]:
    """Show progress bars on standard error within the block, if it is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        shown: dict[str, TaskID] = {}

        def show(progress: Progress) -> None:
            if progress.stage not in shown:
                shown[progress.stage] = bars.add_task(progress.stage, total=None)
            bars.update(shown[progress.stage], completed=progress.done_count, total=progress.total_count)

        with listening(show):
            yield
