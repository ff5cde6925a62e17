"""What a command leaves to say to its own last line."""

import logging

import pytest

from cli.signals import FLOW_RUNS, handling_signals
from storage.outage import DatabaseLost


class ArticleDetails(logging.Handler):
    """Keeps what reaches it: Prefect, where it is loaded, lets nothing reach other handlers."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.mark.parametrize(
    ("error", "level", "is_shown"),
    [
        (DatabaseLost("it is locked"), logging.WARNING, False),
        (DatabaseLost("it is locked"), logging.DEBUG, True),
        (KeyError("a defect"), logging.WARNING, True),
    ],
)
def test_what_ended_the_run_is_told_once(
    error: Exception,
    level: int,
    is_shown: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    shown = ArticleDetails()
    filters, own_level = [*FLOW_RUNS.filters], FLOW_RUNS.level
    FLOW_RUNS.addHandler(shown)
    FLOW_RUNS.setLevel(level)
    try:
        with handling_signals():
            FLOW_RUNS.error("Encountered exception during execution: %r", error, exc_info=error)
    finally:
        FLOW_RUNS.removeHandler(shown)
        FLOW_RUNS.setLevel(own_level)
        FLOW_RUNS.filters = filters
    assert bool(shown.records) is is_shown
