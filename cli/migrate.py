"""The command `migrate`: upgrade the database of an older version."""

from schemas.printing import print_line


def migrate() -> None:
    """Upgrade the database to this version, and fill what is new in it (the search index)."""
    from cli.progress import showing_progress
    from pipeline.archive import migrate_archive
    from schemas.settings import load_settings

    with showing_progress():
        was_outdated = migrate_archive(load_settings())
    print_line("migrated" if was_outdated else "nothing to do: the database is up to date")
