"""How a flow run ends: with its report, skipped, or failed; and what its log and a command make of that."""

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
"""Prefect's own, of what a run's page shows."""

PREFECT_EXIT_MESSAGE = "Engine execution exited with unexpected exception"
"""What Prefect adds in a worker's process to each run that failed, whose log has said why."""

MESSAGE_CHARS = 2_000
"""Of a state's message: more than any ten sentences; a report says it all."""


SKIPPED = "Skipped"
"""The name of a completed state: no run was needed."""


TIMED_OUT = "TimedOut"
"""What Prefect names the state of a run that took longer than its flow may."""


class RunTimedOut(RunFailure):
    """A run took longer than its flow may. What it stored is kept, and the next one goes on."""


class RunHasProblems(RunFailure):
    """A run came to its end, below what it promises: it has a report all the same."""

    def __init__(self, message: str, report: BaseModel) -> None:
        super().__init__(message)
        self.report = report


def make_final_state(report: Report, problems: tuple[str, ...], said: str) -> State[Report]:
    """Failed where the run ended below what it promises, else completed with a few words."""
    if problems:
        message = "; ".join(problems)[:MESSAGE_CHARS]
        return Failed(message=message, data=RunHasProblems(message, report))  # of a failed state, Prefect expects one
    return Completed(message=said, data=report)


def make_skipped_state(error: RunInProgress) -> State[Report]:
    """Completed, with nothing done: another run does the same work now, and nothing is wrong with that."""
    return Completed(name=SKIPPED, message=str(error))


def read_report(state: State[Any], kind: type[Report]) -> Report:
    """The report of a run that a person's command has started, whether or not it kept its promises.

    Raises:
        RunInProgress: the run was skipped.
        RunTimedOut: it was ended by its timeout.
        And whatever ended the run.
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
    """Of what is known; a defect keeps its own. A filter: whether the record is for the log at all."""
    error = record.exc_info[1] if record.exc_info else None
    if record.levelno <= logging.DEBUG or not isinstance(error, Failure):
        return True
    if LOGGER.isEnabledFor(logging.DEBUG):
        whole = copy(record)
        whole.levelno, whole.levelname = logging.DEBUG, logging.getLevelName(logging.DEBUG)
        LOGGER.handle(whole)
    record.exc_info = record.exc_text = None
    return record.msg != PREFECT_EXIT_MESSAGE


def drop_task_error(record: logging.LogRecord) -> bool:
    """What ends a task ends its run, whose log says it: no error of a task is for the log as well."""
    return record.levelno < logging.ERROR


LOGGER.addFilter(drop_known_traceback)
logging.getLogger("prefect.task_runs").addFilter(drop_task_error)

# Whatever runs a flow imports this first: a worker and a schedule start a process for each run.
prepare_process()
