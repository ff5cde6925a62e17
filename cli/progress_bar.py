"""The progress bar on a terminal: one line for the current stage, and a line above it for each finished one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.progress import Progress as Bars
from rich.table import Column
from rich.text import Text

from cli.progress_line import describe, format_seconds
from pipeline.progress import Progress
from schemas.printing import make_printable

BAR_CHARS = 20

ESTIMATE_SECONDS = 120
"""The time that the estimate of the remaining time looks back: a Crawl-delay of half a minute leaves it four pages."""

STARTING = "starting"


@contextmanager
def showing_bar(console: Console | None = None) -> Iterator[Callable[[Progress], None]]:
    """Show a bar within the block; yield the function that moves it."""
    console = console or Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        _CountBar(bar_width=BAR_CHARS),
        TextColumn("{task.fields[count]}"),
        _TimeColumn(),
        _DetailColumn(console),
    )
    with Bars(*columns, console=console, transient=True, speed_estimate_period=ESTIMATE_SECONDS) as bars:
        yield _CurrentStage(bars).show


class _CurrentStage:
    """The task of the current stage; it is replaced when another one begins."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._progress: Progress | None = None
        self._task = self._add_task(STARTING, None)

    def show(self, progress: Progress) -> None:
        """Show this progress."""
        if self._progress is None or progress.stage != self._progress.stage:
            self._finish()
            self._task = self._add_task(progress.stage, progress.total_count)
        self._progress = progress
        self._bars.update(
            self._task,
            completed=progress.done_count,
            total=progress.total_count,
            count=_describe_count(progress),
            detail=make_printable(progress.detail),
        )

    def _add_task(self, stage: str, total: int | None) -> TaskID:
        return self._bars.add_task(stage, total=total, count="", detail="")

    def _finish(self) -> None:
        [task] = self._bars.tasks
        self._bars.remove_task(self._task)
        if self._progress and self._progress.unit:
            line = f"{describe(self._progress)} in {format_seconds(task.elapsed or 0)}"
            self._bars.console.print(line, highlight=False, markup=False)


def _describe_count(progress: Progress) -> str:
    total = "" if progress.total_count is None else f"/{progress.total_count}"
    return f"{progress.done_count}{total} {progress.unit}".rstrip() if total or progress.unit else ""


class _CountBar(BarColumn):
    """A bar where the total is known; else nothing, which leaves room for the detail."""

    def render(self, task: Task) -> Text:  # type: ignore[override]  # Rich prints whatever a column returns
        return Text() if task.total is None else super().render(task)  # type: ignore[return-value]  # see above


class _TimeColumn(ProgressColumn):
    """The time to go; where the total is unknown, the time since the stage began."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        if task.total is None:
            return Text(format_seconds(task.elapsed or 0))
        rest = task.time_remaining
        return Text("" if rest is None else f"{format_seconds(rest)} left")


class _DetailColumn(ProgressColumn):
    """What is being done now, such as the URL of a source, shortened to what is left of the line."""

    def __init__(self, console: Console) -> None:
        super().__init__(table_column=Column(no_wrap=True))
        self._console = console

    def render(self, task: Task) -> Text:
        taken = len(task.description) + len(task.fields["count"]) + (0 if task.total is None else BAR_CHARS)
        separators_and_time = 20
        text = task.fields["detail"].removeprefix("https://")
        return shorten(text, self._console.width - taken - separators_and_time)


def shorten(text: str, width: int) -> Text:
    """Return the text in one line of this width, without its middle if it is longer."""
    if len(text) <= width:
        return Text(text)
    if width < 3:  # noqa: PLR2004 - too narrow for both ends
        return Text()
    half = (width - 1) // 2
    return Text(f"{text[: width - 1 - half]}…{text[-half:]}")
