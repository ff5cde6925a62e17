"""Opens and checks a database, and runs its transactions."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DatabaseError, InterfaceError
from sqlalchemy.orm import Session

import storage.near_duplicates.lsh_index
import storage.redactions.table
import storage.search.table  # noqa: F401 - all three, so that an open database knows all its tables
from schemas.failure import UsageFailure
from schemas.masking import mask_secrets
from schemas.settings import URL_CODES
from storage.bulk import audit_stream, end_stream
from storage.locks import WRITER_LOCK
from storage.outage import (
    ADVICE,
    DatabaseDamaged,
    DatabaseLost,
    RetryingConnector,
    first_line,
    is_damage,
    raise_outage,
)
from storage.read_only import seal_sqlite
from storage.schema import migration
from storage.schema.migration import SchemaOutdated, SchemaUnknown
from storage.time_limit import TIME_LIMIT, limit_postgresql, limit_sqlite

__all__ = [
    "Database",
    "DatabaseDamaged",
    "DatabaseFilled",
    "DatabaseLost",
    "DatabaseMissing",
    "DatabaseUnreachable",
    "SchemaOutdated",
    "SchemaUnknown",
    "Session",
    "open_database",
    "open_empty",
]

BUSY_TIMEOUT_MS = 30_000
"""How long a writer waits for the lock. A batch takes under a second to write, so this covers many in a row."""

RETRY_SECONDS = 0.01
"""Between attempts to set a new file's journal mode, which takes about a millisecond."""

JOURNALS = ("-wal", "-journal")
"""Suffixes of SQLite's journals beside a database file: a stale one would be applied to a new file of that name."""

FILE_SUFFIXES = ("", "-shm", *JOURNALS)
"""Suffixes of all the files that make up one SQLite database."""

CACHE_KIB = 16 * 1024
"""Holds the upper index pages of a large archive and the pages every batch writes; SQLite's default is 2 MB."""

READER_CACHE_KIB = 4 * 1024
"""The same where nothing is written: the system's own cache serves as well, and a server has eight connections."""

CHECKPOINT_PAGES = 8_192
"""Pages of 4 kB per checkpoint: several batches share one, so that a page they all change is copied once. A batch of
250 articles changes 1,000 pages of a small archive, 1,600 of a large one; SQLite's default is 1,000."""

ENCODING = "UTF8"
"""The server encoding that is required, as PostgreSQL names it."""

WRITES = "broadsheet_writes"
"""Execution option that marks a writing transaction."""

PARALLEL = "broadsheet_parallel"
"""Execution option that marks a writing transaction beside which others write."""

DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


class DatabaseUnreachable(UsageFailure):
    """The database cannot be reached; the message is one line, without a password."""


class DatabaseFilled(UsageFailure):
    """The database must be empty, and is not."""


class DatabaseMissing(UsageFailure):
    """Nothing has been stored at this URL yet."""


@dataclass(frozen=True, slots=True)
class Database:
    """An open database."""

    engine: Engine
    url: str
    """Without the password."""

    @contextmanager
    def begin(self, *, is_parallel: bool = False) -> Iterator[Session]:
        """Open a writing transaction; an exception rolls it back.

        There is one at a time, except for several with `is_parallel`, on PostgreSQL: these keep out of each other's way
        by themselves (`storage.ledger.parallel`).

        Raises:
            DatabaseLost: it stopped responding, stayed locked for longer than `BUSY_TIMEOUT_MS`, or is full.
            DatabaseDamaged: its files are corrupt.
        """
        with (
            self._outages_translated(),
            Session(self.engine.execution_options(**{WRITES: True, PARALLEL: is_parallel})) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a reading transaction, which neither waits for a writer nor blocks one.

        Raises:
            DatabaseLost, DatabaseDamaged: as `begin`.
        """
        with self._outages_translated(), Session(self.engine) as session:
            yield session

    @contextmanager
    def read_snapshot(self) -> Iterator[Session]:
        """Open a reading transaction in which all statements see the same snapshot.

        Raises:
            DatabaseLost, DatabaseDamaged: as `begin`.
        """
        with self.read() as session:
            if self.engine.dialect.name == "postgresql":  # on SQLite, every transaction reads a snapshot
                session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            yield session

    def limit_time(self, seconds: float) -> "Database":
        """Return the same database, whose transactions raise `QueryTimedOut` when they take longer.

        The time is that of a statement on PostgreSQL, and of the whole transaction on SQLite.
        """
        return replace(self, engine=self.engine.execution_options(**{TIME_LIMIT: seconds}))

    @contextmanager
    def _outages_translated(self) -> Iterator[None]:
        try:
            yield
        except (DatabaseError, InterfaceError) as error:
            raise_outage(error, self.url, self.engine)

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


def open_database(url: str, *, create: bool = True) -> Database:
    """Open a database whose tables have this program's version; with `create`, make the tables of an empty one.

    Raises:
        DatabaseUnreachable: the URL is wrong, or no usable database responds there.
        DatabaseMissing: it does not exist or is empty, and `create` is off.
        SchemaOutdated: it must be migrated first.
        SchemaUnknown: its tables are newer, or not ours.
    """
    database = _connect(url, create=create)
    try:
        _prepare(database, create=create)
    except BaseException:
        database.close()
        raise
    return database


def open_empty(url: str) -> Database:
    """Open a database that has no tables yet.

    Raises:
        DatabaseUnreachable: as `open_database`.
        DatabaseFilled: it has tables.
    """
    database = _connect(url, create=True)
    try:
        with _reachable(database), database.engine.connect() as connection:
            empty = migration.is_empty(connection)
    except BaseException:
        database.close()
        raise
    if not empty:
        database.close()
        raise DatabaseFilled(f"{database.url} is not empty")
    return database


def migrate_database(url: str, listener: migration.IndexListener | None = None) -> None:
    """Migrate the tables to this program's version, if needed; the listener gets the progress of indexing.

    Raises:
        DatabaseUnreachable: as `open_database`.
        SchemaUnknown: as `open_database`.
    """
    database = _connect(url, create=True)
    try:
        with _writing(database) as connection:
            try:
                if not migration.is_empty(connection):
                    migration.audit_revision(connection, database.url)
            except SchemaOutdated:
                pass
            migration.upgrade(connection, listener=listener)
    finally:
        database.close()


def _prepare(database: Database, *, create: bool) -> None:
    with _reachable(database), database.engine.connect() as connection:
        empty = migration.is_empty(connection)
    if empty and not create:
        raise DatabaseMissing(f"nothing is stored yet at {database.url}")
    if not create:
        with _reachable(database), database.engine.connect() as connection:
            migration.audit_revision(connection, database.url)
        return
    with _writing(database) as connection:
        # Checked again with the lock held: another process may just have made the tables.
        if migration.is_empty(connection):
            migration.upgrade(connection)
        migration.audit_revision(connection, database.url)


@contextmanager
def _writing(database: Database) -> Iterator[Connection]:
    with _reachable(database):
        engine = database.engine.execution_options(**{WRITES: True})
        with engine.begin() as connection:
            yield connection


@contextmanager
def _reachable(database: Database) -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        reason = first_line(database.engine, error)
        raise DatabaseUnreachable(f"{database.url}: {reason}{f'; {ADVICE}' if is_damage(error) else ''}") from None


def _connect(url: str, *, create: bool) -> Database:
    parsed, sealed = parse_url(url), None
    if parsed.get_backend_name() == "sqlite":
        audit_sqlite_path(parsed, create=create)
        sealed = None if create else seal_sqlite(parsed)
    try:
        # With `pool_pre_ping`, a connection that was idle while the server restarted is replaced: the run goes on.
        engine = create_engine((sealed or parsed).set(drivername=DRIVERS[parsed.drivername]), pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise DatabaseUnreachable(
            f"{printable_url(parsed)} needs the package {error.name}, which is not installed"
        ) from None
    if engine.dialect.name == "sqlite":
        cache_kib = CACHE_KIB if create else READER_CACHE_KIB
        event.listen(engine, "connect", partial(_set_up_sqlite, is_sealed=sealed is not None, cache_kib=cache_kib))
        event.listen(engine, "begin", _begin_sqlite)
    else:
        # First: with an unusable encoding, not even the server's version can be read.
        event.listen(engine, "connect", partial(_audit_encoding, printable_url(parsed)), insert=True)
        event.listen(engine, "do_connect", RetryingConnector().connect)
        event.listen(engine, "begin", _begin_postgresql)
        event.listen(engine, "commit", audit_stream)
        event.listen(engine, "rollback", end_stream)
    return Database(engine, printable_url(parsed))


def printable_url(url: URL) -> str:
    """Return the URL as users write it, with its password masked."""
    return mask_secrets(_encode(url).render_as_string(hide_password=True))


def render_url(url: URL) -> str:
    """Return the URL as users write it, with its password."""
    return _encode(url).render_as_string(hide_password=False)


def _encode(url: URL) -> URL:
    return url.set(database=url.database.translate(URL_CODES)) if url.database else url


def parse_url(url: str) -> URL:
    """Parse the URL of a SQLite or PostgreSQL database.

    Raises:
        DatabaseUnreachable: it is not such a URL.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The URL is not quoted: a mistyped one may contain a password.
        raise DatabaseUnreachable("the database URL is not a URL such as sqlite:////path/to/file.db") from None
    if parsed.drivername not in DRIVERS:
        raise DatabaseUnreachable(f"{parsed.drivername} is not a supported kind of database; sqlite and postgresql are")
    if parsed.get_backend_name() == "sqlite" and "?" in url:  # what follows would be ignored
        raise DatabaseUnreachable(
            f"{mask_secrets(url)}: options are not supported; a ? in a file's name is written %3F"
        )
    return parsed.set(database=unquote(parsed.database)) if parsed.database else parsed  # SQLAlchemy leaves it encoded


def audit_sqlite_path(url: URL, *, create: bool) -> None:
    """Validate the path of a SQLite database.

    Raises:
        DatabaseUnreachable: no database file can be at this path.
        DatabaseMissing: there is no file, and `create` is off.
    """
    if not url.database or url.database == ":memory:":
        raise DatabaseUnreachable(
            "an in-memory database is lost on exit: name a file, as in sqlite:////path/to/file.db"
        )
    path = Path(url.database)
    try:
        if not path.parent.is_dir():
            raise DatabaseUnreachable(f"{printable_url(url)}: there is no directory {path.parent}")
        if path.exists() and not path.is_file():
            raise DatabaseUnreachable(f"{printable_url(url)}: {path} is not a file")
        if not create and not path.exists():
            raise DatabaseMissing(f"nothing is stored yet at {printable_url(url)}")
    except OSError as error:
        raise DatabaseUnreachable(f"{printable_url(url)}: {error.strerror}") from None


def _set_up_sqlite(connection: Any, _record: object, *, is_sealed: bool, cache_kib: int) -> None:
    # The driver begins a transaction only at the first write, too late for a snapshot or a lock; `_begin_sqlite` does.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    if not is_sealed:
        _enable_write_ahead_log(cursor)
    # No fsync per transaction: a killed process loses nothing, and what a power cut loses is still in the WARC files.
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute(f"PRAGMA cache_size = -{cache_kib}")
    cursor.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    cursor.close()


def _enable_write_ahead_log(cursor: sqlite3.Cursor) -> None:
    """Set WAL mode, in which readers and one writer work at the same time.

    Retries: while another process sets it on a new file, SQLite ignores its busy timeout and fails at once.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1e3
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(RETRY_SECONDS)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads and then writes fails at once instead of waiting for the lock: writers acquire it first.
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
    limit_sqlite(connection)


def _audit_encoding(shown: str, connection: Any, _record: object) -> None:
    found = connection.info.parameter_status("server_encoding")
    if found != ENCODING:
        raise DatabaseUnreachable(f"{shown} has the encoding {found}, but {ENCODING} is required to store every text")


def _begin_postgresql(connection: Connection) -> None:
    # As on SQLite, one writer at a time: what a batch has looked up is still true when it is written.
    options = connection.get_execution_options()
    if options.get(WRITES, False):
        suffix = "_shared" if options.get(PARALLEL, False) else ""
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock{suffix}({WRITER_LOCK})")
    limit_postgresql(connection)
