"""Moves finished WARC files to the store, if one is set, at the end of each run."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial

from pipeline.archive import Archive, is_crawling
from pipeline.other_runs import drop_files, list_other_runs
from pipeline.progress import report_progress
from storage.captures.capture import list_positions
from storage.warc.cdxj import write_index
from storage.warc.remote import INDEX_SUFFIX, StoreUnreachable
from storage.warc.store import copy_file

WATCH_SECONDS = 20.0
"""Seconds between lease renewals while an upload runs: a file of 1 GiB may take many minutes."""


def move_files(
    archive: Archive, run_id: str, site: str | None, renew_lease: Callable[[], None]
) -> tuple[list[str], list[str]]:
    """Move every finished local WARC file to the store; return notes and problems, as sentences.

    Files of other runs that are under way stay. A file that could not be moved stays, and a later run moves it.
    """
    remote = archive.warcs.remote
    names = drop_files(list_finished(archive), list_other_runs(archive, run_id)) if remote else []
    if remote is None or not names:
        return [], []
    if is_crawling(archive.settings, site):
        return ["a crawl is still writing: the next run will move the WARC files to the store"], []
    problems: list[str] = []
    for index, name in enumerate(names):
        report_progress("move", index, len(names))
        try:
            _move_file(archive, name, renew_lease)
        except StoreUnreachable as error:
            problems.append(f"{len(names) - index} WARC files stay in the data folder: {error}")
            break
        except OSError as error:  # the store has another file of this name, or the local one cannot be read
            problems.append(f"{name} stays in the data folder: {error}")
    moved_count = len(names) - len(archive.warcs.list_local().keys() & set(names))
    return [f"{moved_count} WARC files were moved to {remote.shown}"] if moved_count else [], problems


def list_finished(archive: Archive) -> list[str]:
    """List the local WARC files that are loaded to their last byte, by name."""
    sizes = archive.warcs.list_local()
    with archive.database.read() as session:
        positions = list_positions(session, sizes.keys())
    return sorted(name for name, size in sizes.items() if positions.get(name) == size)


def _move_file(archive: Archive, name: str, renew_lease: Callable[[], None]) -> None:
    """Move one file, in another thread, so that this one can renew the lease meanwhile."""
    index = archive.settings.index_dir / f"{name}{INDEX_SUFFIX}"
    index.parent.mkdir(exist_ok=True)
    with archive.database.read() as session:
        write_index(session, name, index)
    _wait_for(partial(archive.warcs.move, name, index), renew_lease)


def copy_to_store(archive: Archive, name: str) -> None:
    """Copy a local file to the store, if one is set, so that other machines can read it; the local file stays.

    Raises:
        CopyDiffers, StoreUnreachable: as `WarcStore.move`.
    """
    path = archive.settings.warc_dir / name
    if archive.warcs.remote and path.exists():
        _wait_for(partial(copy_file, path, archive.warcs.remote, name), archive.keep_alive)


def _wait_for(upload: Callable[[], None], renew_lease: Callable[[], None]) -> None:
    with ThreadPoolExecutor(1) as pool:
        uploading = pool.submit(upload)
        while not wait([uploading], WATCH_SECONDS).done:
            renew_lease()
        uploading.result()
