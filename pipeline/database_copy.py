"""Copies the archive's database into another one. Apart from `pipeline.archive`, because it needs both drivers."""

from pipeline.archive import open_archive
from pipeline.progress import report_progress
from schemas.settings import Settings
from storage.copying.database_copy import DatabaseCopy, copy_database


def copy_archive(settings: Settings, target_url: str) -> DatabaseCopy:
    """Copy the current database of these settings into an empty one; the WARC files stay in place.

    Raises:
        Whatever `open_archive` and `copy_database` raise.
    """
    with open_archive(settings, writable=False) as archive:
        return copy_database(archive.database, target_url, report_progress)
