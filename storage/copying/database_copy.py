"""A whole archive database, copied into another one of whatever kind.

What is copied is one state of the source, whatever is written meanwhile. The target is complete and as the source is,
or has nothing: a SQLite file takes its name when it is complete; on PostgreSQL, one transaction has all of it.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from itertools import filterfalse
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Table, event, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from schemas.failure import RunFailure
from schemas.model import Count, Record
from storage.atomic_file import flush, make_partial
from storage.bulk import Row
from storage.copying.row_transfer import reading_rows, store_rows, sum_rows
from storage.engine import (
    FILE_SUFFIXES,
    JOURNALS,
    WRITES,
    Database,
    DatabaseFilled,
    audit_sqlite_path,
    open_empty,
    parse_url,
    printable_url,
    render_url,
)
from storage.integrity.page import audit_pages
from storage.schema import migration
from storage.schema.tables import MADE_FROM_OTHERS, Base
from storage.search.index import index_all

STEP_PAGES = 4_096
"""Of 4 kB, copied at a time: often enough for a progress bar."""

CopyListener = Callable[[str, int, int], None]
"""Hears of a stage (`copy`, `index`, `verify`), how much of it is done, and how much there is."""


class TableCopy(Record):
    """A table, the same in both."""

    name: str
    count: Count
    checksum: str | None
    """Of all values, whatever the kind of the database; 16 hexadecimal digits. None for what is made from others."""


class DatabaseCopy(Record):
    """What was copied, and where to: every table of the target is as that of the source."""

    source: str
    target: str
    """Both without their passwords."""
    tables: tuple[TableCopy, ...]


class Meter:
    """Tells of a stage as its parts are done."""

    def __init__(self, tell: CopyListener, stage: str, total_count: int) -> None:
        self._tell, self._stage, self._total_count = tell, stage, total_count
        self._done_count = 0

    def add(self, count: int) -> None:
        """So many more are done."""
        self._done_count += count
        self._tell(self._stage, self._done_count, self._total_count)

    def watch(self, parts: Iterable[Sequence[Row]]) -> Iterator[Sequence[Row]]:
        """The same rows; each part is done when the next is asked for."""
        for rows in parts:
            yield rows
            self.add(len(rows))


def copy_database(source: Database, target_url: str, tell: CopyListener) -> DatabaseCopy:
    """Copy everything that a database has into one that is empty, and compare the two.

    Raises:
        DatabaseFilled: the target is not empty.
        DatabaseUnreachable: there is no way to the target.
        CopyFailed: it could not be completed, or is not as the source is.
        DatabaseLost: the source does not answer any more.
        DatabaseDamaged: its files are not as they were written; a copy would be as damaged.
    """
    audit_pages(source)
    with source.read_snapshot() as session, making_database(target_url) as target:
        kinds = {database.engine.dialect.name for database in (source, target)}
        copy = _copy_pages if kinds == {"sqlite"} else _copy_rows
        tables = copy(session.connection(), target, tell)
    return DatabaseCopy(source=source.url, target=printable_url(parse_url(target_url)), tables=tables)


def _copy_pages(source: Connection, target: Database, tell: CopyListener) -> tuple[TableCopy, ...]:
    """A SQLite database as it lies there, with its indexes: nothing is made anew."""
    _count_rows(source)  # with that, its still picture begins
    pages: Any = source.connection.driver_connection
    with closing(sqlite3.connect(target.engine.url.database or "")) as file:
        pages.backup(file, pages=STEP_PAGES, progress=lambda _, left, total: tell("copy", total - left, total))
    with target.engine.connect() as connection:
        return _compare(source, connection, tell)


def _copy_rows(source: Connection, target: Database, tell: CopyListener) -> tuple[TableCopy, ...]:
    """All in one transaction: the tables, their rows, what is made from them, and the comparison."""
    meter = Meter(tell, "copy", _count_rows(source))
    with target.engine.execution_options(**{WRITES: True}).begin() as connection:
        if not migration.is_empty(connection):  # looked at again with the lock held
            raise DatabaseFilled(f"{target.url} is not empty")
        migration.upgrade(connection)
        for table in filterfalse(_is_made, _list_tables()):
            with reading_rows(source, table) as parts:
                store_rows(connection, table, meter.watch(parts))
        index_all(Session(connection), partial(tell, "index"))
        return _compare(source, connection, tell)


def _compare(source: Connection, target: Connection, tell: CopyListener) -> tuple[TableCopy, ...]:
    meter = Meter(tell, "verify", 2 * _count_rows(source))
    before, after = ([_read(side, table, meter) for table in _list_tables()] for side in (source, target))
    if differing := [one.name for one, other in zip(before, after, strict=True) if one != other]:
        raise CopyFailed(f"nothing was copied: the copy differs from its source in {', '.join(differing)}")
    return tuple(before)


def _read(connection: Connection, table: Table, meter: Meter) -> TableCopy:
    checksum = None if _is_made(table) else f"{sum_rows(connection, table, meter.add):016x}"
    return TableCopy(name=table.name, count=_count(connection, table), checksum=checksum)


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _count_rows(connection: Connection) -> int:
    """Of what is carried over and compared row by row."""
    return sum(_count(connection, table) for table in filterfalse(_is_made, _list_tables()))


def _list_tables() -> Sequence[Table]:
    """All that are declared, each behind those that it points to."""
    return Base.metadata.sorted_tables


def _is_made(table: Table) -> bool:
    return bool(table.info.get(MADE_FROM_OTHERS))


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
        raise CopyFailed(f"{printable_url(url)} was not made: {said}") from error
