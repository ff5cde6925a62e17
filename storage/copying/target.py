"""A database that is made whole or not at all: a SQLite file takes its name when it is complete.

On PostgreSQL, whoever makes one writes all of it in one transaction.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, event
from sqlalchemy.exc import DBAPIError

from schemas.failure import RunFailure
from storage.atomic_file import flush, make_partial
from storage.engine import (
    FILE_SUFFIXES,
    JOURNALS,
    Database,
    DatabaseFilled,
    audit_sqlite_path,
    open_empty,
    parse_url,
    render_url,
    shown_url,
)

PRAGMAS = (
    # Nobody else sees the file before it is complete, and nothing of one that is not is ever used.
    "journal_mode = OFF",
    "synchronous = OFF",
    # The source kept its own, and each row is compared with the source's.
    "foreign_keys = OFF",
    # Rows come in the order of their keys, the entries of the other indexes do not: 32 MB of these stay at hand.
    "cache_size = -32768",
)


class CopyFailed(RunFailure):
    """The target has nothing; the message is one line that says why."""


@contextmanager
def making_database(url: str) -> Iterator[Database]:
    """A database with nothing in it, to be filled; left by an exception, a file is not there.

    Raises:
        DatabaseFilled: there is something in it.
        DatabaseUnreachable: there is no way to it.
        CopyFailed: it could not be written.
    """
    parsed = parse_url(url)
    is_file = parsed.get_backend_name() == "sqlite"
    with _explaining(parsed), _making_file(parsed) if is_file else _opening(parsed) as target:
        yield target


@contextmanager
def _opening(url: URL) -> Iterator[Database]:
    target = open_empty(render_url(url))
    try:
        yield target
    finally:
        target.close()


@contextmanager
def _making_file(url: URL) -> Iterator[Database]:
    audit_sqlite_path(url, create=True)
    path = Path(url.database or "")
    _audit_place(path, url)
    part = make_partial(path)
    try:
        with _opening(url.set(database=str(part))) as target:
            target.engine.dispose()
            event.listen(target.engine, "connect", _spare_journal)
            yield target
        flush(part)
        part.replace(path)
        flush(path.parent)
    finally:
        for suffix in FILE_SUFFIXES:
            part.with_name(part.name + suffix).unlink(missing_ok=True)


def _audit_place(path: Path, url: URL) -> None:
    if path.exists():
        with _opening(url):  # an empty one; SQLite takes care of what lies beside it
            return
    for suffix in JOURNALS:
        if (journal := path.with_name(path.name + suffix)).exists():
            raise DatabaseFilled(f"{journal} is left of a former database: move it away first")


def _spare_journal(connection: Any, _record: object) -> None:
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def _explaining(url: URL) -> Iterator[None]:
    try:
        yield
    except (DBAPIError, psycopg.Error, sqlite3.Error, OSError) as error:
        said = str(error.orig if isinstance(error, DBAPIError) else error).strip().partition("\n")[0]
        raise CopyFailed(f"{shown_url(url)} was not made: {said}") from error
