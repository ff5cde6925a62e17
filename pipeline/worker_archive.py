"""The archive as a worker of a cluster opens it: by its own settings, after a check that they lead to the same one.

A worker needs what any machine needs that uses this archive: Broadsheet with the same rules, and the settings that
lead to the same database and WARC files.
"""

import atexit
import secrets
import socket
from contextlib import ExitStack, suppress
from typing import NamedTuple

from pipeline.archive import Archive, open_archive
from pipeline.cluster import ClusterUnusable, Installation, describe_installation
from schemas.failure import Failure
from schemas.settings import load_settings
from storage.runs.run import find_run, list_runs


class WorkerContext(NamedTuple):
    """What a worker must know of the run whose shards it is given."""

    id: str
    """One per run: a worker that gets another opens the archive anew."""
    installation: Installation
    last_run: str | None
    """The archive's newest run, by which a worker sees whether its settings lead to the same archive."""
    max_page_bytes: int
    """The command's own limit: with another, a page would be read differently."""
    reading_seconds: float
    """Processor time for one capture."""


def describe_context(archive: Archive) -> WorkerContext:
    """Describe what workers must agree with to read for this archive."""
    with archive.database.read() as session:
        newest = list_runs(session, 1)
    return WorkerContext(
        secrets.token_hex(8),
        describe_installation(archive.settings.sites_dir),
        newest[0].id if newest else None,
        archive.settings.max_page_bytes,
        archive.reading_seconds,
    )


def open_on_worker(context: WorkerContext) -> Archive:
    """Return the archive of this worker's settings, which stays open until another run's is asked for.

    Raises:
        ClusterUnusable: this worker has other rules, or its settings lead to another archive or to none.
    """
    return _opened.get(context)


def refuse_worker(reason: object, host: str | None = None) -> ClusterUnusable:
    """Return the error that the worker on this machine cannot be used; by default, the one that this code runs on."""
    return ClusterUnusable(f"the worker on {host or socket.gethostname()} cannot be used: {reason}")


class _Opened:
    """The archive that this worker has open: that of the last run. Opening it takes as long as some pages."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._context: WorkerContext | None = None
        self._archive: Archive | None = None

    def get(self, context: WorkerContext) -> Archive:
        if self._context != context or self._archive is None:
            self.close()
            try:
                self._archive = self._open(context)
            except Failure as error:
                raise refuse_worker(error) from None
            self._context = context
        return self._archive

    def _open(self, context: WorkerContext) -> Archive:
        settings = load_settings().model_copy(update={"max_page_bytes": context.max_page_bytes})
        own = describe_installation(settings.sites_dir)
        if own != context.installation:
            raise ClusterUnusable(
                f"it has other rules or libraries (Broadsheet {own.version}) than this machine;"
                " if they are the same by now, start it again: it keeps those that it first read with"
            )
        opening = open_archive(settings, writable=False, reading_seconds=context.reading_seconds)
        archive = self._stack.enter_context(opening)
        with archive.database.read() as session:
            if context.last_run and find_run(session, context.last_run) is None:
                raise ClusterUnusable(f"its settings lead to another archive, {archive.database.url}")
        return archive

    def close(self) -> None:
        """Close the archive, if one is open."""
        self._context = self._archive = None
        with suppress(Exception):  # a database that is gone
            self._stack.close()


_opened = _Opened()
atexit.register(_opened.close)
