"""How a flow run ends: with its report, skipped, or failed; and what a command makes of that."""

from typing import Any, TypeVar

from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed
from pydantic import BaseModel

from flows.archive import RunInProgress

Report = TypeVar("Report", bound=BaseModel)

MESSAGE_CHARS = 2_000
"""Of a state's message: more than any ten sentences; a report says it all."""


def end(report: Report, problems: tuple[str, ...], said: str) -> State[Report]:
    """Failed where the run ended below what it promises, else completed with a few words."""
    if problems:
        return Failed(message="; ".join(problems)[:MESSAGE_CHARS], data=report)
    return Completed(message=said, data=report)


def skip(error: RunInProgress) -> State[Report]:
    """Cancelled: another run does the same work now, and nothing is wrong with that."""
    return Cancelled(message=f"skipped: {error}")


def read_report(state: State[Any], kind: type[Report]) -> Report:
    """The report of a run that a person's command has started, whether or not it kept its promises.

    Raises:
        RunInProgress: the run was skipped.
        And whatever ended the run.
    """
    if state.is_cancelled():
        raise RunInProgress(str(state.message).removeprefix("skipped: "))
    report: object = state.result(raise_on_failure=False)
    if isinstance(report, Exception):
        raise report
    assert isinstance(report, kind)  # noqa: S101 - for mypy: the flow returns nothing else
    return report
