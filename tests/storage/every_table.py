"""Rows for every declared table, with values that databases store differently."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, Double, Enum, Float, Integer, Table, insert

from storage.engine import Database
from storage.schema.columns import UtcDateTime
from storage.schema.tables import MADE_FROM_OTHERS, Base
from storage.search.index import index_all

ODD = 'Кириллица, “curly”, \\ "straight" \\N 𝄞 🙂 \u2028 \x7f,\ta tab\r\nand a line'
ODD_DOCUMENT = {"longer": [1, 1e22, -0.0, 1e-7, True, None], "b": {}, "ü": ODD}
MOMENT = datetime(1957, 10, 4, 19, 28, 34, 500001, tzinfo=UTC)

MAKERS: dict[tuple[type, ...], Callable[[int], Any]] = {
    (UtcDateTime,): lambda number: MOMENT + timedelta(microseconds=number),
    (JSON,): lambda _: ODD_DOCUMENT,
    (Date,): lambda number: date(2026, 1, number),
    (Boolean,): lambda number: bool(number % 2),
    (Integer,): lambda number: number,
    (Float, Double): lambda number: 0.1 + number / 3,
}


def fill_every_table(database: Database, count: int = 3) -> None:
    """Insert `count` rows into each table; in every second row, all nullable columns are empty."""
    with database.begin() as session:
        for table in Base.metadata.sorted_tables:
            if not table.info.get(MADE_FROM_OTHERS):
                session.execute(insert(table), [_make_row(table, number) for number in range(1, count + 1)])
        index_all(session)


def _make_row(table: Table, number: int) -> dict[str, Any]:
    return {column.name: _make_value(column, number) for column in table.columns}


def _make_value(column: Column[Any], number: int) -> Any:
    if column.nullable and number % 2 == 0:
        return None
    if isinstance(column.type, Enum):
        return next(iter(column.type.python_type))
    for kinds, make in MAKERS.items():
        if isinstance(column.type, kinds):
            return make(number)
    return f"{number} {ODD}"
