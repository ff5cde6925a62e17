"""The flow `refresh`: revisit the articles that are due, and discover nothing."""

from prefect import flow
from prefect.client.schemas.objects import State

from flows.hooks import notify
from flows.ingest import Limit, crawl
from flows.steps import SCHEDULED
from pipeline.ingest import ingest_once
from schemas.report import RunReport

TIMEOUT_SECONDS = 86_400
"""A day: forty thousand pages at two seconds each. The remaining ones stay due for the next run."""


@flow(
    name="refresh",
    flow_run_name="refresh {site}",
    persist_result=False,
    timeout_seconds=TIMEOUT_SECONDS,
    on_failure=[notify],
    on_crashed=[notify],
)
def refresh(site: str | None = None, limit: Limit = None) -> State[RunReport]:
    """Revisit the articles that are due; store changes as revisions. Skipped while another run crawls.

    Args:
        site: Name of the publisher, as `broadsheet identify` shows it; empty for the first of the setting `sites`.
        limit: Fetch at most this many pages; empty for all that are due.
    """
    return crawl(
        site,
        "refresh",
        lambda settings, name: ingest_once(settings, name, None, limit, pages="known", orchestration=SCHEDULED),
    )
