"""The flow `backfill`: what is missing of a span of publication days, month by month, newest first.

Each month is a subflow and a run of its own: one that dies is continued by the next, and what is there is not fetched
again. So a backfill that was stopped is simply started again.
"""

import time
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

from prefect import flow
from prefect.artifacts import create_markdown_artifact, create_progress_artifact, update_progress_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from pydantic import Field

from flows.archive import open_archive
from flows.harvest import check_ingest, harvest
from flows.ingest import end_state, load_batch_task
from flows.plan import check_span, plan_backfill
from flows.progress import Progress, listening
from flows.report import render_backfill_markdown, render_markdown
from flows.run import find_broken_floors
from schemas.report import BackfillReport, RunReport
from schemas.settings import load_settings
from schemas.span import Span, split_months

PATIENCE_SECONDS = 1800
"""How long a month waits while another run writes: a scheduled one is far shorter, and goes before."""

ARTIFACT_SECONDS = 5
"""How often the progress artifact is brought up to date at most: each is a request to the server."""

SiteName = Annotated[str, Field(description="The site's name")]
FirstDay = Annotated[date, Field(description="First publication day, Moscow time")]
LastDay = Annotated[date, Field(description="Last publication day, Moscow time")]
Limit = Annotated[int | None, Field(description="Fetch at most so many pages", ge=0)]


@flow(name="backfill-month", flow_run_name="backfill-{site}-{since}-{until}", persist_result=False)
def backfill_month(site: SiteName, since: FirstDay, until: LastDay, limit: Limit = None) -> State[RunReport]:
    """The part of a backfill that lies in one month."""
    report = harvest(
        load_settings(),
        site,
        "sitemaps",
        limit,
        load_batch_task,
        Span(since=since, until=until),
        patience_seconds=PATIENCE_SECONDS,
    )
    create_markdown_artifact(render_markdown(report), key=f"backfill-{site}-{since:%Y-%m}", description="The month")
    return end_state(report)


@flow(name="backfill", flow_run_name="backfill-{site}-{since}-{until}", persist_result=False)
def backfill(site: SiteName, since: FirstDay, until: LastDay, limit: Limit = None) -> State[BackfillReport]:
    """Fetch what is missing of these publication days (both inclusive), newest month first."""
    check_span(since, until)
    check_ingest(load_settings(), site)
    spans = tuple(split_months(since, until))
    artifact = create_progress_artifact(0.0, key=f"backfill-{site}", description=f"{since} to {until}")
    assert isinstance(artifact, UUID)  # noqa: S101 - for mypy: a coroutine only in a coroutine
    reports: list[RunReport] = []
    for number, span in enumerate(spans):
        with listening(_Artifact(artifact, number, len(spans))):
            reports += _fill(site, span, _count_left(limit, reports))
        update_progress_artifact(artifact, progress=100 * (number + 1) / len(spans))
    for span in _find_unfilled(site, since, until):
        if reports and reports[-1].unreachable_hosts:
            break  # whoever does not answer is not asked again for each month
        reports += _fill(site, span, _count_left(limit, reports))
    floors = tuple(_find_broken_floors(site, reports))
    report = BackfillReport(site=site, since=since, until=until, months=tuple(reports), broken_floors=floors)
    create_markdown_artifact(render_backfill_markdown(report), key=f"backfill-{site}-report", description="The whole")
    return _end_state(report)


def run_backfill(site: str, since: date, until: date, limit: int | None) -> BackfillReport:
    """Run the flow as a person's command does: its report, whether or not the runs kept their promises."""
    state = backfill(site, since, until, limit, return_state=True)
    report: object = state.result(raise_on_failure=False)
    if isinstance(report, Exception):
        raise report
    assert isinstance(report, BackfillReport)  # noqa: S101 - for mypy: the flow returns nothing else
    return report


class _Artifact:
    """Brings the progress artifact up to date while a month is filled."""

    def __init__(self, artifact: UUID, month_number: int, month_count: int) -> None:
        self._artifact = artifact
        self._month_number, self._month_count = month_number, month_count
        self._told_at = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        if not progress.total_count or time.monotonic() < self._told_at + ARTIFACT_SECONDS:
            return
        self._told_at = time.monotonic()
        months = self._month_number + progress.done_count / progress.total_count
        update_progress_artifact(self._artifact, progress=min(100 * months / self._month_count, 100))


def _count_left(limit: int | None, reports: Sequence[RunReport]) -> int | None:
    return None if limit is None else limit - sum(report.asked_count for report in reports)


def _find_unfilled(site: str, since: date, until: date) -> Iterator[Span]:
    """The months with pages that are due still: the sitemap of the month before, read after them, named one."""
    plan = plan_backfill(load_settings(), site, since, until)
    return (Span(since=month.since, until=month.until) for month in plan.months if month.due_count)


def _find_broken_floors(site: str, reports: Sequence[RunReport]) -> Iterator[str]:
    """Measured once, when all months are filled; nothing where none was begun."""
    if reports:
        with open_archive(load_settings(), writable=False) as archive:
            yield from find_broken_floors(archive, site, reports[-1].ledger, is_whole=False)


def _fill(site: str, span: Span, limit: int | None) -> Iterator[RunReport]:
    """One month; none once the limit is reached."""
    if limit is not None and limit <= 0:
        return
    state = backfill_month(site, span.since, span.until, limit, return_state=True)
    report: object = state.result(raise_on_failure=False)
    if isinstance(report, Exception):
        raise report
    assert isinstance(report, RunReport)  # noqa: S101 - for mypy: the flow returns nothing else
    yield report


def _end_state(report: BackfillReport) -> State[BackfillReport]:
    if report.problems:
        return Failed(message="; ".join(report.problems), data=report)
    stored_count = sum(month.outcomes.get("stored", 0) for month in report.months)
    return Completed(message=f"{stored_count} stored", data=report)
