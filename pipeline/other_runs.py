"""Finds what belongs to the runs of other sites that are under way: their WARC files and logs are theirs alone."""

from collections.abc import Collection, Iterable

from pipeline.archive import Archive
from storage.runs.run import list_running

RUN_ID_LENGTH = 6
"""Characters of a run's id in the names of its WARC files (`spiders.warc`)."""


def mark_files(run_id: str) -> str:
    """Return the part of their names that a run's WARC files have in common."""
    return f"-{run_id[-RUN_ID_LENGTH:]}-"


def list_other_runs(archive: Archive, run_id: str | None) -> set[str]:
    """Return the ids of all runs that are under way but this one.

    Ask after listing files: a run is in the database before it writes its first file.
    """
    with archive.database.read() as session:
        return set(list_running(session)) - {run_id or ""}


def drop_files(names: Iterable[str], run_ids: Collection[str]) -> list[str]:
    """Return the names of WARC files without those of these runs."""
    marks = [mark_files(run_id) for run_id in run_ids]
    return [name for name in names if not any(mark in name for mark in marks)]
