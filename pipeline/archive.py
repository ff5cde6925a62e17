"""Opens an archive: its settings, its database, and the lock for writing."""

import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from stat import S_IMODE
from typing import TextIO

from pipeline.progress import report_progress
from pipeline.reader import LIMIT_SECONDS, Reader, ReaderContext
from schemas.failure import RunFailure, UsageFailure
from schemas.process import PRIVATE_UMASK
from schemas.settings import Settings, sqlite_url
from sites import PUBLISHERS
from sites.publishers import Publishers
from storage.engine import (
    Database,
    DatabaseMissing,
    DatabaseUnreachable,
    SchemaOutdated,
    migrate_database,
    open_database,
)
from storage.redactions.scrubbing import scrub_if_due
from storage.redactions.synchronization import synchronize
from storage.warc.remote import RemoteStore, StoreUnusable
from storage.warc.store import MARKER_NAME, WarcStore

logger = logging.getLogger(__name__)

RUN_LOCK = "run.lock"
"""Held shared by the runs of sites, and exclusively by whatever else writes."""

OPENING_LOCK = "opening.lock"
"""Held while a site's run looks whether it is the only one, and finishes what was interrupted if it is."""

ORPHAN_SECONDS = 90
"""Seconds to wait for an orphaned crawl to close: longer than its slowest fetch (60 s)."""

OPENING_SECONDS = 60
"""Seconds to wait while another run opens the archive, which takes far less unless a large database is rewritten."""

LOCK_POLL_SECONDS = 0.1


class RunInProgress(RunFailure):
    """Another run is writing into this data folder."""


class DataDirUnusable(UsageFailure):
    """The data folder cannot be created or written to."""


class Archive:
    """The context of every step. A plain class, because Prefect inspects dataclasses and models passed to tasks."""

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
        """The rules by which pages are read."""
        self.warcs = WarcStore(settings.warc_dir, settings.warc_url)
        self.send_heartbeat: Callable[[], None] = skip_heartbeat
        """Called now and then during long operations; set by a run to renew its lease."""
        self.reading_seconds = reading_seconds
        """Processor time for one capture."""
        self.reader = self.make_reader()

    def make_reader(self, process_count: int | None = 1, limit_seconds: float | None = None) -> Reader:
        """Return another reader of this archive; `process_count` None means one process per core."""
        dialect = self.database.engine.dialect.name
        context = ReaderContext(self.publishers, self.warcs, self.settings.max_page_bytes, dialect)
        limit = self.reading_seconds if limit_seconds is None else limit_seconds
        return Reader(context, process_count, limit_seconds=limit, send_heartbeat=self.keep_alive)

    def keep_alive(self) -> None:
        """Renew the lease of the run that is active, if any."""
        self.send_heartbeat()

    @contextmanager
    def reading_in_parallel(self, process_count: int | None = None) -> Iterator[None]:
        """Within the block, read captures in several processes, by default one per core."""
        alone = self.reader
        with closing(self.make_reader(process_count)) as parallel:
            self.reader = parallel
            try:
                yield
            finally:
                self.reader = alone

    def close(self) -> None:
        """Close the reader and the database."""
        self.reader.close()
        self.database.close()


def skip_heartbeat() -> None:
    """Do nothing: no run is active."""


@contextmanager
def open_archive(
    settings: Settings,
    *,
    writable: bool,
    site: str | None = None,
    wait_seconds: float = 0,
    publishers: Publishers = PUBLISHERS,
    reading_seconds: float = LIMIT_SECONDS,
) -> Iterator[Archive]:
    """Open the archive of these settings; a writable one is created if needed, and locked.

    With a site, runs of other sites may have it open for writing too. If another process keeps it, wait up to
    `wait_seconds`. `reading_seconds` limits the processor time for one capture.

    Raises:
        DataDirUnusable: the data folder cannot be created or written to.
        RunInProgress: another process has it open for writing.
        StoreUnusable: the URL in the settings cannot be that of a store.
        RedactionsDamaged, RedactionsUnusable: the file of redactions cannot be read.
        DatabaseUnreachable, DatabaseMissing, SchemaOutdated: see `storage.engine`.
    """
    audit_store(settings)
    if not writable:
        with closing(Archive(settings, open_existing(settings), publishers, reading_seconds)) as archive:
            yield archive
        return
    make_folders(settings)
    locked = lock_site(settings, site, wait_seconds) if site else lock_folder(settings, wait_seconds)
    with locked as lock:
        database = open_database(settings.database_url)
        with closing(Archive(settings, database, publishers, reading_seconds)) as archive:
            if lock.is_alone:
                _finish_interrupted(archive)
            lock.admit_others()
            yield archive


def _finish_interrupted(archive: Archive) -> None:
    """Finish what killed processes left unfinished. Nothing else writes meanwhile."""
    archive.warcs.undo_interrupted_moves()
    if taken_out := synchronize(archive.database, archive.warcs):
        logger.info("redacted, as the file beside the WARC files says: %s", ", ".join(taken_out))
    if problem := scrub_if_due(archive.database):
        logger.warning("%s", problem)


def audit_store(settings: Settings) -> None:
    """Check that this installation can use the store of WARC files in the settings.

    Raises:
        StoreUnusable: its kind is unknown, a package is missing, or files were moved to a store but none is set.
    """
    note = settings.warc_dir / MARKER_NAME
    if not settings.warc_url:
        if note.exists():  # without it, all moved files would count as lost
            where = note.read_text(encoding="utf-8").strip()
            raise StoreUnusable(
                f"BROADSHEET_WARC_URL is not set, but {note} says that WARC files were moved to {where}"
            )
        return
    RemoteStore(settings.warc_url).audit()


def open_existing(settings: Settings) -> Database:
    """Open the existing database of these settings.

    Raises:
        DatabaseMissing: nothing has been stored yet.
        DatabaseUnreachable, SchemaOutdated, SchemaUnknown: see `storage.engine`.
    """
    is_in_data_dir = settings.database_url.startswith(f"{sqlite_url(settings.data_dir.absolute())}/")
    if is_in_data_dir and not settings.data_dir.exists():
        raise DatabaseMissing(f"nothing is stored yet in {settings.data_dir}")
    return open_database(settings.database_url, create=False)


def check_version(settings: Settings) -> None:
    """Check that this version can use the database, if there is one.

    Raises:
        SchemaOutdated, SchemaUnknown: see `storage.engine`.
    """
    # The first run creates a missing database; opening an unreachable one reports the error.
    with suppress(DatabaseMissing, DatabaseUnreachable):
        open_existing(settings).close()


def migrate_archive(settings: Settings) -> bool:
    """Migrate the database of an older version; return whether it was older.

    Raises:
        DataDirUnusable, RunInProgress: as `open_archive`.
        DatabaseMissing, DatabaseUnreachable, SchemaUnknown: see `storage.engine`.
    """
    try:
        open_existing(settings).close()
    except SchemaOutdated:
        make_folders(settings)
        with lock_folder(settings, wait_seconds=0):
            migrate_database(settings.database_url, partial(report_progress, "index"))
        return True
    return False


def name_crawl_lock(site: str) -> str:
    """Return the name of the lock that a site's crawl holds, also when its run has died."""
    return f"crawl-{site}.lock"


def is_crawling(settings: Settings, site: str | None = None) -> bool:
    """Return whether a crawl of the site, or of any, may write into this data folder."""
    for path in settings.spool_dir.glob(name_crawl_lock(site or "*")):
        with open_lock(settings, path.name) as lock:
            if not try_lock(lock):
                return True
    return False


OWNER_ONLY = 0o700

OTHERS = 0o007
"""Permission bits of others. Those of the group are the owner's choice."""


def make_folders(settings: Settings) -> None:
    """Create the data folder if needed, accessible to its owner only, as is everything in it.

    In an existing folder, others lose access to our files; the folder itself keeps its mode.

    Raises:
        DataDirUnusable: it cannot be created.
    """
    os.umask(PRIVATE_UMASK)  # also when used as a library
    try:
        for folder in (settings.data_dir, settings.warc_dir, settings.spool_dir):
            folder.mkdir(OWNER_ONLY, parents=True, exist_ok=True)
        for path in (*settings.own_dirs, *settings.data_dir.glob("broadsheet.db*")):
            _revoke_others(path)
    except OSError as error:
        reason = f"{error.strerror}: {error.filename}"
        raise DataDirUnusable(f"the data folder {settings.data_dir} cannot be used: {reason}") from None


def _revoke_others(path: Path) -> None:
    with suppress(FileNotFoundError, PermissionError):  # owned by another user, who has to do it
        mode = path.stat().st_mode
        if mode & OTHERS:
            path.chmod(S_IMODE(mode) & ~OTHERS)


class FolderLock:
    """The lock of a data folder for writing. The kernel releases it if the process dies."""

    def __init__(self, opening: TextIO, run: TextIO, *, is_alone: bool, is_shared: bool) -> None:
        self.is_alone = is_alone
        """Whether nothing else writes into the folder: so it stays until `admit_others`."""
        self._opening, self._run, self._is_shared = opening, run, is_shared

    def admit_others(self) -> None:
        """Let other processes open the folder: runs of other sites, if this lock is a site's."""
        if self._is_shared:
            fcntl.flock(self._run, fcntl.LOCK_SH)  # granted at once: only holders of the opening lock ask for it
        fcntl.flock(self._opening, fcntl.LOCK_UN)


@contextmanager
def lock_folder(settings: Settings, wait_seconds: float) -> Iterator[FolderLock]:
    """Lock the data folder for writing whatever it may be: nothing else writes until the end of the block.

    Raises:
        RunInProgress: another process holds the lock.
    """
    with open_lock(settings, OPENING_LOCK) as opening, open_lock(settings, RUN_LOCK) as run:
        _wait_for(opening, max(wait_seconds, OPENING_SECONDS), _describe_busy(settings))
        _wait_for(run, wait_seconds, _describe_busy(settings))
        _wait_for_orphans(settings)
        yield FolderLock(opening, run, is_alone=True, is_shared=False)


@contextmanager
def lock_site(settings: Settings, site: str, wait_seconds: float) -> Iterator[FolderLock]:
    """Lock the data folder for writing what belongs to a site; runs of other sites may write at the same time.

    Raises:
        RunInProgress: another run of the site, or a process that locked the whole folder, is writing.
    """
    with (
        open_lock(settings, f"run-{site}.lock") as own,
        open_lock(settings, OPENING_LOCK) as opening,
        open_lock(settings, RUN_LOCK) as run,
    ):
        _wait_for(own, wait_seconds, _describe_busy(settings))
        _wait_for(opening, max(wait_seconds, OPENING_SECONDS), _describe_busy(settings))
        if not (is_alone := try_lock(run)):
            _wait_for(run, wait_seconds, _describe_busy(settings), is_shared=True)
        _wait_for_orphans(settings, site)
        yield FolderLock(opening, run, is_alone=is_alone and not is_crawling(settings), is_shared=True)


def _describe_busy(settings: Settings) -> str:
    return f"another run is writing into {settings.data_dir}; wait for it to end"


def _wait_for_orphans(settings: Settings, site: str | None = None) -> None:
    """Wait for crawls of killed runs, which end by themselves, but not at once; what they still write is loaded too."""
    for path in sorted(settings.spool_dir.glob(name_crawl_lock(site or "*"))):
        with open_lock(settings, path.name) as lock:
            _wait_for(lock, ORPHAN_SECONDS, f"an orphaned crawl is still writing into {settings.data_dir}")


def open_lock(settings: Settings, name: str) -> TextIO:
    """Open a lock file in the spool.

    Raises:
        DataDirUnusable: it cannot be written to.
    """
    path = settings.spool_dir / name
    try:
        return path.open("w")
    except OSError as error:
        raise DataDirUnusable(f"the data folder {settings.data_dir} cannot be used: {error.strerror}: {path}") from None


def _wait_for(handle: TextIO, seconds: float, busy: str, *, is_shared: bool = False) -> None:
    """Acquire the lock within that time, or raise `RunInProgress` with this message."""
    deadline = time.monotonic() + seconds
    while not try_lock(handle, is_shared=is_shared):
        if time.monotonic() >= deadline:
            raise RunInProgress(busy)
        time.sleep(LOCK_POLL_SECONDS)


def try_lock(handle: TextIO, *, is_shared: bool = False) -> bool:
    """Return whether the lock on this file was acquired; it is held until the file is closed."""
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
