"""The flow `refresh`: articles that are due to be looked at again, and nothing else. Nothing is discovered."""

from prefect import flow
from prefect.client.schemas.objects import State

from flows.hooks import notify
from flows.ingest import Limit, crawl
from flows.steps import SCHEDULED
from pipeline.ingest import ingest_once
from schemas.report import RunReport

TIMEOUT_SECONDS = 86_400
"""A day: forty thousand pages at two seconds each. What is left is still due for the next run."""


@flow(
    name="refresh",
    flow_run_name="refresh {site}",
    persist_result=False,
    timeout_seconds=TIMEOUT_SECONDS,
    on_failure=[notify],
    on_crashed=[notify],
)
def refresh(site: str = "moscow-times", limit: Limit = None) -> State[RunReport]:
    """Look again at the articles that are due for it: changes become revisions. Skipped while another run crawls.

    Args:
        site: The publisher, by the name that `broadsheet identify` shows.
        limit: Fetch at most so many pages; empty for all that are due.
    """
    return crawl(
        site,
        "refresh",
        lambda settings: ingest_once(settings, site, None, limit, pages="known", orchestration=SCHEDULED),
    )
