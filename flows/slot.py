"""The right to crawl a publisher, as Prefect's server gives it: one crawl at a time over all workers.

A run that finds it taken waits, and says so; a backfill looks for that and gives way. A run that is killed with it
leaves it to the next run of its data folder (`flows.claim`). It comes on top of the lease in the database
(`flows.run`), which holds where there is no server.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.settings import PREFECT_API_URL

from flows.archive import RunInProgress, make_folders
from flows.claim import claiming
from flows.holding import FIRST_SECONDS, holding, take_lease
from flows.run import LEASE_SECONDS
from schemas.settings import Settings

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 600
"""How long a scheduled run waits for its turn: longer than a backfill takes to give way, shorter than the quarter of an
hour after which the next one comes."""

ASK_SECONDS = 15.0
"""How often a backfill asks whether somebody waits: a request each, so that it is asked by time and not by page."""

TURN_SECONDS = 2.0
"""How often one that waits tries again, and one that gave way looks whether whoever waited has begun: both take
seconds."""

QUEUE_LIMIT = 100
"""More runs never wait at once: there are five deployments, and each runs once at a time."""


def name_slot(site: str) -> str:
    """The global concurrency limit that a crawl of the site holds: of size 1."""
    return f"crawl-{site}"


def name_queue(site: str) -> str:
    """The one that is held by whoever waits for the slot; its holders are counted, nobody is kept out."""
    return f"crawl-{site}-waiting"


def has_lasting_server() -> bool:
    """Whether there is a server that others see too: a temporary one knows of its own run alone."""
    return bool(PREFECT_API_URL.value())


@contextmanager
def crawling_alone(
    settings: Settings,
    site: str,
    patience_seconds: float = PATIENCE_SECONDS,
    *,
    is_urgent: bool = True,
    turn_seconds: float = TURN_SECONDS,
) -> Iterator[None]:
    """Within the block, no other run of this Prefect server crawls the site. An urgent one lets others know it waits.

    Raises:
        RunInProgress: another one did for longer than this one's patience.
        DataDirUnusable: the data folder cannot be made or written to.
    """
    if not has_lasting_server():
        yield
        return
    make_folders(settings)
    _make_limits(site)
    with ExitStack() as slot:
        if not _take(slot, settings, site):
            logger.warning("another run crawls %s: waiting for it, %g s at most", site, patience_seconds)
            with _waiting(site) if is_urgent else nullcontext():
                _wait(slot, settings, site, patience_seconds, turn_seconds)
        yield


def _take(slot: ExitStack, settings: Settings, site: str) -> bool:
    """Whether the slot could be taken now; it is given back when the stack is left."""
    name = name_slot(site)
    with ExitStack() as taken:
        claim = taken.enter_context(claiming(settings, name))
        if claim is None:  # a live run of this folder has it, or looks for it at this moment
            return False
        claim.free_left()
        with get_client(sync_client=True) as client:
            lease_id = take_lease(client, name)
        if lease_id is None:
            return False
        taken.enter_context(holding(name, lease_id, LEASE_SECONDS, claim.note))
        slot.enter_context(taken.pop_all())
    return True


def _wait(slot: ExitStack, settings: Settings, site: str, patience_seconds: float, turn_seconds: float) -> None:
    deadline = time.monotonic() + patience_seconds
    while not _take(slot, settings, site):
        left_seconds = deadline - time.monotonic()
        if left_seconds <= 0:
            raise RunInProgress(f"another run crawls {site}, for longer than {patience_seconds:g} s")
        time.sleep(min(turn_seconds, left_seconds))


@contextmanager
def _waiting(site: str) -> Iterator[None]:
    """Within the block, others see that a run waits: one that is killed, until its short lease ends."""
    name = name_queue(site)
    with get_client(sync_client=True) as client:
        lease_id = take_lease(client, name)
    with holding(name, lease_id, FIRST_SECONDS, lambda _: None) if lease_id else nullcontext():
        yield


def _make_limits(site: str) -> None:
    """Those that are not there yet: no deployment has to be told of them. One that somebody changed stays so."""
    with get_client(sync_client=True) as client:
        for name, limit in ((name_slot(site), 1), (name_queue(site), QUEUE_LIMIT)):
            try:
                client.read_global_concurrency_limit_by_name(name)
            except ObjectNotFound:
                with suppress(ObjectAlreadyExists):  # another run was quicker
                    client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=limit))


def is_awaited(site: str) -> bool:
    """Whether a run waits for the slot. A server that does not answer now is no reason to stop."""
    with suppress(httpx.HTTPError, ObjectNotFound), get_client(sync_client=True) as client:
        return client.read_global_concurrency_limit_by_name(name_queue(site)).active_slots > 0
    return False


class Demand:
    """Whether another run waits for the site: asked of the server by time, however often this is called."""

    def __init__(self, site: str, ask_seconds: float = ASK_SECONDS) -> None:
        self._site = site
        self._ask_seconds = ask_seconds
        self._asked_at = time.monotonic()

    def __call__(self) -> bool:
        """Whether somebody waits."""
        if not has_lasting_server() or time.monotonic() < self._asked_at + self._ask_seconds:
            return False
        self._asked_at = time.monotonic()
        return is_awaited(self._site)


def give_way(site: str, patience_seconds: float = PATIENCE_SECONDS, turn_seconds: float = TURN_SECONDS) -> None:
    """Wait until nobody waits any more: whoever did has the slot then, or gave up."""
    deadline = time.monotonic() + patience_seconds
    while has_lasting_server() and is_awaited(site) and time.monotonic() < deadline:
        time.sleep(turn_seconds)
