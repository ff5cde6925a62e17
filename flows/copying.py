"""The archive's database, copied into another one."""

from flows.archive import open_archive
from flows.progress import tell_progress
from schemas.settings import Settings
from storage.copying import DatabaseCopy, copy_database


def copy_archive(settings: Settings, target_url: str) -> DatabaseCopy:
    """Copy the database of these settings, as it is now, into an empty one. The WARC files stay where they are.

    Raises:
        What `open_archive` and `copy_database` raise.
    """
    with open_archive(settings, writable=False) as archive:
        return copy_database(archive.database, target_url, tell_progress)
