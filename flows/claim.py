"""A data folder's claim to a publisher's slot: held by one process at a time, and left behind by one that was killed.

Prefect's server cannot know that a run was killed: it keeps the slot until the lease ends. The folder can. Whoever
wants the slot takes a lock in the folder first and, while the slot is held, a note beside it says by which lease.
When the lock can be taken and there is a note, its writer is dead: the kernel gives the lock back however a process
ends. The lock is not the folder's own (`flows.archive`), which a live holder does not have yet while it waits for it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from flows.archive import is_idle, open_lock, take_lock
from flows.holding import give_back
from flows.run import name_folder
from schemas.settings import Settings


class Claim:
    """The claim of this process, while it has the lock."""

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
def claiming(settings: Settings, name: str) -> Iterator[Claim | None]:
    """The claim to the slot of this name, until the block is left; None while another process of the folder has it.

    Raises:
        DataDirUnusable: the data folder cannot be written to.
    """
    with open_lock(settings, f"{name}.lock") as lock:
        yield Claim(settings, settings.spool_dir / f"{name}.lease") if take_lock(lock) else None
