"""The right to crawl a publisher, by a concurrency limit of Prefect's server: one crawl at a time over all workers.

A run that finds the slot taken waits for it; a backfill asks the server whether one does, and lets it go first. The
lock of the data folder and the lease in the database (`pipeline.archive`, `pipeline.run`) hold without a server too.
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
"""A slot whose holder is killed is kept so long: the shortest that the server gives. Prefect renews the lease while its
holder lives."""

WAIT_SECONDS = 600
"""How long a scheduled run waits for its turn: longer than a backfill takes to give way, shorter than the quarter of an
hour after which the next one comes."""

CHECK_SECONDS = 15.0
"""How often a backfill asks whether somebody waits: a request each, so that it is asked by time and not by page."""

POLL_SECONDS = 5.0
"""How often one that gave way looks whether the other has ended: that takes minutes."""

URGENT_FLOWS = ["ingest", "refresh"]
"""A backfill gives way to these."""


def name_limit(site: str) -> str:
    """The global concurrency limit that a crawl of the site holds: of size 1."""
    return f"crawl-{site}"


def has_shared_server() -> bool:
    """Whether there is a server that others see too: a temporary one knows of its own run alone."""
    return bool(PREFECT_API_URL.value())


@contextmanager
def exclusive_crawl(site: str, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Within the block, no other run of this Prefect server crawls the site, unless the limit is switched off.

    If the lease is lost, because the server could not be reached for long, the run goes on: its lease in the database
    keeps others out, and finishing is better than leaving half a run behind.

    Raises:
        RunInProgress: another one did for longer than this one's patience, or somebody has set the limit to 0.
    """
    if not has_shared_server():
        yield
        return
    limit = _read_limit(name_limit(site))
    if not limit.limit:
        raise RunInProgress(f"crawling {site} is stopped: the concurrency limit {limit.name} is 0")
    if limit.active_slots:
        logger.warning("another run crawls %s: waiting for it, %g s at most", site, wait_seconds)
    with ExitStack() as slot:
        try:
            slot.enter_context(concurrency(limit.name, timeout_seconds=wait_seconds, lease_duration=LEASE_SECONDS))
        except TimeoutError:
            raise RunInProgress(f"another run crawls {site}, for longer than {wait_seconds:g} s") from None
        yield


def _read_limit(name: str) -> GlobalConcurrencyLimitResponse:
    """The limit, made where there is none: no deployment has to be told of it. One that somebody changed stays so."""
    with get_client(sync_client=True) as client:
        with suppress(ObjectNotFound):
            return client.read_global_concurrency_limit_by_name(name)
        with suppress(ObjectAlreadyExists):  # another run was quicker
            client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=1))
        return client.read_global_concurrency_limit_by_name(name)


def has_waiting_run(site: str) -> bool:
    """Whether an urgent run of the site is under way that a backfill keeps waiting, or has let go first.

    One that began longer ago than a run waits does not wait: it may be dead, and nobody has told the server. A server
    that does not answer now is no reason to stop.
    """
    since = datetime.now(UTC) - timedelta(seconds=WAIT_SECONDS)
    under_way = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING])),
        start_time=FlowRunFilterStartTime(after_=since),
    )
    urgent = FlowFilter(name=FlowFilterName(any_=URGENT_FLOWS))
    with suppress(httpx.HTTPError), get_client(sync_client=True) as client:
        runs = client.read_flow_runs(flow_filter=urgent, flow_run_filter=under_way)
        return any(run.parameters.get("site", site) == site for run in runs)
    return False


class WaitingRunCheck:
    """Whether another run waits for the site: asked of the server by time, however often this is called."""

    def __init__(self, site: str, check_seconds: float = CHECK_SECONDS) -> None:
        self._site = site
        self._check_seconds = check_seconds
        self._checked_at = time.monotonic()

    def __call__(self) -> bool:
        """Whether one waits."""
        if not has_shared_server() or time.monotonic() < self._checked_at + self._check_seconds:
            return False
        self._checked_at = time.monotonic()
        return has_waiting_run(self._site)


def wait_for_urgent_runs(site: str, wait_seconds: float = WAIT_SECONDS, poll_seconds: float = POLL_SECONDS) -> None:
    """Wait until whoever waited has ended, or gave up."""
    deadline = time.monotonic() + wait_seconds
    while has_shared_server() and has_waiting_run(site) and time.monotonic() < deadline:
        time.sleep(poll_seconds)
