"""Many rows at once, as the driver takes them: no parameter, and no statement, for each value."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert


def insert_rows(connection: Connection, table: Table, names: Sequence[str], parts: Iterable[Sequence[Any]]) -> None:
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


def _copy(connection: Connection, table: Table, names: Sequence[str], parts: Iterable[Sequence[Any]]) -> None:
    quote = connection.dialect.identifier_preparer.quote
    columns = ", ".join(map(quote, names))
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {quote(table.name)} ({columns}) FROM STDIN") as copy:
        for rows in parts:
            for row in rows:
                copy.write_row(row)
