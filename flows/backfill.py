"""The flow `backfill`: fetch the missing articles of a range of publication days, month by month, newest first.

Each month is a subflow and a run of its own. After a crash, the next run continues, and nothing stored is fetched
again; so a stopped backfill is resumed by starting it again. When another run waits, the backfill lets it crawl first.
"""

import time
from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

from prefect import flow
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.client.schemas.objects import State

from flows.artifacts import store_report, store_run_artifacts
from flows.concurrency import exclusive_crawl, wait_for_urgent_runs
from flows.final_state import make_skipped_state, read_report
from flows.hooks import notify
from flows.ingest import Limit, make_crawl_state, make_run_state
from flows.server import prepare_temporary_server
from flows.steps import orchestrate_backfill
from pipeline.archive import RunInProgress, open_archive
from pipeline.backfill_plan import check_span, plan_backfill
from pipeline.ingest import check_ingest, ingest_once
from pipeline.progress import Progress, listening
from pipeline.report import render_backfill_markdown
from pipeline.run import find_broken_floors
from schemas.report import BackfillReport, RunReport
from schemas.settings import load_settings
from schemas.span import Span, split_months

WAIT_SECONDS = 1800
"""How long a month waits while another run writes: scheduled runs are far shorter, and go first."""

ARTIFACT_SECONDS = 30
"""Minimum interval between updates of the progress artifact: each is a request to the server, so they are limited by
time, not by the number of pages."""

MONTH_TIMEOUT_SECONDS = 86_400
"""A day: the thousand pages of a month take half an hour at two seconds each, and a third of a day at a Crawl-delay of
thirty; before that, the month may wait for other runs."""

TIMEOUT_SECONDS = 60 * 86_400
"""Two months: two decades of pages take three days at two seconds each, and a month at a Crawl-delay of thirty. Prefect
stops this clock while a subflow with its own timeout runs."""


@flow(
    name="backfill-month",
    flow_run_name="backfill {site} {since} to {until}",
    persist_result=False,
    timeout_seconds=MONTH_TIMEOUT_SECONDS,
)
def backfill_month(site: str, since: date, until: date, limit: Limit = None) -> State[RunReport]:
    """Fill one month of a backfill, or what remains of it. Ends early when another run waits."""
    settings, span = load_settings(), Span(since=since, until=until)
    try:
        with exclusive_crawl(site, WAIT_SECONDS):
            orchestration = orchestrate_backfill(site, WAIT_SECONDS)
            report = ingest_once(settings, site, "sitemaps", limit, span, orchestration=orchestration)
    except RunInProgress as error:
        return make_skipped_state(error)
    store_run_artifacts(settings, report, f"backfill-{site}-{since:%Y-%m}")
    return make_run_state(report)


@flow(
    name="backfill",
    flow_run_name="backfill {site} {since} to {until}",
    persist_result=False,
    timeout_seconds=TIMEOUT_SECONDS,
    on_failure=[notify],
    on_crashed=[notify],
)
def backfill(site: str, since: date, until: date, limit: Limit = None) -> State[BackfillReport]:
    """Fetch the missing articles of these publication days (both inclusive), newest month first.

    It may be stopped at any time; started again, it resumes. Scheduled runs go first.

    Args:
        site: Name of the publisher, as `broadsheet identify` shows it.
        since: First publication day, in the publisher's time zone.
        until: Last publication day, in the publisher's time zone; its month is filled first.
        limit: Fetch at most this many pages; empty for all that are missing.
    """
    check_span(since, until)
    check_ingest(load_settings(), site)
    spans = tuple(split_months(since, until))
    artifact = create_progress_artifact(0.0, key=f"backfill-{site}", description=f"{since} to {until}")
    assert isinstance(artifact, UUID)  # noqa: S101 - for mypy: a coroutine only in a coroutine
    reports: list[RunReport] = []
    try:
        for number, span in enumerate(spans):
            with listening(_ProgressArtifact(artifact, number, len(spans))):
                reports += _fill_month(site, span, _count_remaining(limit, reports))
        for span in _find_unfinished_months(site, since, until):
            if reports and reports[-1].unreachable_hosts:
                break  # do not ask unresponsive hosts again for each month
            reports += _fill_month(site, span, _count_remaining(limit, reports))
    except RunInProgress as error:
        return make_skipped_state(error)
    update_progress_artifact(artifact, progress=100.0)
    floors = tuple(_find_broken_floors(site, reports))
    report = BackfillReport(site=site, since=since, until=until, months=tuple(reports), broken_floors=floors)
    store_report(render_backfill_markdown(report), f"backfill-{site}-report", {})
    stored_count = sum(month.outcomes.get("stored", 0) for month in reports)
    return make_crawl_state(report, stored_count, report.problems, is_degraded=report.is_degraded)


def run_backfill(site: str, since: date, until: date, limit: int | None) -> BackfillReport:
    """Run the flow for a command and return its report, even if it has problems.

    Raises:
        RunInProgress: another run crawled the site, or wrote into the data folder, for too long.
    """
    prepare_temporary_server()
    return read_report(backfill(site, since, until, limit, return_state=True), BackfillReport)


class _ProgressArtifact:
    """Updates the progress artifact while a month is filled."""

    def __init__(self, artifact: UUID, month_number: int, month_count: int) -> None:
        self._artifact = artifact
        self._month_number, self._month_count = month_number, month_count
        self._updated_at = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        if not progress.total_count or time.monotonic() < self._updated_at + ARTIFACT_SECONDS:
            return
        self._updated_at = time.monotonic()
        months = self._month_number + progress.done_count / progress.total_count
        update_progress_artifact(self._artifact, progress=min(100 * months / self._month_count, 100))


def _count_remaining(limit: int | None, reports: Sequence[RunReport]) -> int | None:
    return None if limit is None else limit - sum(report.asked_count for report in reports)


def _find_unfinished_months(site: str, since: date, until: date) -> Iterator[Span]:
    """Yield the months with pages still due: the sitemap of the month before, which is read later, may name some."""
    plan = plan_backfill(load_settings(), site, since, until)
    return (Span(since=month.since, until=month.until) for month in plan.months if month.due_count)


def _find_broken_floors(site: str, reports: Sequence[RunReport]) -> Iterator[str]:
    """Measure once, when all months are filled. Yield nothing if none was started."""
    if reports:
        with open_archive(load_settings(), writable=False) as archive:
            yield from find_broken_floors(archive, site, reports[-1].ledger, has_daily_count=False)


def _fill_month(site: str, span: Span, limit: int | None) -> Iterator[RunReport]:
    """Fill a month and yield the reports: one run, and another after each that ended early. Stop at the limit."""
    remaining, is_done = limit, False
    while not is_done and (remaining is None or remaining > 0):
        report = read_report(backfill_month(site, span.since, span.until, remaining, return_state=True), RunReport)
        yield report
        is_done = not report.gave_way
        if report.gave_way:
            wait_for_urgent_runs(site)
        remaining = _count_remaining(remaining, [report])
