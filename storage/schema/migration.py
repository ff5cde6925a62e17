"""Checks a database's schema revision, and migrates it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.orm import Session

from schemas.failure import UsageFailure
from storage.search.index import IndexListener, index_all

__all__ = ["IndexListener", "SchemaOutdated", "SchemaUnknown", "audit_revision", "downgrade", "is_empty", "upgrade"]

MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaOutdated(UsageFailure):
    """The database has an older revision of the tables."""


class SchemaUnknown(UsageFailure):
    """The tables are not ours, or newer than this program."""


def is_empty(connection: Connection) -> bool:
    """Whether the database has no tables."""
    return not inspect(connection).get_table_names()


def audit_revision(connection: Connection, printable_url: str) -> None:
    """Check that the tables have this program's revision.

    Raises:
        SchemaOutdated: they are older.
        SchemaUnknown: they are newer, or another program's.
    """
    found = MigrationContext.configure(connection).get_current_heads()
    scripts = ScriptDirectory.from_config(_config(connection))
    if found == tuple(scripts.get_heads()):
        return
    known = {script.revision for script in scripts.walk_revisions()}
    if found and set(found) <= known:
        raise SchemaOutdated(f"{printable_url} has an older version of the tables: run `broadsheet migrate`")
    what = "a newer version of the tables than this program knows" if found else "tables that are not ours"
    raise SchemaUnknown(f"{printable_url} has {what}")


def upgrade(connection: Connection, revision: str = "head", listener: IndexListener | None = None) -> None:
    """Migrate to a revision within the connection's transaction; at the newest, fill the search index."""
    command.upgrade(_config(connection), revision)
    if revision == "head":
        index_all(Session(connection), listener)


def downgrade(connection: Connection, revision: str) -> None:
    """Migrate back to a revision (`base` for no tables) within the connection's transaction."""
    command.downgrade(_config(connection), revision)


def _config(connection: Connection) -> Config:
    config = Config(attributes={"connection": connection})
    # Alembic takes `%` in a path as the start of a variable.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
