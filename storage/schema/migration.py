"""Checks a database's schema revision, and migrates it.

Alembic is imported only to migrate, or to explain why a database cannot be used: loading it takes as long as a search.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, column, inspect, select, table
from sqlalchemy.orm import Session

from schemas.failure import UsageFailure
from storage.search.index import IndexListener, index_all

if TYPE_CHECKING:
    from alembic.config import Config

__all__ = ["IndexListener", "SchemaOutdated", "SchemaUnknown", "audit_revision", "downgrade", "is_empty", "upgrade"]

MIGRATIONS = Path(__file__).parent / "migrations"

VERSION_TABLE = "alembic_version"


class SchemaOutdated(UsageFailure):
    """The database has an older revision of the tables."""


class SchemaUnknown(UsageFailure):
    """The tables are not ours, or newer than this program."""


def is_empty(connection: Connection) -> bool:
    """Whether the database has no tables."""
    return not inspect(connection).get_table_names()


def find_newest_revision() -> str:
    """Return this program's revision: the name of each migration's file begins with its own."""
    return max(path.name for path in MIGRATIONS.glob("versions/[0-9]*.py")).partition("_")[0]


def audit_revision(connection: Connection, printable_url: str) -> None:
    """Check that the tables have this program's revision.

    Raises:
        SchemaOutdated: they are older.
        SchemaUnknown: they are newer, or another program's.
    """
    found = _find_revisions(connection)
    if found == {find_newest_revision()}:
        return
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(_config(connection)).walk_revisions()}
    if found and found <= known:
        raise SchemaOutdated(f"{printable_url} has an older version of the tables: run `broadsheet migrate`")
    what = "a newer version of the tables than this program knows" if found else "tables that are not ours"
    raise SchemaUnknown(f"{printable_url} has {what}")


def _find_revisions(connection: Connection) -> set[str]:
    if not inspect(connection).has_table(VERSION_TABLE):
        return set()
    return set(connection.scalars(select(column("version_num")).select_from(table(VERSION_TABLE))))


def upgrade(connection: Connection, revision: str = "head", listener: IndexListener | None = None) -> None:
    """Migrate to a revision within the connection's transaction; at the newest, fill the search index."""
    from alembic import command

    command.upgrade(_config(connection), revision)
    if revision == "head":
        index_all(Session(connection), listener)


def downgrade(connection: Connection, revision: str) -> None:
    """Migrate back to a revision (`base` for no tables) within the connection's transaction."""
    from alembic import command

    command.downgrade(_config(connection), revision)


def _config(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    # Alembic takes `%` in a path as the start of a variable.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
