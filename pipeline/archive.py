"""One archive, opened: its settings, its database, and the right to write into it."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from stat import S_IMODE
from typing import TextIO

from pipeline.progress import report_progress
from pipeline.reader import LIMIT_SECONDS, Equipment, Reader
from schemas.failure import RunFailure, UsageFailure
from schemas.process import PRIVATE_UMASK
from schemas.settings import Settings, sqlite_url
from sites import PUBLISHERS
from sites.publishers import Publishers
from storage.copying.database_copy import DatabaseCopy, copy_database
from storage.engine import (
    Database,
    DatabaseMissing,
    DatabaseUnreachable,
    SchemaOutdated,
    migrate_database,
    open_database,
)
from storage.warc.remote import RemoteStore, StoreUnusable
from storage.warc.store import MARKER_NAME, WarcStore

RUN_LOCK = "run.lock"
CRAWL_LOCK = "crawl.lock"

ORPHAN_SECONDS = 90
"""How long a crawl without its run may take to close: longer than the slowest fetch under way (60 s)."""

LOCK_POLL_SECONDS = 0.1


class RunInProgress(RunFailure):
    """Another run is writing into this data folder."""


class DataDirUnusable(UsageFailure):
    """The data folder cannot be made or written to."""


class Archive:
    """What every step needs. A plain class: Prefect looks into dataclasses and models that tasks are given."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        publishers: Publishers = PUBLISHERS,
        reading_seconds: float = LIMIT_SECONDS,
    ) -> None:
        self.settings = settings
        self.database = database
        self.publishers = publishers
        """By whose rules pages are read here."""
        self.warcs = WarcStore(settings.warc_dir, settings.warc_url)
        self.tell_alive: Callable[[], None] = report_to_nobody
        """Called now and then while something takes long: what a run says then."""
        self._reading_seconds = reading_seconds
        self.reader = self.make_reader()

    def make_reader(self, process_count: int | None = 1, limit_seconds: float | None = None) -> Reader:
        """Another reader of this archive, in so many processes; None for one for each core."""
        equipment = Equipment(self.publishers, self.warcs, self.settings.max_page_bytes)
        limit = self._reading_seconds if limit_seconds is None else limit_seconds
        return Reader(equipment, process_count, limit_seconds=limit, tell_alive=self._tell_alive)

    def _tell_alive(self) -> None:
        self.tell_alive()

    @contextmanager
    def reading_in_parallel(self, process_count: int | None = None) -> Iterator[None]:
        """Within the block, captures are read in so many processes, by default one for each core."""
        alone = self.reader
        with closing(self.make_reader(process_count)) as parallel:
            self.reader = parallel
            try:
                yield
            finally:
                self.reader = alone

    def close(self) -> None:
        """Whoever opened it has done with it."""
        self.reader.close()
        self.database.close()


def report_to_nobody() -> None:
    """No run is under way."""


@contextmanager
def open_archive(
    settings: Settings,
    *,
    writable: bool,
    patience_seconds: float = 0,
    publishers: Publishers = PUBLISHERS,
    reading_seconds: float = LIMIT_SECONDS,
) -> Iterator[Archive]:
    """The archive of these settings; a writable one is made where there is none, and locked.

    While another process has it open for writing, this one waits as long as its patience lasts. For a capture, its
    reader has so many seconds.

    Raises:
        DataDirUnusable: the data folder cannot be made or written to.
        RunInProgress: another process has it open for writing.
        StoreUnusable: there can be no store of WARC files at the URL of the settings.
        DatabaseUnreachable, DatabaseMissing, SchemaOutdated: see `storage.engine`.
    """
    audit_store(settings)
    if not writable:
        with closing(Archive(settings, open_existing(settings), publishers, reading_seconds)) as archive:
            yield archive
        return
    make_folders(settings)
    with hold_folder(settings, patience_seconds):
        database = open_database(settings.database_url)
        with closing(Archive(settings, database, publishers, reading_seconds)) as archive:
            archive.warcs.undo_interrupted_moves()
            yield archive


def audit_store(settings: Settings) -> None:
    """Nothing, if the store of WARC files that the settings name can be reached from this installation.

    Raises:
        StoreUnusable: its kind is unknown, a package is missing, or the settings name none though there is one.
    """
    note = settings.warc_dir / MARKER_NAME
    if not settings.warc_url:
        if note.exists():  # without it, all that was moved would be taken for lost
            where = note.read_text(encoding="utf-8").strip()
            raise StoreUnusable(
                f"BROADSHEET_WARC_URL is not set, but {note} says that WARC files were moved to {where}"
            )
        return
    RemoteStore(settings.warc_url).audit()


def open_existing(settings: Settings) -> Database:
    """The database of these settings, as it is.

    Raises:
        DatabaseMissing: nothing was stored yet.
        DatabaseUnreachable, SchemaOutdated, SchemaUnknown: see `storage.engine`.
    """
    is_in_data_dir = settings.database_url.startswith(f"{sqlite_url(settings.data_dir.absolute())}/")
    if is_in_data_dir and not settings.data_dir.exists():
        raise DatabaseMissing(f"nothing is stored yet in {settings.data_dir}")
    return open_database(settings.database_url, create=False)


def check_version(settings: Settings) -> None:
    """Nothing, unless there is a database that this version does not work with.

    Raises:
        SchemaOutdated, SchemaUnknown: see `storage.engine`.
    """
    # What is not there is made by the first run, and one that cannot be reached is said by whoever opens it.
    with suppress(DatabaseMissing, DatabaseUnreachable):
        open_existing(settings).close()


def migrate_archive(settings: Settings) -> bool:
    """Bring the database of an older version to this one; answers whether it was older.

    Raises:
        DataDirUnusable, RunInProgress: as `open_archive`.
        DatabaseMissing, DatabaseUnreachable, SchemaUnknown: see `storage.engine`.
    """
    try:
        open_existing(settings).close()
    except SchemaOutdated:
        make_folders(settings)
        with hold_folder(settings, patience_seconds=0):
            migrate_database(settings.database_url, partial(report_progress, "index"))
        return True
    return False


def is_crawling(settings: Settings) -> bool:
    """Whether a crawl lives that may write into this data folder; asked by whoever has the right to write."""
    with open_lock(settings, CRAWL_LOCK) as lock:
        return not take_lock(lock)


OWNER_ONLY = 0o700

OTHERS = 0o007
"""Rights of whoever is neither the owner nor in the group. The group's are the owner's choice."""


def make_folders(settings: Settings) -> None:
    """Make the data folder, where there is none: what is made is its owner's alone, and so is all that lies in it.

    Of one that is there, strangers get no more into what is ours in it. The folder itself stays as its owner made it.

    Raises:
        DataDirUnusable: it cannot be made.
    """
    os.umask(PRIVATE_UMASK)  # also of whoever uses this as a library
    try:
        for folder in (settings.data_dir, settings.warc_dir, settings.spool_dir):
            folder.mkdir(OWNER_ONLY, parents=True, exist_ok=True)
        for path in (*settings.own_dirs, *settings.data_dir.glob("broadsheet.db*")):
            _keep_others_out(path)
    except OSError as error:
        reason = f"{error.strerror}: {error.filename}"
        raise DataDirUnusable(f"the data folder {settings.data_dir} cannot be used: {reason}") from None


def _keep_others_out(path: Path) -> None:
    with suppress(FileNotFoundError, PermissionError):  # another's, who has to do it
        mode = path.stat().st_mode
        if mode & OTHERS:
            path.chmod(S_IMODE(mode) & ~OTHERS)


@contextmanager
def hold_folder(settings: Settings, patience_seconds: float) -> Iterator[None]:
    """The right to write, until the block is left; the kernel gives it back when the process dies, however it dies.

    Raises:
        RunInProgress: another process has it.
    """
    with open_lock(settings, RUN_LOCK) as run_lock, open_lock(settings, CRAWL_LOCK) as crawl_lock:
        if not _wait_for(run_lock, patience_seconds):
            raise RunInProgress(f"another run is writing into {settings.data_dir}; wait for it to end")
        # The crawl of a run that was killed ends by itself, but not at once; what it still writes is loaded too.
        if not _wait_for(crawl_lock, ORPHAN_SECONDS):
            raise RunInProgress(f"a crawl that lost its run is still writing into {settings.data_dir}")
        fcntl.flock(crawl_lock, fcntl.LOCK_UN)
        yield


def open_lock(settings: Settings, name: str) -> TextIO:
    """A file of the spool to lock.

    Raises:
        DataDirUnusable: it cannot be written to.
    """
    path = settings.spool_dir / name
    try:
        return path.open("w")
    except OSError as error:
        raise DataDirUnusable(f"the data folder {settings.data_dir} cannot be used: {error.strerror}: {path}") from None


def _wait_for(handle: TextIO, seconds: float) -> bool:
    """Whether the lock could be taken within that time."""
    deadline = time.monotonic() + seconds
    while not take_lock(handle):
        if time.monotonic() >= deadline:
            return False
        time.sleep(LOCK_POLL_SECONDS)
    return True


def take_lock(handle: TextIO) -> bool:
    """Whether the lock on this file is had now, until it is closed."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def copy_archive(settings: Settings, target_url: str) -> DatabaseCopy:
    """Copy the database of these settings, as it is now, into an empty one. The WARC files stay where they are.

    Raises:
        What `open_archive` and `copy_database` raise.
    """
    with open_archive(settings, writable=False) as archive:
        return copy_database(archive.database, target_url, report_progress)
