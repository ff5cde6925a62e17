"""Rewrite the database's files, in which deleted rows would otherwise stay until their place is needed."""

import sqlite3
from contextlib import closing
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from storage.engine import Database
from storage.redactions.table import RedactionRow

WAIT_SECONDS = 30
"""How long to wait for others that read or write: as long as for a lock elsewhere."""

TABLES = ("article", "revision", "search", "search_word", "sighting", "quarantine", "run", "validator")
"""The tables that quote articles."""


def scrub_if_due(database: Database) -> str | None:
    """Rewrite what deleted rows leave behind, if it was not since the last redaction; return why it failed, or None.

    SQLite's file is rewritten as a whole, PostgreSQL's tables one by one. Both take as long as copying it, and the room
    of a copy for that time.
    """
    with database.read() as session:
        due = list(session.scalars(select(RedactionRow.id).where(~RedactionRow.is_scrubbed)))
    if not due:
        return None
    if problem := _scrub(database):
        return problem
    with database.begin() as session:
        session.execute(update(RedactionRow).where(~RedactionRow.is_scrubbed).values(is_scrubbed=True))
    return None


def _scrub(database: Database) -> str | None:
    scrub = _scrub_sqlite if database.engine.dialect.name == "sqlite" else _scrub_postgresql
    try:
        scrub(database)
    except (DBAPIError, database.engine.dialect.loaded_dbapi.Error) as error:
        reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        return f"{database.url} could not be rewritten: {reason}; deleted texts may be left in its files"
    return None


def _scrub_sqlite(database: Database) -> None:
    with closing(database.engine.raw_connection()) as connection:
        driver: Any = connection.driver_connection
        driver.execute("VACUUM")
        is_busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if is_busy:
        raise sqlite3.OperationalError("another program reads it")


def _scrub_postgresql(database: Database) -> None:
    connection = database.engine.raw_connection()
    driver: Any = connection.driver_connection
    connection.detach()
    with closing(driver):
        driver.rollback()
        driver.autocommit = True
        driver.execute(f"SET lock_timeout = '{WAIT_SECONDS}s'")
        for table in TABLES:
            driver.execute(f"VACUUM (FULL, ANALYZE) {table}")
