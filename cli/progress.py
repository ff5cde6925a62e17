"""Progress on standard error: a bar on a terminal, elsewhere a line every five minutes.

The first words are written before anything heavy is imported: Prefect alone takes seconds.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cli.progress_line import ProgressLines

if TYPE_CHECKING:
    from pipeline.progress import Progress

STARTING = "broadsheet: starting …"
ERASE_LINE = "\r\x1b[2K"


@contextmanager
def showing_progress() -> Iterator[None]:
    """Show the progress of what runs within the block on standard error."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":  # which cannot write over a line
        with _listening(ProgressLines()):
            yield
        return
    sys.stderr.write(STARTING)
    sys.stderr.flush()
    from cli.progress_bar import showing_bar

    sys.stderr.write(ERASE_LINE)
    with showing_bar() as show, _listening(show):
        yield


def announce_prefect() -> None:
    """Prepare Prefect's start, which takes several seconds, and say that it starts."""
    from flows.environment import set_prefect_defaults
    from pipeline.progress import report_progress

    set_prefect_defaults()
    report_progress("starting Prefect", 0, None)


@contextmanager
def _listening(listener: "Callable[[Progress], None]") -> Iterator[None]:
    from pipeline.progress import listening

    with listening(listener):
        yield
