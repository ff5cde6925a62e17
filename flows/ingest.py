"""The flow `ingest`: `pipeline.ingest` under Prefect, one crawl per publisher, with the report as artifacts."""

from collections.abc import Callable
from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State
from pydantic import Field

from flows.artifacts import store_run_artifacts
from flows.concurrency import exclusive_crawl
from flows.final_state import Report, make_final_state, make_skipped_state, read_report
from flows.hooks import notify
from flows.server import prepare_temporary_server
from flows.steps import SCHEDULED
from pipeline.archive import RunInProgress
from pipeline.ingest import PageChoice, check_ingest, ingest_once
from pipeline.site_choice import choose_site
from schemas.report import RunReport
from schemas.settings import Settings, load_settings
from sites.profile import SourceChoice

# The flow's docstring describes each parameter: Prefect builds its form from it.
Limit = Annotated[int | None, Field(ge=0, le=2**63 - 1)]
Months = Annotated[int | None, Field(ge=1)]

TIMEOUT_SECONDS = 7 * 86_400
"""Enough to fetch everything ever advertised: a hundred thousand pages at two seconds each take less than three days,
and starting again resumes. Scheduled runs take minutes; `audit` reports after a day if none succeeds."""


@flow(
    name="ingest",
    flow_run_name="ingest {site} {source}",
    persist_result=False,
    timeout_seconds=TIMEOUT_SECONDS,
    on_failure=[notify],
    on_crashed=[notify],
)
def ingest(
    site: str | None = None,
    source: SourceChoice = "feeds",
    limit: Limit = None,
    cdx: str | None = None,
    pages: PageChoice = "all",
    months: Months = None,
) -> State[RunReport]:
    """Discover articles, fetch what is due, parse, validate, deduplicate, store; report. Skipped during another crawl.

    Args:
        site: Name of the publisher, as `broadsheet identify` shows it; empty for the first of the setting `sites`.
        source: Where to look for articles.
        limit: Fetch at most this many pages; empty for all that are due.
        cdx: Also read the index of a web archive: the URL of a CDX query.
        pages: Fetch `new` pages, revisit `known` ones, or `all`.
        months: Read only this many monthly sitemaps, the newest; empty for all.
    """
    return crawl(
        site,
        "ingest",
        lambda settings, name: ingest_once(
            settings, name, source, limit, cdx_url=cdx, months=months, pages=pages, orchestration=SCHEDULED
        ),
    )


def crawl(site: str | None, kind: str, run: Callable[[Settings, str], RunReport]) -> State[RunReport]:
    """Run a crawl exclusively for its site, store its artifacts under its kind, and return its final state."""
    settings = load_settings()
    name = choose_site(settings, site)
    check_ingest(settings, name)
    try:
        with exclusive_crawl(name):
            report = run(settings, name)
    except RunInProgress as error:
        return make_skipped_state(error)
    store_run_artifacts(settings, report, f"{kind}-{name}")
    return make_run_state(report)


def make_run_state(report: RunReport) -> State[RunReport]:
    """Return the final state of a site's run."""
    return make_crawl_state(report, report.outcomes.get("stored", 0), report.problems, is_degraded=report.is_degraded)


def make_crawl_state(
    report: Report, stored_count: int, problems: tuple[str, ...], *, is_degraded: bool
) -> State[Report]:
    """Return the final state of a crawl; its message says what was stored, then what went wrong."""
    stored = f"{stored_count} stored"
    return make_final_state(report, (stored, *problems) if problems else (), stored, is_degraded=is_degraded)


def run_ingest(site: str, source: SourceChoice, limit: int | None, cdx: str | None = None) -> RunReport:
    """Run the flow for a command and return its report, even if it has problems.

    Raises:
        RunInProgress: another run crawls the site, or writes into the data folder.
    """
    prepare_temporary_server()
    return read_report(ingest(site, source, limit, cdx, return_state=True), RunReport)
