"""What becomes of a database in the middle of something: it goes away, or what lies in it is not what was written."""

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
"""The database does not answer, is locked or full: that is no fault of what was asked of it."""

DAMAGES = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
"""SQLite's primary result codes."""

INDEX_DAMAGE = sqlite3.SQLITE_CORRUPT_VTAB
"""Its code for a virtual table: the search index is the only one."""

PRIMARY_BITS = 0xFF
"""Of an extended result code, what is left of it as a primary one."""

DAMAGED_STATES = {"XX001", "XX002"}
"""PostgreSQL's: `data_corrupted`, `index_corrupted`."""

RETURN_SECONDS = 20.0
"""How long a server that was there is waited for: it restarts in some two, unless it has much to recover."""

RETRY_SECONDS = 0.5
LEAST_TIMEOUT_SECONDS = 2
"""Of an attempt: psycopg's own least."""

ADVICE = "restore a backup, or put it aside and have `broadsheet doctor --repair` make it anew from the WARC files"
INDEX_ADVICE = "`broadsheet doctor --repair` makes that anew"


class DatabaseLost(RunFailure):
    """It went away, is locked or full, in the middle of something; the message is one line, without a password."""


class DatabaseDamaged(DatabaseLost):
    """Its files are not as they were written: a bad disk, a copy that was made while it was written to."""


class PatientConnector:
    """Connects to a server; once it was there, waits for it to come back, but once an outage.

    Whoever ends because of an outage, or is told to end in the middle of it, asks for more on the way out, and would
    wait anew for each of it.
    """

    def __init__(self) -> None:
        self._is_there = False
        """As far as the last attempt tells."""

    def connect(self, dialect: Dialect, _record: object, arguments: list[Any], options: dict[str, Any]) -> Any:
        """A connection of the driver's (SQLAlchemy's event `do_connect`).

        Raises:
            OperationalError of the driver's: it does not come back, or never was there.
        """
        try:
            if self._is_there:
                return _connect_patiently(dialect, arguments, options)
            made = dialect.connect(*arguments, **options)
        except BaseException:
            self._is_there = False
            raise
        self._is_there = True
        return made


def _connect_patiently(dialect: Dialect, arguments: list[Any], options: dict[str, Any]) -> Any:
    deadline = time.monotonic() + RETURN_SECONDS
    is_told = False
    while True:
        left = max(LEAST_TIMEOUT_SECONDS, math.ceil(deadline - time.monotonic()))
        try:
            # A host that is gone does not even refuse: the driver would wait for two minutes.
            return dialect.connect(*arguments, **({"connect_timeout": left} | options))
        except dialect.loaded_dbapi.OperationalError as error:
            if time.monotonic() > deadline:
                raise
            if not is_told:
                said = str(error).partition("\n")[0]
                logger.warning("no connection to the database; it is waited for (%g s): %s", RETURN_SECONDS, said)
            is_told = True
        time.sleep(RETRY_SECONDS)


def describe_damage(printable_url: str, said: str) -> str:
    """One line, with what to do."""
    return f"{printable_url} is damaged ({said}): {ADVICE}"


def is_outage(error: Exception) -> bool:
    """Whether whatever is asked next would fail as well."""
    return isinstance(error, OUTAGES) or (isinstance(error, DatabaseError) and is_damage(error))


def is_damage(error: DatabaseError) -> bool:
    """Whether the database says that it is damaged."""
    return _code(error) & PRIMARY_BITS in DAMAGES or getattr(error.orig, "sqlstate", None) in DAMAGED_STATES


def _code(error: DatabaseError) -> int:
    """SQLite's extended result code; 0 without one."""
    return getattr(error.orig, "sqlite_errorcode", 0)


def raise_outage(error: DatabaseError | InterfaceError, printable_url: str, engine: Engine) -> NoReturn:
    """As a fact about the database.

    Raises:
        DatabaseLost, DatabaseDamaged: what it is; the error itself, where it is about what was asked.
    """
    if isinstance(error, DatabaseError) and is_damage(error):
        said = first_line(engine, error)
        is_index = _code(error) == INDEX_DAMAGE
        message = f"{printable_url}: the search index is damaged ({said}): {INDEX_ADVICE}" if is_index else None
        raise DatabaseDamaged(message or describe_damage(printable_url, said)) from error
    if isinstance(error, OUTAGES):
        raise DatabaseLost(f"{printable_url}: {first_line(engine, error)}") from error
    raise error


def first_line(engine: Engine, error: DatabaseError | InterfaceError) -> str:
    """What the database said, without the password."""
    password = engine.url.password
    said = str(error.orig).strip().partition("\n")[0]
    return said.replace(password, "***") if password else said
