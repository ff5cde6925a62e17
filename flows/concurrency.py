"""One crawl of a publisher at a time over all workers, by a global concurrency limit of Prefect's server.

A run that finds the slot occupied waits for it. A backfill asks the server whether another run waits, and lets it go
first. The data folder's lock and the database's lease (`pipeline.archive`, `pipeline.run`) work without a server too.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.responses import GlobalConcurrencyLimitResponse
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.settings import PREFECT_API_URL

from pipeline.archive import RunInProgress

logger = logging.getLogger(__name__)

LEASE_SECONDS = 60
"""How long a killed run keeps its slot: the shortest lease that the server grants. Prefect renews it while the run
lives."""

WAIT_SECONDS = 600
"""How long a scheduled run waits for the slot: longer than a backfill takes to release it, shorter than the quarter of
an hour until the next run."""

CHECK_SECONDS = 15.0
"""How often a backfill checks for waiting runs. Each check is a request, so they are limited by time, not per page."""

POLL_SECONDS = 5.0
"""How often a backfill checks whether the run that it let go first has ended, which takes minutes."""

URGENT_FLOWS = ["ingest", "refresh"]
"""Flows that go before a backfill."""


def name_limit(site: str) -> str:
    """Return the name of the site's global concurrency limit, which has size 1."""
    return f"crawl-{site}"


def has_shared_server() -> bool:
    """Return whether the server is shared with other runs; a temporary one only knows its own run."""
    return bool(PREFECT_API_URL.value())


@contextmanager
def exclusive_crawl(site: str, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Within the block, no other run of this Prefect server crawls the site, unless the limit is deactivated.

    If the lease is lost, because the server was unreachable for too long, the run continues: its lease in the database
    keeps others out, and finishing is better than leaving half a run behind.

    Raises:
        RunInProgress: another run crawled for longer than `wait_seconds`, or the limit was set to 0.
    """
    if not has_shared_server():
        yield
        return
    limit = _read_limit(name_limit(site))
    if not limit.limit:
        raise RunInProgress(f"crawling {site} is disabled: the concurrency limit {limit.name} is 0")
    if limit.active_slots:
        logger.warning("another run crawls %s: waiting for it, at most %g s", site, wait_seconds)
    with ExitStack() as slot:
        try:
            slot.enter_context(concurrency(limit.name, timeout_seconds=wait_seconds, lease_duration=LEASE_SECONDS))
        except TimeoutError:
            raise RunInProgress(f"another run crawls {site}: waited for {wait_seconds:g} s") from None
        yield


def _read_limit(name: str) -> GlobalConcurrencyLimitResponse:
    """Return the limit; create it if missing, so no setup is needed. An existing one is not changed."""
    with get_client(sync_client=True) as client:
        with suppress(ObjectNotFound):
            return client.read_global_concurrency_limit_by_name(name)
        with suppress(ObjectAlreadyExists):  # another run was quicker
            client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=1))
        return client.read_global_concurrency_limit_by_name(name)


def has_waiting_run(site: str) -> bool:
    """Return whether an urgent run of the site is active: one that waits for a backfill, or that it let go first.

    A run that started longer ago than `WAIT_SECONDS` does not count: it may be dead without the server knowing. An
    unreachable server counts as no waiting run, so that the backfill continues.
    """
    since = datetime.now(UTC) - timedelta(seconds=WAIT_SECONDS)
    active = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING])),
        start_time=FlowRunFilterStartTime(after_=since),
    )
    urgent = FlowFilter(name=FlowFilterName(any_=URGENT_FLOWS))
    with suppress(httpx.HTTPError), get_client(sync_client=True) as client:
        runs = client.read_flow_runs(flow_filter=urgent, flow_run_filter=active)
        return any(run.parameters.get("site", site) == site for run in runs)
    return False


class WaitingRunCheck:
    """Checks whether another run waits for the site. Asks the server at most every `check_seconds`."""

    def __init__(self, site: str, check_seconds: float = CHECK_SECONDS) -> None:
        self._site = site
        self._check_seconds = check_seconds
        self._checked_at = time.monotonic()

    def __call__(self) -> bool:
        """Return whether a run waits; False if the last check was too recent."""
        if not has_shared_server() or time.monotonic() < self._checked_at + self._check_seconds:
            return False
        self._checked_at = time.monotonic()
        return has_waiting_run(self._site)


def wait_for_urgent_runs(site: str, wait_seconds: float = WAIT_SECONDS, poll_seconds: float = POLL_SECONDS) -> None:
    """Wait until no urgent run of the site is active, at most `wait_seconds`."""
    deadline = time.monotonic() + wait_seconds
    while has_shared_server() and has_waiting_run(site) and time.monotonic() < deadline:
        time.sleep(poll_seconds)
