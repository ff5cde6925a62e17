"""Database failures in the middle of work: lost connections and damaged files."""

import logging
import math
import sqlite3
import time
from typing import Any, NoReturn

from sqlalchemy import Dialect, Engine
from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError

from schemas.failure import RunFailure

logger = logging.getLogger(__name__)

OUTAGES = (OperationalError, InterfaceError)
"""Raised when the database does not respond, is locked or full: the statement is not at fault."""

DAMAGES = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
"""SQLite's primary result codes."""

INDEX_DAMAGE = sqlite3.SQLITE_CORRUPT_VTAB
"""SQLite's extended result code for a virtual table: the search index is the only one."""

PRIMARY_BITS = 0xFF
"""Mask that reduces an extended result code to its primary one."""

COLLISION_STATES = {"40P01", "53200"}
"""PostgreSQL's SQLSTATE codes `deadlock_detected`, and `out_of_memory`: there is no room for more locks."""

TIMED_OUT_STATE = "57014"
"""PostgreSQL's SQLSTATE code `query_canceled`."""

DAMAGED_STATES = {"XX001", "XX002"}
"""PostgreSQL's SQLSTATE codes `data_corrupted` and `index_corrupted`."""

RECONNECT_SECONDS = 20.0
"""How long to keep reconnecting to a server: a restart takes about two, unless there is much to recover."""

RETRY_SECONDS = 0.5
LEAST_TIMEOUT_SECONDS = 2
"""Of one connection attempt: psycopg's minimum."""

ADVICE = "restore a backup, or move it away and rebuild it from the WARC files with `broadsheet doctor --repair`"
INDEX_ADVICE = "rebuild it with `broadsheet doctor --repair`"


class DatabaseLost(RunFailure):
    """The database went away, is locked or full; the message is one line, without a password."""


class DatabaseDamaged(DatabaseLost):
    """The database's files are corrupt: a bad disk, or a copy made while the database was written to."""


class QueryTimedOut(DatabaseLost):
    """A statement took longer than its time limit (`Database.limit_time`), and was ended."""


class RetryingConnector:
    """Connects to a server, and retries for a while if it was connected before, but only once per outage.

    A process that ends during an outage makes further queries while it shuts down, and each would wait again.
    """

    def __init__(self) -> None:
        self._is_connected = False
        """Whether the last attempt succeeded."""

    def connect(self, dialect: Dialect, _record: object, arguments: list[Any], options: dict[str, Any]) -> Any:
        """Return a driver connection (SQLAlchemy's event `do_connect`).

        Raises:
            OperationalError: the driver's; the server did not come back, or was never reached.
        """
        try:
            if self._is_connected:
                return _connect_with_retries(dialect, arguments, options)
            made = dialect.connect(*arguments, **options)
        except BaseException:
            self._is_connected = False
            raise
        self._is_connected = True
        return made


def _connect_with_retries(dialect: Dialect, arguments: list[Any], options: dict[str, Any]) -> Any:
    deadline = time.monotonic() + RECONNECT_SECONDS
    is_logged = False
    while True:
        timeout_seconds = max(LEAST_TIMEOUT_SECONDS, math.ceil(deadline - time.monotonic()))
        try:
            # A host that is down does not even refuse: without a timeout, the driver would wait for two minutes.
            return dialect.connect(*arguments, **({"connect_timeout": timeout_seconds} | options))
        except dialect.loaded_dbapi.OperationalError as error:
            if time.monotonic() > deadline:
                raise
            if not is_logged:
                message = str(error).partition("\n")[0]
                logger.warning("no connection to the database; retrying for %g s: %s", RECONNECT_SECONDS, message)
            is_logged = True
        time.sleep(RETRY_SECONDS)


def describe_damage(printable_url: str, reason: str) -> str:
    """Return one line that says what is damaged and what to do."""
    return f"{printable_url} is damaged ({reason}): {ADVICE}"


def is_outage(error: Exception) -> bool:
    """Whether any further statement would fail as well."""
    return isinstance(error, OUTAGES) or (isinstance(error, DatabaseError) and is_damage(error))


def is_collision(error: DatabaseLost) -> bool:
    """Whether other transactions at the same time are the reason."""
    return getattr(getattr(error.__cause__, "orig", None), "sqlstate", None) in COLLISION_STATES


def is_damage(error: DatabaseError) -> bool:
    """Whether the database reports that it is damaged."""
    return _code(error) & PRIMARY_BITS in DAMAGES or getattr(error.orig, "sqlstate", None) in DAMAGED_STATES


def is_timeout(error: DatabaseError | InterfaceError) -> bool:
    """Whether a statement was ended by its time limit."""
    has_state = getattr(error.orig, "sqlstate", None) == TIMED_OUT_STATE
    return has_state or getattr(error.orig, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT


def _code(error: DatabaseError) -> int:
    """Return SQLite's extended result code; 0 if there is none."""
    return getattr(error.orig, "sqlite_errorcode", 0)


def raise_outage(error: DatabaseError | InterfaceError, printable_url: str, engine: Engine) -> NoReturn:
    """Raise an error as what it says about the database.

    Raises:
        QueryTimedOut: its time limit ended the statement.
        DatabaseLost, DatabaseDamaged: an outage or damage. Any other error is raised unchanged.
    """
    if is_timeout(error):
        raise QueryTimedOut("the query took too long, and was ended") from error
    if isinstance(error, DatabaseError) and is_damage(error):
        reason = first_line(engine, error)
        is_index = _code(error) == INDEX_DAMAGE
        message = f"{printable_url}: the search index is damaged ({reason}): {INDEX_ADVICE}" if is_index else None
        raise DatabaseDamaged(message or describe_damage(printable_url, reason)) from error
    if isinstance(error, OUTAGES):
        raise DatabaseLost(f"{printable_url}: {first_line(engine, error)}") from error
    raise error


def first_line(engine: Engine, error: DatabaseError | InterfaceError) -> str:
    """Return the first line of the database's message, with the password masked."""
    password = engine.url.password
    message = str(error.orig).strip().partition("\n")[0]
    return message.replace(password, "***") if password else message
