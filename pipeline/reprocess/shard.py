"""Cuts the captures to be reread into shards, which the workers of a cluster read from the archive themselves."""

from collections.abc import Iterator
from socket import gethostname
from typing import NamedTuple

from pipeline.archive import Archive
from pipeline.cluster import Cluster
from pipeline.reprocess.comparison import STORE, attach_parts, recognize_part, reread_captures
from pipeline.reprocess.summary import Finding
from pipeline.worker_archive import WorkerContext, describe_context, open_on_worker, refuse_worker
from storage.captures.capture import (
    Position,
    RereadingFilter,
    Sibling,
    iterate_rereadings,
    iterate_sections,
    list_companions,
)

SHARD_CAPTURES = 256
"""Captures in a shard: one to three seconds of work, against some milliseconds for sending it."""

SHARD_BYTES = 32 * 1024 * 1024
"""Bytes of records in a shard, unless one record alone has more: so a shard of large pages takes no longer."""


class Shard(NamedTuple):
    """Captures from one record to another (both inclusive), in WARC file order."""

    context: WorkerContext
    wanted: RereadingFilter
    first: Position
    last: Position


class ShardRead(NamedTuple):
    """What a worker read from a shard."""

    shard: Shard
    host: str
    """The worker's machine."""
    findings: list[Finding]


def reread_on_workers(cluster: Cluster, archive: Archive, wanted: RereadingFilter) -> Iterator[Finding]:
    """Yield what the workers read from these captures, in WARC file order.

    Raises:
        ClusterUnusable: a worker has other rules or another archive, or cannot read a WARC file that can be read here.
        Whatever `Cluster.map` raises.
    """
    for read in cluster.map(reread_shard, cut_shards(archive, wanted)):
        _refuse_unable_worker(archive, read)
        yield from read.findings


def _refuse_unable_worker(archive: Archive, read: ShardRead) -> None:
    """Raise if a worker could not read a file that can be read here: the archive has not lost it, but it would say so.

    A store that did not respond is left to the report: it may have been down for a moment.
    """
    failures = {one.unopened for one in read.findings if one.unopened and one.unopened[0] != STORE}
    if not failures:
        return
    own = {one.unopened[0] for one in _reread(archive, read.shard) if one.unopened}
    for what, why in sorted(failures):
        if what not in own:
            raise refuse_worker(f"it cannot read {what}: {why}", read.host)


def cut_shards(archive: Archive, wanted: RereadingFilter) -> Iterator[Shard]:
    """Yield these captures in shards, as they are needed."""
    context = describe_context(archive)
    limits = {"most_captures": SHARD_CAPTURES, "most_bytes": SHARD_BYTES}
    with archive.database.read() as session:
        for first, last in iterate_sections(session, wanted, **limits):
            yield Shard(context, wanted, first, last)


def reread_shard(shard: Shard) -> ShardRead:
    """Return what the current rules read from the captures of a shard; runs on a worker of a cluster.

    Raises:
        ClusterUnusable: this worker has other rules, or its settings lead to another archive or to none.
    """
    return ShardRead(shard, gethostname(), _reread(open_on_worker(shard.context), shard))


def _reread(archive: Archive, shard: Shard) -> list[Finding]:
    parts = _parts.get(shard.context, archive)
    with archive.database.read() as session:
        found = iterate_rereadings(session, shard.wanted, within=(shard.first, shard.last))
        return list(reread_captures(archive, attach_parts(found, parts)))


class _Parts:
    """The captures of live blogs' posts by record id, as this process found them for the last run."""

    def __init__(self) -> None:
        self._context: WorkerContext | None = None
        self._found: dict[str, list[Sibling]] = {}

    def get(self, context: WorkerContext, archive: Archive) -> dict[str, list[Sibling]]:
        if self._context != context:
            with archive.database.read() as session:
                self._found = list_companions(session, recognize_part)
            self._context = context
        return self._found


_parts = _Parts()
