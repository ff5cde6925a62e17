"""What is finished moves to the store of WARC files, if there is one: at the end of each run."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

from pipeline.archive import Archive, is_crawling
from pipeline.progress import report_progress
from storage.captures.capture import list_positions
from storage.warc.cdxj import write_index
from storage.warc.remote import INDEX_SUFFIX, StoreUnreachable

WATCH_SECONDS = 20.0
"""How often a run that waits for an upload says that it lives: a file of 1 GiB may take many minutes."""


def move_files(archive: Archive, renew_lease: Callable[[], None]) -> tuple[list[str], list[str]]:
    """Have the store keep every local WARC file that is finished; what was done, and what went wrong, in sentences.

    A file that could not be moved stays, and is moved by a later run.
    """
    remote = archive.warcs.remote
    names = list_finished(archive) if remote else []
    if remote is None or not names:
        return [], []
    if is_crawling(archive.settings):
        return ["a crawl still writes: the next run moves the WARC files to the store"], []
    problems: list[str] = []
    for place, name in enumerate(names):
        report_progress("move", place, len(names))
        try:
            _move(archive, name, renew_lease)
        except StoreUnreachable as error:
            problems.append(f"{len(names) - place} WARC files stay in the data folder: {error}")
            break
        except OSError as error:  # the store has another file of this name, or the local one cannot be read
            problems.append(f"{name} stays in the data folder: {error}")
    moved_count = len(names) - len(archive.warcs.list_local().keys() & set(names))
    return [f"{moved_count} WARC files were moved to {remote.shown}"] if moved_count else [], problems


def list_finished(archive: Archive) -> list[str]:
    """The local WARC files that are in the database to their last byte, by name."""
    sizes = archive.warcs.list_local()
    with archive.database.read() as session:
        positions = list_positions(session, sizes.keys())
    return sorted(name for name, size in sizes.items() if positions.get(name) == size)


def _move(archive: Archive, name: str, renew_lease: Callable[[], None]) -> None:
    """One file. It goes in a thread of its own, so that this one can say meanwhile that the run lives."""
    index = archive.settings.index_dir / f"{name}{INDEX_SUFFIX}"
    index.parent.mkdir(exist_ok=True)
    with archive.database.read() as session:
        write_index(session, name, index)
    with ThreadPoolExecutor(1) as pool:
        moving = pool.submit(archive.warcs.move, name, index)
        while not wait([moving], WATCH_SECONDS).done:
            renew_lease()
        moving.result()
