"""Which revision a database has, and how it comes to the newest one."""

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
    """Whether nothing was ever made in this database."""
    return not inspect(connection).get_table_names()


def audit_revision(connection: Connection, printable_url: str) -> None:
    """Nothing, if the tables are what this program works with.

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


def upgrade(connection: Connection, revision: str = "head", tell: IndexListener | None = None) -> None:
    """To a revision, within the transaction that the connection is in. The newest has its search index filled."""
    command.upgrade(_config(connection), revision)
    if revision == "head":
        index_all(Session(connection), tell)


def downgrade(connection: Connection, revision: str) -> None:
    """Back to a revision (`base` for no tables at all), within the transaction that the connection is in."""
    command.downgrade(_config(connection), revision)


def _config(connection: Connection) -> Config:
    config = Config(attributes={"connection": connection})
    # Alembic reads `%` in a path as the start of a variable.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
