"""Copy a whole archive database into another one, SQLite or PostgreSQL.

The copy is a consistent snapshot, even if the source is written to meanwhile. The target ends up complete and equal to
the source, or empty: a SQLite file is renamed into place when complete; on PostgreSQL, everything is one transaction.
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
"""Pages (of 4 kB) copied at a time: often enough for a progress bar."""

CopyListener = Callable[[str, int, int], None]
"""Called with a stage (`copy`, `index`, `verify`), its amount done, and its total."""


class TableCopy(Record):
    """A table, equal in both databases."""

    name: str
    count: Count
    checksum: str | None
    """Checksum of all values, independent of the dialect; 16 hexadecimal digits. None for derived tables."""


class DatabaseCopy(Record):
    """A finished copy, with every table of the target equal to the source's."""

    source: str
    target: str
    """Both URLs are without passwords."""
    tables: tuple[TableCopy, ...]


class ProgressMeter:
    """Reports the progress of a stage."""

    def __init__(self, on_progress: CopyListener, stage: str, total_count: int) -> None:
        self._on_progress, self._stage, self._total_count = on_progress, stage, total_count
        self._done_count = 0

    def add(self, count: int) -> None:
        """Report that `count` more are done."""
        self._done_count += count
        self._on_progress(self._stage, self._done_count, self._total_count)

    def track(self, parts: Iterable[Sequence[Row]]) -> Iterator[Sequence[Row]]:
        """Yield the same rows, reporting each part as done when the next one is requested."""
        for rows in parts:
            yield rows
            self.add(len(rows))


def copy_database(source: Database, target_url: str, on_progress: CopyListener) -> DatabaseCopy:
    """Copy everything in a database into an empty one, and compare the two.

    Raises:
        DatabaseFilled: the target is not empty.
        DatabaseUnreachable: the target cannot be reached.
        CopyFailed: the copy could not be completed, or differs from the source.
        DatabaseLost: the connection to the source was lost.
        DatabaseDamaged: the source's files are damaged, and a copy would be too.
    """
    audit_pages(source)
    with source.read_snapshot() as session, making_database(target_url) as target:
        kinds = {database.engine.dialect.name for database in (source, target)}
        copy = _copy_pages if kinds == {"sqlite"} else _copy_rows
        tables = copy(session.connection(), target, on_progress)
    return DatabaseCopy(source=source.url, target=printable_url(parse_url(target_url)), tables=tables)


def _copy_pages(source: Connection, target: Database, on_progress: CopyListener) -> tuple[TableCopy, ...]:
    """Copy a SQLite database page by page, including its indexes."""
    _count_rows(source)  # starts the read snapshot
    driver_connection: Any = source.connection.driver_connection
    with closing(sqlite3.connect(target.engine.url.database or "")) as file:
        driver_connection.backup(
            file,
            pages=STEP_PAGES,
            progress=lambda _, remaining, total: on_progress("copy", total - remaining, total),
        )
    with target.engine.connect() as connection:
        return _compare(source, connection, on_progress)


def _copy_rows(source: Connection, target: Database, on_progress: CopyListener) -> tuple[TableCopy, ...]:
    """Create the tables, copy their rows, rebuild what is derived from them, and compare, all in one transaction."""
    meter = ProgressMeter(on_progress, "copy", _count_rows(source))
    with target.engine.execution_options(**{WRITES: True}).begin() as connection:
        if not migration.is_empty(connection):  # checked again with the lock held
            raise DatabaseFilled(f"{target.url} is not empty")
        migration.upgrade(connection)
        for table in filterfalse(_is_derived, _list_tables()):
            with reading_rows(source, table) as parts:
                store_rows(connection, table, meter.track(parts))
        index_all(Session(connection), partial(on_progress, "index"))
        return _compare(source, connection, on_progress)


def _compare(source: Connection, target: Connection, on_progress: CopyListener) -> tuple[TableCopy, ...]:
    meter = ProgressMeter(on_progress, "verify", 2 * _count_rows(source))
    before, after = ([_read(side, table, meter) for table in _list_tables()] for side in (source, target))
    if differing := [one.name for one, other in zip(before, after, strict=True) if one != other]:
        raise CopyFailed(f"nothing was copied: the copy differs from its source in {', '.join(differing)}")
    return tuple(before)


def _read(connection: Connection, table: Table, meter: ProgressMeter) -> TableCopy:
    checksum = None if _is_derived(table) else f"{sum_rows(connection, table, meter.add):016x}"
    return TableCopy(name=table.name, count=_count(connection, table), checksum=checksum)


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _count_rows(connection: Connection) -> int:
    """Count the rows that are copied and compared one by one."""
    return sum(_count(connection, table) for table in filterfalse(_is_derived, _list_tables()))


def _list_tables() -> Sequence[Table]:
    """Return all tables, each after those that it references."""
    return Base.metadata.sorted_tables


def _is_derived(table: Table) -> bool:
    return bool(table.info.get(MADE_FROM_OTHERS))


PRAGMAS = (
    # The file is not visible to others before it is complete, and an incomplete one is discarded.
    "journal_mode = OFF",
    "synchronous = OFF",
    # The source enforced its foreign keys, and each row is compared with the source's.
    "foreign_keys = OFF",
    # Rows arrive in key order, but entries of secondary indexes do not: cache 32 MB of those.
    "cache_size = -32768",
)


class CopyFailed(RunFailure):
    """The copy failed and the target is empty; the message is one line that says why."""


@contextmanager
def making_database(url: str) -> Iterator[Database]:
    """Create an empty database to be filled; after an exception, no file is left behind.

    Raises:
        DatabaseFilled: the database is not empty.
        DatabaseUnreachable: it cannot be reached.
        CopyFailed: it could not be written.
    """
    parsed = parse_url(url)
    is_file = parsed.get_backend_name() == "sqlite"
    with _translating_errors(parsed), _create_file(parsed) if is_file else _open_target(parsed) as target:
        yield target


@contextmanager
def _open_target(url: URL) -> Iterator[Database]:
    target = open_empty(render_url(url))
    try:
        yield target
    finally:
        target.close()


@contextmanager
def _create_file(url: URL) -> Iterator[Database]:
    audit_sqlite_path(url, create=True)
    path = Path(url.database or "")
    _check_target(path, url)
    part = make_partial(path)
    try:
        with _open_target(url.set(database=str(part))) as target:
            target.engine.dispose()
            event.listen(target.engine, "connect", _set_pragmas)
            yield target
        flush(part)
        part.replace(path)
        flush(path.parent)
    finally:
        for suffix in FILE_SUFFIXES:
            part.with_name(part.name + suffix).unlink(missing_ok=True)


def _check_target(path: Path, url: URL) -> None:
    if path.exists():
        with _open_target(url):  # raises unless empty; SQLite handles its journal files
            return
    for suffix in JOURNALS:
        if (journal := path.with_name(path.name + suffix)).exists():
            raise DatabaseFilled(f"{journal} is left over from another database: move it away first")


def _set_pragmas(connection: Any, _record: object) -> None:
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def _translating_errors(url: URL) -> Iterator[None]:
    try:
        yield
    except (DBAPIError, psycopg.Error, sqlite3.Error, OSError) as error:
        message = str(error.orig if isinstance(error, DBAPIError) else error).strip().partition("\n")[0]
        raise CopyFailed(f"{printable_url(url)} could not be created: {message}") from error
