"""The final state of a flow run (completed, skipped or failed), and how its log and a command show it."""

import logging
from copy import copy
from typing import Any, TypeVar

from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from pydantic import BaseModel

from pipeline.archive import RunInProgress
from schemas.failure import Failure, RunFailure
from schemas.process import prepare_process

Report = TypeVar("Report", bound=BaseModel)

LOGGER = logging.getLogger("prefect.flow_runs")
"""Prefect's logger for what a run's page shows."""

PREFECT_EXIT_MESSAGE = "Engine execution exited with unexpected exception"
"""Message that Prefect logs in a worker's process for each failed run, whose log already has the reason."""

MESSAGE_CHARS = 2_000
"""Limit of a state's message, longer than any ten sentences; the report has everything."""


SKIPPED = "Skipped"
"""Name of the completed state of a run that was not needed."""


DEGRADED = "Degraded"
"""Name of the failed state of a run that did its work, but could not read some sources."""

TIMED_OUT = "TimedOut"
"""Prefect's name for the state of a run that exceeded its flow's timeout."""


class RunTimedOut(RunFailure):
    """A run exceeded its flow's timeout. What it stored is kept, and the next run continues."""


class RunHasProblems(RunFailure):
    """A run finished with problems; it has a report all the same."""

    def __init__(self, message: str, report: BaseModel) -> None:
        super().__init__(message)
        self.report = report


def make_final_state(
    report: Report, problems: tuple[str, ...], summary: str, *, is_degraded: bool = False
) -> State[Report]:
    """Return a failed state if there are problems, else a completed one with the summary as its message."""
    if problems:
        message = "; ".join(problems)[:MESSAGE_CHARS]
        name = DEGRADED if is_degraded else None
        return Failed(name=name, message=message, data=RunHasProblems(message, report))  # Prefect needs an exception
    return Completed(message=summary, data=report)


def make_skipped_state(error: RunInProgress) -> State[Report]:
    """Return a completed state named `Skipped`: another run is doing the same work, which is not an error."""
    return Completed(name=SKIPPED, message=str(error))


def read_report(state: State[Any], kind: type[Report]) -> Report:
    """Return the report of a run that a command has started, even if it has problems.

    Raises:
        RunInProgress: the run was skipped.
        RunTimedOut: the run exceeded its timeout.
        Exception: any other exception that ended the run.
    """
    if state.name == SKIPPED:
        raise RunInProgress(str(state.message))
    if state.name == TIMED_OUT:
        raise RunTimedOut(str(state.message))
    report: object = state.result(raise_on_failure=False)
    if isinstance(report, RunHasProblems):
        report = report.report
    if isinstance(report, Exception):
        raise report
    assert isinstance(report, kind)  # noqa: S101 - for mypy: the flow returns nothing else
    return report


def drop_known_traceback(record: logging.LogRecord) -> bool:
    """Remove the traceback of an expected failure; a bug keeps its own. Return whether to log the record (a filter)."""
    error = record.exc_info[1] if record.exc_info else None
    if record.levelno <= logging.DEBUG or not isinstance(error, Failure):
        return True
    if LOGGER.isEnabledFor(logging.DEBUG):
        debug_record = copy(record)
        debug_record.levelno, debug_record.levelname = logging.DEBUG, logging.getLevelName(logging.DEBUG)
        LOGGER.handle(debug_record)
    record.exc_info = record.exc_text = None
    return record.msg != PREFECT_EXIT_MESSAGE


def drop_task_error(record: logging.LogRecord) -> bool:
    """Drop a task's errors (a filter): they end the run, whose log reports them."""
    return record.levelno < logging.ERROR


LOGGER.addFilter(drop_known_traceback)
logging.getLogger("prefect.task_runs").addFilter(drop_task_error)

# Every process that runs a flow imports this first; workers and schedules start a process per run.
prepare_process()
