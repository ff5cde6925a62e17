"""The right to crawl a publisher, as Prefect's server gives it: one crawl at a time over all workers.

A run that finds it taken waits, and says so; a backfill looks for that and gives way. A run that is killed with it
leaves it to the next run of its data folder (`FolderLock`). It comes on top of the lease in the database
(`pipeline.run`), which holds where there is no server.
"""

import contextvars
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from http import HTTPStatus
from pathlib import Path
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.settings import PREFECT_API_URL

from pipeline.archive import RunInProgress, is_idle, make_folders, open_lock, take_lock
from pipeline.run import LEASE_SECONDS, name_folder
from schemas.settings import Settings

logger = logging.getLogger(__name__)

FIRST_SECONDS = 60
"""A lease's length when it is taken, the shortest that the server gives: one whose holder is killed before it could
note it lasts no longer."""

RENEWED_SHARE = 0.75
"""Of a lease's length, until it is renewed: few requests, and time to try again."""

RETRY_SECONDS = 10.0
"""Until a renewal that failed is tried again: several times before the lease ends."""

TAKEN = frozenset({HTTPStatus.LOCKED, HTTPStatus.UNPROCESSABLE_ENTITY})
"""What the server answers where no slot is free, and where somebody has set the limit to 0."""

Note = Callable[[UUID | None], None]
"""Told which lease is held from now on; None when it was given back."""


def take_lease(client: SyncPrefectClient, name: str) -> UUID | None:
    """A lease on one slot of the limit, for `FIRST_SECONDS`; None while there is none to be had.

    Raises:
        httpx.HTTPError: the server does not answer, or not as it should.
    """
    try:
        answer = client.increment_concurrency_slots_with_lease([name], 1, "concurrency", FIRST_SECONDS)
    except httpx.HTTPStatusError as error:
        if error.response.status_code in TAKEN:
            return None
        raise
    return UUID(answer.json()["lease_id"])


def give_back(lease_id: UUID) -> None:
    """Free the slot of this lease at once. One that has ended already is left alone by the server.

    Raises:
        httpx.HTTPError: the server does not answer, or not as it should.
    """
    with get_client(sync_client=True) as client:
        client.release_concurrency_slots_with_lease(lease_id)


@contextmanager
def holding(name: str, lease_id: UUID, seconds: float, note: Note) -> Iterator[None]:
    """Renew the lease within the block, by `seconds` at a time; then give it back."""
    renewer = LeaseRenewer(name, lease_id, seconds, note)
    renewer.start()
    try:
        note(lease_id)
        yield
    finally:
        renewer.end()


class LeaseRenewer:
    """Renews a lease, and gives it back.

    A renewal that fails is retried. If the lease expired because the server could not be reached, the slot is taken
    again. If another run holds it by then, this run continues under its lease in the database and tries again at each
    renewal: finishing is better than leaving half a run behind.
    """

    def __init__(self, name: str, lease_id: UUID, seconds: float, note: Note) -> None:
        self._name = name
        self._lease_id = lease_id
        self._seconds = seconds
        self._note = note
        self._has_ended = threading.Event()
        # With the context: Prefect's settings are in it, and the run whose log it is.
        work = contextvars.copy_context().run
        self._thread = threading.Thread(target=work, args=(self._keep,), name=f"lease on {name}", daemon=True)

    def start(self) -> None:
        """Renew from now on, at once for the first time: a lease that was just taken is short."""
        self._thread.start()

    def end(self) -> None:
        """Stop, and give the lease back. Where the server does not answer, the note stays, for the next run."""
        self._has_ended.set()
        self._thread.join()  # it may be taking the slot anew: that one has to be given back too
        try:
            give_back(self._lease_id)
        except httpx.HTTPError as error:
            logger.warning("a slot of %s could not be given back; the next run does it: %s", self._name, error)
        else:
            self._note(None)

    def _keep(self) -> None:
        wait = 0.0
        with get_client(sync_client=True) as client:  # once: the run's own client counts who has it, but for one thread
            while not self._has_ended.wait(wait):
                try:
                    self.renew(client)
                    wait = self._seconds * RENEWED_SHARE
                except Exception as error:  # noqa: BLE001 - whatever it is may pass, and nobody else renews
                    logger.warning("the lease on %s could not be renewed, tried again: %s", self._name, error)
                    wait = RETRY_SECONDS

    def renew(self, client: SyncPrefectClient) -> None:
        """Renew the lease, or take one anew where it has ended.

        Raises:
            httpx.HTTPError: the server does not answer, or not as it should.
        """
        try:
            client.renew_concurrency_lease(self._lease_id, self._seconds)
        except httpx.HTTPStatusError as error:
            if error.response.status_code != HTTPStatus.GONE:
                raise
            self._take_anew(client)

    def _take_anew(self, client: SyncPrefectClient) -> None:
        lease_id = take_lease(client, self._name)
        if lease_id is None:
            logger.warning("the lease on %s has ended, and another run has the slot: this one goes on", self._name)
            return
        logger.warning("the lease on %s had ended, and was taken anew", self._name)
        self._lease_id = lease_id
        self._note(lease_id)


class FolderLock:
    """This process's hold on the publisher's slot in its data folder, while it has the lock.

    Prefect's server cannot know that a run was killed: it keeps the slot until the lease expires. The folder can. A
    run that wants the slot first takes a lock in the folder; while it holds the slot, a note beside the lock names the
    lease. If the lock is free and there is a note, its writer is dead: the kernel releases the lock however a process
    ends. This is not the folder's own lock (`pipeline.archive`), which a run does not have while it waits for it.
    """

    def __init__(self, settings: Settings, path: Path) -> None:
        self._settings = settings
        self._path = path

    def note(self, lease_id: UUID | None) -> None:
        """Write down by which lease the slot is held; None when it was given back."""
        if lease_id is None:
            self._path.unlink(missing_ok=True)
            return
        partial = self._path.with_suffix(".partial")
        partial.unlink(missing_ok=True)  # of a run that was killed
        with partial.open("x") as file:
            file.write(f"{lease_id} {name_folder(self._settings)}")
            file.flush()
            os.fsync(file.fileno())  # a power cut kills too
        partial.replace(self._path)

    def free_left(self) -> None:
        """Give back the slot that a run of this folder was killed with.

        Not yet while its crawl lives: that ends by itself, but some seconds later, and asks the publisher until then.

        Raises:
            httpx.HTTPError: the server does not answer.
        """
        lease_id = self._read()
        if lease_id and is_idle(self._settings):
            give_back(lease_id)
            self.note(None)

    def _read(self) -> UUID | None:
        """The lease that is noted; none from another folder, of which this one is a copy: its run may live."""
        try:
            lease_id, folder = self._path.read_text().split()
            return UUID(lease_id) if folder == name_folder(self._settings) else None
        except (FileNotFoundError, ValueError):
            return None


@contextmanager
def claiming(settings: Settings, name: str) -> Iterator[FolderLock | None]:
    """Hold the folder's lock for this slot within the block; None if another process of the folder has it.

    Raises:
        DataDirUnusable: the data folder cannot be written to.
    """
    with open_lock(settings, f"{name}.lock") as lock:
        yield FolderLock(settings, settings.spool_dir / f"{name}.lease") if take_lock(lock) else None


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


class WaitingRuns:
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
