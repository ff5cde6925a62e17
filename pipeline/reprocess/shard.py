"""Cuts the captures to be reread into shards, which the workers of a cluster read from the archive themselves.

A worker needs what any machine needs that uses this archive: Broadsheet with the same rules, and the settings that
lead to the same database and WARC files.
"""

import atexit
import secrets
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import NamedTuple

from pipeline.archive import Archive, open_archive
from pipeline.cluster import Cluster, ClusterUnusable, Installation, describe_installation
from pipeline.reprocess.comparison import attach_parts, recognize_part, reread_captures
from pipeline.reprocess.summary import Finding
from schemas.failure import Failure
from schemas.settings import load_settings
from storage.captures.capture import (
    Position,
    RereadingFilter,
    Sibling,
    iterate_rereadings,
    iterate_sections,
    list_companions,
)
from storage.runs.run import find_run, list_runs

SHARD_CAPTURES = 256
"""Captures in a shard: one to three seconds of work, against some milliseconds for sending it."""

SHARD_BYTES = 32 * 1024 * 1024
"""Bytes of records in a shard, unless one record alone has more: so a shard of large pages takes no longer."""


class ShardContext(NamedTuple):
    """What a worker must know of the run whose shards it is given."""

    id: str
    """One per run: a worker that gets another opens the archive anew."""
    installation: Installation
    last_run: str | None
    """The archive's newest run, by which a worker sees whether its settings lead to the same archive."""
    wanted: RereadingFilter


class Shard(NamedTuple):
    """Captures from one record to another (both inclusive), in WARC file order."""

    context: ShardContext
    first: Position
    last: Position


def reread_on_workers(cluster: Cluster, archive: Archive, wanted: RereadingFilter) -> Iterator[Finding]:
    """Yield what the workers read from these captures, in WARC file order.

    Raises:
        ClusterUnusable: a worker has other rules or another archive.
        Whatever `Cluster.map` raises.
    """
    for findings in cluster.map(reread_shard, cut_shards(archive, wanted)):
        yield from findings


def cut_shards(archive: Archive, wanted: RereadingFilter) -> Iterator[Shard]:
    """Yield these captures in shards, as they are needed."""
    installation = describe_installation(archive.settings.sites_dir)
    with archive.database.read() as session:
        newest = list_runs(session, 1)
        context = ShardContext(secrets.token_hex(8), installation, newest[0].id if newest else None, wanted)
        limits = {"most_captures": SHARD_CAPTURES, "most_bytes": SHARD_BYTES}
        for first, last in iterate_sections(session, wanted, **limits):
            yield Shard(context, first, last)


def reread_shard(shard: Shard) -> list[Finding]:
    """Return what the current rules read from the captures of a shard; runs on a worker of a cluster.

    Raises:
        ClusterUnusable: this worker has other rules, or its settings lead to another archive or to none.
    """
    archive, parts = _opened.get(shard.context)
    with archive.database.read() as session:
        found = iterate_rereadings(session, shard.context.wanted, within=(shard.first, shard.last))
        return list(reread_captures(archive, attach_parts(found, parts)))


class _Opened:
    """The archive that this worker has open: that of the last run. Opening it takes as long as some pages."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._context: ShardContext | None = None
        self._found: tuple[Archive, dict[str, list[Sibling]]] | None = None

    def get(self, context: ShardContext) -> tuple[Archive, dict[str, list[Sibling]]]:
        """Return the archive, and the captures of live blogs' posts by record id."""
        if self._context != context or self._found is None:
            self.close()
            try:
                self._found = self._open(context)
            except Failure as error:
                raise ClusterUnusable(f"the worker on {socket.gethostname()} cannot be used: {error}") from None
            self._context = context
        return self._found

    def _open(self, context: ShardContext) -> tuple[Archive, dict[str, list[Sibling]]]:
        settings = load_settings()
        own = describe_installation(settings.sites_dir)
        if own != context.installation:
            raise ClusterUnusable(f"it has other rules or libraries (Broadsheet {own.version}) than this machine")
        archive = self._stack.enter_context(open_archive(settings, writable=False))
        with archive.database.read() as session:
            if context.last_run and find_run(session, context.last_run) is None:
                raise ClusterUnusable(f"its settings lead to another archive, {archive.database.url}")
            return archive, list_companions(session, recognize_part)

    def close(self) -> None:
        """Close the archive, if one is open."""
        self._context = self._found = None
        with suppress(Exception):  # a database that is gone
            self._stack.close()


_opened = _Opened()
atexit.register(_opened.close)
