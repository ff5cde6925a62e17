"""Many rows at once, as the driver takes and gives them: no parameter, no statement, no object for each value."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Dialect, Select, Table, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

STREAM = "broadsheet_stream"
"""Under this name, a connection knows the rows that are still read from it."""

Row = Sequence[Any]
Converter = Callable[[Any], Any]


def insert_rows(connection: Connection, table: Table, names: Sequence[str], parts: Iterable[Sequence[Row]]) -> None:
    """Rows of a table, some at a time, with the values of the named columns; those of others stay empty.

    PostgreSQL gets them by COPY: a third of the time of an INSERT.
    """
    if connection.dialect.name == "postgresql":
        _copy(connection, table, names, parts)
        return
    statement = str(insert(table).compile(dialect=connection.dialect, column_keys=names))
    for rows in parts:
        if rows:  # without any, a statement of its own is expected
            connection.exec_driver_sql(statement, list(rows))


def insert_mappings(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows as mappings of columns' names to values as Python has them; what is not named is empty."""
    columns = [_convert(column.type, [row.get(column.name) for row in rows], connection.dialect) for column in table.c]
    insert_rows(connection, table, table.c.keys(), [list(zip(*columns, strict=True))])


def find_converter(kind: TypeEngine[Any], dialect: Dialect) -> Converter | None:
    """What makes a value of this type one that the driver takes; None where it takes the value itself."""
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _convert(kind: TypeEngine[Any], values: list[Any], dialect: Dialect) -> Iterable[Any]:
    converter = find_converter(kind, dialect)
    return map(converter, values) if converter else values


def stream_rows(connection: Connection, statement: Select[Any], count: int) -> Iterator[Sequence[Row]]:
    """What a statement selects, so many rows at a time, each value as the driver gives it; in the order of an index.

    PostgreSQL sends on while they are read: with a cursor it would wait to be asked for the next ones. Until all are
    read, or the transaction is rolled back, the connection is for nothing else.
    """
    if connection.dialect.name == "postgresql":
        yield from _stream(connection, statement, count)
    else:
        yield from connection.execute(statement, execution_options={"yield_per": count}).partitions()


def _stream(connection: Connection, statement: Select[Any], count: int) -> Iterator[Sequence[Row]]:
    compiled = statement.compile(connection, compile_kwargs={"render_postcompile": True})
    driver: Any = connection.connection.driver_connection
    # Else it sorts everything on its disk before the first row comes, if that makes the last one come sooner.
    connection.exec_driver_sql("SET LOCAL enable_sort = off")
    with (
        _as_ours(connection, str(compiled)),
        driver.cursor() as cursor,
        closing(cursor.stream(str(compiled), _bind(compiled), binary=True, size=count)) as rows,
    ):
        connection.info[STREAM] = rows
        while part := list(islice(rows, count)):
            if len(part) < count:  # the last ones: whoever asks for one row does not ask again
                del connection.info[STREAM]
            yield part
        connection.info.pop(STREAM, None)


def end_stream(connection: Connection) -> None:
    """Give up what was not read to its end, before a rollback: psycopg would wait for it for ever.

    Whoever stopped reading may still hold the rows: an exception does, on its way up. A connection that is lost knows
    of none, and to ask it would hide why it is lost.
    """
    if connection.invalidated:
        return
    if rows := connection.info.pop(STREAM, None):
        rows.close()


def audit_stream(connection: Connection) -> None:
    """Nothing, if all is read, before a commit: to give up rows is to give up the whole transaction.

    Raises:
        RuntimeError: that is a mistake of the caller.
    """
    if STREAM in connection.info:
        end_stream(connection)
        raise RuntimeError("a transaction is to be committed while rows are still read in it")


def _bind(compiled: SQLCompiler) -> dict[str, Any]:
    """The statement's values, as the driver takes them."""
    converters = {name: find_converter(bound.type, compiled.dialect) for name, bound in compiled.binds.items()}
    return {name: convert(value) if (convert := converters[name]) else value for name, value in compiled.params.items()}


@contextmanager
def _as_ours(connection: Connection, statement: str) -> Iterator[None]:
    """The driver's errors as those of any other statement: a connection that one of them ended is given up.

    Else the rollback would be the first to notice, and what it says in place of that is not why.
    """
    driver = connection.dialect.loaded_dbapi
    raw: Any = connection.connection.driver_connection
    try:
        yield
    except driver.Error as error:
        if connection.dialect.is_disconnect(error, raw, None):
            connection.invalidate(error)
        raise DBAPIError.instance(statement, None, error, driver.Error, dialect=connection.dialect) from error


def _copy(connection: Connection, table: Table, names: Sequence[str], parts: Iterable[Sequence[Row]]) -> None:
    quote = connection.dialect.identifier_preparer.quote
    columns = ", ".join(map(quote, names))
    driver: Any = connection.connection.driver_connection
    statement = f"COPY {quote(table.name)} ({columns}) FROM STDIN"
    with _as_ours(connection, statement), driver.cursor() as cursor, cursor.copy(statement) as copy:
        for rows in parts:
            for row in rows:
                copy.write_row(row)
