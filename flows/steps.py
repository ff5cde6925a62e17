"""Run a run's steps as Prefect tasks, so that its graph shows its progress: load, discover, fetch, report."""

from collections.abc import Callable
from typing import TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.concurrency import WaitingRunCheck
from pipeline.ingest import Orchestration
from pipeline.load import load_with_retries

Result = TypeVar("Result")


def run_as_task(name: str, step: Callable[[], Result]) -> Result:
    """Run a step as a task of this name: one task per step, however many pages there are.

    The task has no arguments and no stored result, so nothing is hashed or persisted. It is not retried: transient
    failures are retried where they occur (`pipeline.load`, `spiders.retry`), and the next run continues this one.
    """

    @task(name=name, cache_policy=NO_CACHE, persist_result=False)
    def run() -> Result:
        return step()

    return run()


SCHEDULED = Orchestration(run_step=run_as_task, load=load_with_retries)
"""For a run that does not wait for another run's writes, but is skipped."""


def orchestrate_backfill(site: str, wait_seconds: float) -> Orchestration:
    """Return the orchestration of a backfill month: it waits for other writers, and ends early if another run waits."""
    return Orchestration(run_as_task, load_with_retries, WaitingRunCheck(site), wait_seconds)
