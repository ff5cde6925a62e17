"""The flow `ingest`: `flows.harvest` under Prefect, with batches as tasks and the report as an artifact."""

from typing import Annotated

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from pydantic import Field

from flows.harvest import harvest
from flows.load import Batch, load_batch
from flows.report import render_markdown
from schemas.report import RunReport
from schemas.settings import load_settings
from sites.profile import SourceChoice
from storage.warc.capture import NotAWarc
from storage.warc.remote import StoreUnreachable


def may_pass(task: object, run: object, state: State[Batch]) -> bool:  # noqa: ARG001 - as Prefect calls it
    """Whether trying again is worth it: a locked database may be free, a file that is no WARC stays none.

    A store of WARC files that does not answer was asked several times already, and the next run asks again.
    """
    return not isinstance(state.result(raise_on_failure=False), (NotAWarc, StoreUnreachable))


# Loading a batch again does nothing twice, so whatever interrupted it (a locked database, a full disk just
# emptied) may be tried again; the waits give it a minute in all.
load_batch_task = task(
    name="load-batch",
    task_run_name="load-{name}",
    retries=3,
    retry_delay_seconds=[1, 10, 50],
    retry_condition_fn=may_pass,
    cache_policy=NO_CACHE,
    persist_result=False,
)(load_batch)


@flow(name="ingest", flow_run_name="ingest-{site}-{source}", persist_result=False)
def ingest(
    site: Annotated[str, Field(description="The site's name")] = "moscow-times",
    source: Annotated[SourceChoice, Field(description="Where to look for articles")] = "feeds",
    limit: Annotated[int | None, Field(description="Fetch at most so many pages", ge=0)] = None,
    cdx: Annotated[str | None, Field(description="Also read this index of a web archive: its address")] = None,
) -> State[RunReport]:
    """Discover, fetch what is due, read, validate, dedupe, store; then report."""
    report = harvest(load_settings(), site, source, limit, load_batch_task, cdx_url=cdx)
    create_markdown_artifact(render_markdown(report), key=f"ingest-{site}", description="The run's report")
    return end_state(report)


def end_state(report: RunReport) -> State[RunReport]:
    """The flow run's final state: failed where the run ended below what it promises."""
    if report.problems:
        return Failed(message="; ".join(report.problems), data=report)
    return Completed(message=f"{report.outcomes.get('stored', 0)} stored", data=report)


def run_ingest(site: str, source: SourceChoice, limit: int | None, cdx: str | None = None) -> RunReport:
    """Run the flow as a person's command does: its report, whether or not the run kept its promises."""
    state = ingest(site, source, limit, cdx, return_state=True)
    report: object = state.result(raise_on_failure=False)
    if isinstance(report, Exception):
        raise report
    assert isinstance(report, RunReport)  # noqa: S101 - for mypy: the flow returns nothing else
    return report
