"""A slot of one of Prefect's global concurrency limits, held: a lease, renewed by a thread until it is given back."""

import contextvars
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client

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
    """Within the block, the lease is kept, for so many seconds at a time; then it is given back."""
    keeper = Keeper(name, lease_id, seconds, note)
    keeper.start()
    try:
        note(lease_id)
        yield
    finally:
        keeper.end()


class Keeper:
    """Renews a lease, and gives it back.

    A renewal that fails is tried again. Where the lease has ended, because nobody reached the server for so long, the
    slot is taken anew. Has another run got it by then, this one goes on under its lease in the database, and tries
    again at each renewal: it is better to finish than to leave half a run behind.
    """

    def __init__(self, name: str, lease_id: UUID, seconds: float, note: Note) -> None:
        self._name = name
        self._lease_id = lease_id
        self._seconds = seconds
        self._note = note
        self._has_ended = threading.Event()
        # With the context: Prefect's settings are in it, and the run whose log it is.
        work = contextvars.copy_context().run
        self._thread = threading.Thread(target=work, args=(self._keep,), name=f"keeper of {name}", daemon=True)

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
