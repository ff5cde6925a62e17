"""A command reports the error that ended its run once, in its own last line."""

import logging

import pytest

from cli.signals import FLOW_RUNS, handling_signals
from storage.outage import DatabaseLost


class RecordCollector(logging.Handler):
    """Collects records; pytest's handlers get none, as Prefect, if imported, stops propagation."""

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
def test_the_error_that_ended_a_run_is_reported_once(
    error: Exception,
    level: int,
    is_shown: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    shown = RecordCollector()
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
