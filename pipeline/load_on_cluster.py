"""Loads WARC files whose sections the workers of a cluster read, by the references of their captures.

The command cuts the sections and stores what was read, in the order of the files, as one process would.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from pipeline.archive import Archive
from pipeline.cluster import Cluster, ClusterUnusable
from pipeline.interpret import fail_capture
from pipeline.load import LoadedBatch, store_section
from pipeline.offload import copy_to_store
from pipeline.reader import GROUP_COUNT, Page, ReaderContext, read_pages
from pipeline.section import SectionEnd, SectionRead, complete_pages, cut_section, may_need_others
from pipeline.step_time import Step, StepTimes
from pipeline.worker_archive import WorkerContext, describe_context, open_on_worker, refuse_worker
from schemas.capture import Capture, CaptureRef
from schemas.outcome import Outcome
from storage.captures.capture import find_position
from storage.warc.capture import CaptureCorrupt, CaptureTruncated, NotAWarc, read_capture
from storage.warc.remote import StoreUnreachable
from storage.warc.store import CopyDiffers, WarcStore


class Wanted(NamedTuple):
    """A capture to be read."""

    ref: CaptureRef
    fetched_at: datetime
    """As the command gives it: not in the future."""


class Shard(NamedTuple):
    """A section of a WARC file."""

    context: WorkerContext
    end: SectionEnd
    wanted: tuple[Wanted, ...]


class Failed(NamedTuple):
    """Takes the place of a section that cannot be read, or not now: what has been read before it is stored first."""

    name: str
    error: NotAWarc | StoreUnreachable


class ClusterLoader:
    """Loads these files in this order, while the workers read ahead. The files are copied to the store, if one is set.

    A section counts as read when it is stored; what a worker has read when the command ends is read again.
    """

    def __init__(self, cluster: Cluster, archive: Archive, names: Sequence[str]) -> None:
        context = describe_context(archive)
        self._found = cluster.map(read_on_worker, _cut_all(archive, context, names))

    def __call__(self, archive: Archive, run_id: str, name: str) -> LoadedBatch:
        """Store the next section, which must be this file's.

        Raises:
            NotAWarc, StoreUnreachable: as `read_section`.
            ClusterUnusable: a worker cannot read the file, has other rules or another archive.
            Whatever `Cluster.map` raises.
        """
        waits = StepTimes()
        with waits.measuring(Step.READING):
            found = next(self._found)
        if isinstance(found, Failed):
            raise found.error
        if found.end.name != name:
            raise AssertionError(f"{name} was to be loaded, but {found.end.name} was read")
        return store_section(archive, run_id, found, waits)


def _cut_all(archive: Archive, context: WorkerContext, names: Sequence[str]) -> Iterator[Shard | Failed]:
    for name in names:
        try:
            copy_to_store(archive, name)
            yield from _cut(archive, context, name)
        except CopyDiffers as error:
            raise ClusterUnusable(str(error)) from None
        except (NotAWarc, StoreUnreachable) as error:
            yield Failed(name, error)


def _cut(archive: Archive, context: WorkerContext, name: str) -> Iterator[Shard]:
    with archive.database.read() as session:
        position = find_position(session, name)
    is_last = False
    while not is_last:
        captured, end = cut_section(archive, name, position)
        yield Shard(context, end, tuple(Wanted(one.ref, one.fetched_at) for one in captured))
        position, is_last = end.position, end.is_last


def read_on_worker(shard: Shard | Failed) -> SectionRead | Failed:
    """Read the captures of a section; runs on a worker of a cluster.

    Raises:
        ClusterUnusable: this worker cannot read the file, has other rules or another archive.
    """
    if isinstance(shard, Failed):
        return shard
    archive = open_on_worker(shard.context)
    try:
        fail = partial(_fail_capture, archive)
        found = list(archive.reader.read_each(_read_wanted, shard.wanted, fail, GROUP_COUNT))
        outcomes = [outcome for outcome, _ in found]
        related = [(index, capture) for index, (_, capture) in enumerate(found) if capture]
        return SectionRead(shard.end, outcomes, complete_pages(related, outcomes, archive.reader))
    except StoreUnreachable as error:
        return Failed(shard.end.name, error)
    except (CaptureCorrupt, CaptureTruncated, NotAWarc) as error:
        raise refuse_worker(f"its {shard.end.name} is another one: {error}") from None
    except OSError as error:
        raise refuse_worker(f"it cannot read {shard.end.name}: {error.strerror or error}") from None


def _read_wanted(context: ReaderContext, wanted: Sequence[Wanted]) -> Iterator[tuple[Outcome, Capture | None]]:
    """Yield the outcome of each capture, and those captures that others belong to; runs in a reading process."""
    warcs = context.warcs
    assert warcs  # noqa: S101 - for mypy: an archive's reader has them
    near = warcs.prefetch([one.ref for one in wanted])
    for one in wanted:
        capture = _read_capture(near, one, context.max_page_bytes)
        [outcome] = read_pages(context, [Page(capture)])
        yield outcome, capture if may_need_others(capture, outcome) else None


def _read_capture(warcs: WarcStore, one: Wanted, max_page_bytes: int) -> Capture:
    return read_capture(one.ref, warcs, max_page_bytes).model_copy(update={"fetched_at": one.fetched_at})


def _fail_capture(archive: Archive, one: Wanted, reason: str) -> tuple[Outcome, None]:
    return fail_capture(_read_capture(archive.warcs, one, archive.settings.max_page_bytes), reason), None
