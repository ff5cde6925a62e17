"""Many rows at once, without a parameter for each value."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

from psycopg import Connection as Driver
from psycopg import sql
from sqlalchemy import Connection, insert

from storage.tables import Base


def insert_rows(connection: Connection, table: type[Base], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Rows of values that the driver takes as they are, in the order of the columns that are named.

    PostgreSQL gets them by COPY: a third of the time of an INSERT.
    """
    if connection.dialect.name == "postgresql":
        _copy(connection, table, names, rows)
    elif values := list(rows):
        statement = insert(table).compile(dialect=connection.dialect, column_keys=names)
        connection.exec_driver_sql(str(statement), values)


def _copy(connection: Connection, table: type[Base], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    driver = cast("Driver[Any]", connection.connection.driver_connection)
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.__tablename__), columns)
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
