"""A run's steps as tasks of Prefect, so that its graph shows where it is: load, discover, fetch, report."""

from collections.abc import Callable
from typing import TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.concurrency import WaitingRunCheck
from pipeline.ingest import Orchestration
from pipeline.load import load_with_retries

Result = TypeVar("Result")


def run_as_task(name: str, step: Callable[[], Result]) -> Result:
    """Run a step as a task of this name: one a step, however many pages there are.

    It is given nothing and keeps nothing, so nothing is hashed or stored. It is not tried again: what may pass is
    tried again where it happens (`pipeline.load`, `spiders.retry`), and the next run goes on where this one ended.
    """

    @task(name=name, cache_policy=NO_CACHE, persist_result=False)
    def run() -> Result:
        return step()

    return run()


SCHEDULED = Orchestration(run_step=run_as_task, load=load_with_retries)
"""A run that waits for no other: it is skipped."""


def orchestrate_backfill(site: str, wait_seconds: float) -> Orchestration:
    """A part of a backfill: it waits for whoever writes, and ends early when another run of the site waits."""
    return Orchestration(run_as_task, load_with_retries, WaitingRunCheck(site), wait_seconds)
