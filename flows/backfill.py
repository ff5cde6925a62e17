"""The flow `backfill`: what is missing of a span of publication days, month by month, newest first.

Each month is a subflow and a run of its own: one that dies is continued by the next, and what is there is not fetched
again. So a backfill that was stopped is simply started again. One that another run waits for gives the crawl to it, and
goes on afterwards.
"""

import time
from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

from prefect import flow
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.client.schemas.objects import State

from flows.artifacts import store_report, store_run_artifacts
from flows.concurrency import crawling_alone, give_way
from flows.final_state import end, read_report, skip
from flows.hooks import notify
from flows.ingest import Limit, end_run
from flows.server import prepare_temporary_server
from flows.steps import fill_patiently
from pipeline.archive import RunInProgress, open_archive
from pipeline.backfill_plan import check_span, plan_backfill
from pipeline.ingest import check_ingest, ingest_once
from pipeline.progress import Progress, listening
from pipeline.report import render_backfill_markdown
from pipeline.run import find_broken_floors
from schemas.report import BackfillReport, RunReport
from schemas.settings import load_settings
from schemas.span import Span, split_months

PATIENCE_SECONDS = 1800
"""How long a month waits while another run writes: a scheduled one is far shorter, and goes before."""

ARTIFACT_SECONDS = 30
"""How often the progress artifact is brought up to date at most: each is a request to the server, so that there are as
many of them as minutes call for, however many pages come."""

MONTH_TIMEOUT_SECONDS = 86_400
"""A day: the thousand pages of a month take half an hour at two seconds each, and a third of a day at a Crawl-delay of
thirty; before that, the month may wait for others."""

TIMEOUT_SECONDS = 60 * 86_400
"""Two months: two decades of pages take three days at two seconds each, and a month at a Crawl-delay of thirty. While a
month with a timeout of its own is filled, Prefect's clock of the whole stands still."""


@flow(
    name="backfill-month",
    flow_run_name="backfill {site} {since} to {until}",
    persist_result=False,
    timeout_seconds=MONTH_TIMEOUT_SECONDS,
)
def backfill_month(site: str, since: date, until: date, limit: Limit = None) -> State[RunReport]:
    """The part of a backfill that lies in one month, or what was left of it. It ends early when another run waits."""
    settings, span = load_settings(), Span(since=since, until=until)
    try:
        with crawling_alone(site, PATIENCE_SECONDS):
            orchestration = fill_patiently(site, PATIENCE_SECONDS)
            report = ingest_once(settings, site, "sitemaps", limit, span, orchestration=orchestration)
    except RunInProgress as error:
        return skip(error)
    store_run_artifacts(settings, report, f"backfill-{site}-{since:%Y-%m}")
    return end_run(report)


@flow(
    name="backfill",
    flow_run_name="backfill {site} {since} to {until}",
    persist_result=False,
    timeout_seconds=TIMEOUT_SECONDS,
    on_failure=[notify],
    on_crashed=[notify],
)
def backfill(site: str, since: date, until: date, limit: Limit = None) -> State[BackfillReport]:
    """Fetch what is missing of these publication days (both inclusive), newest month first.

    It may be stopped at any time and started again: it goes on where it stopped. Scheduled runs go before it.

    Args:
        site: The publisher, by the name that `broadsheet identify` shows.
        since: The first publication day, in Moscow time.
        until: The last publication day, in Moscow time; its month is filled first.
        limit: Fetch at most so many pages; empty for all that are missing.
    """
    check_span(since, until)
    check_ingest(load_settings(), site)
    spans = tuple(split_months(since, until))
    artifact = create_progress_artifact(0.0, key=f"backfill-{site}", description=f"{since} to {until}")
    assert isinstance(artifact, UUID)  # noqa: S101 - for mypy: a coroutine only in a coroutine
    reports: list[RunReport] = []
    try:
        for number, span in enumerate(spans):
            with listening(_Artifact(artifact, number, len(spans))):
                reports += _fill(site, span, _count_left(limit, reports))
        for span in _find_unfilled(site, since, until):
            if reports and reports[-1].unreachable_hosts:
                break  # whoever does not answer is not asked again for each month
            reports += _fill(site, span, _count_left(limit, reports))
    except RunInProgress as error:
        return skip(error)
    update_progress_artifact(artifact, progress=100.0)
    floors = tuple(_find_broken_floors(site, reports))
    report = BackfillReport(site=site, since=since, until=until, months=tuple(reports), broken_floors=floors)
    store_report(render_backfill_markdown(report), f"backfill-{site}-report", {})
    return end(report, report.problems, f"{sum(month.outcomes.get('stored', 0) for month in reports)} stored")


def run_backfill(site: str, since: date, until: date, limit: int | None) -> BackfillReport:
    """Run the flow as a person's command does: its report, whether or not the runs kept their promises.

    Raises:
        RunInProgress: another run crawled the site, or wrote into the data folder, for too long.
    """
    prepare_temporary_server()
    return read_report(backfill(site, since, until, limit, return_state=True), BackfillReport)


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
            yield from find_broken_floors(archive, site, reports[-1].ledger, has_daily_count=False)


def _fill(site: str, span: Span, limit: int | None) -> Iterator[RunReport]:
    """One month, in as many runs as it gave way to others, and one more; none once the limit is reached."""
    left, is_over = limit, False
    while not is_over and (left is None or left > 0):
        report = read_report(backfill_month(site, span.since, span.until, left, return_state=True), RunReport)
        yield report
        is_over = not report.gave_way
        if report.gave_way:
            give_way(site)
        left = _count_left(left, [report])
