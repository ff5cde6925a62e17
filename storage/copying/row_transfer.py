"""How rows travel from one database to another, whatever kind each is, and by what both sides are compared.

All that is done follows from the tables as they are declared. Lists and mappings travel as text: an absent one stays
absent, and nobody takes them apart on the way.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Enum,
    Integer,
    Table,
    Text,
    cast,
    func,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.types import TypeEngine

from storage.bulk import Converter, Row, find_converter, insert_rows

ROW_COUNT = 500
"""Rows in memory at a time: some MB, be they articles."""

DIGEST_BYTES = 8
"""Of a row. They are added up: two databases that differ by mistake have the same sum once in 10^19 times."""

REMEMBERED_COUNT = 4_096
"""Lists and mappings that are known by heart: of most columns, nearly all rows have one of a few."""

SMALL_PRIME, LARGE_PRIME = 65_521, (1 << 31) - 1
"""The largest below 2^16 and 2^31: their product and the sum over a thousand million rows fit into 63 bits."""

RowListener = Callable[[int], None]
"""Hears of so many rows more."""


@contextmanager
def reading_rows(connection: Connection, table: Table) -> Iterator[Iterable[Sequence[Row]]]:
    """All rows of a table by its primary key, some at a time, as they travel."""
    statement = select(*map(_carry, table.columns)).order_by(*table.primary_key)
    with connection.execute(statement, execution_options={"yield_per": ROW_COUNT}) as found:
        yield ([tuple(row) for row in part] for part in found.partitions())


def store_rows(connection: Connection, table: Table, parts: Iterable[Sequence[Row]]) -> None:
    """Write rows, as they travel, into a table."""
    converters = _list_converters(table, connection.dialect)
    converted = (_convert(rows, converters) for rows in parts)
    insert_rows(connection, table, [column.name for column in table.columns], converted)


def sum_rows(connection: Connection, table: Table, tell: RowListener) -> int:
    """A sum of all values, which tells one set of rows from another, whatever their order and the database's kind."""
    if all(isinstance(column.type, Integer) for column in table.columns):
        return _sum_numbers(connection, table, tell)
    documents = [place for place, column in enumerate(table.columns) if isinstance(column.type, JSON)]
    total = 0
    with reading_rows(connection, table) as parts:
        for rows in parts:
            total += sum(_digest(_settle(row, documents)) for row in rows)
            tell(len(rows))
    return total % (1 << 8 * DIGEST_BYTES)


def _sum_numbers(connection: Connection, table: Table, tell: RowListener) -> int:
    """Most rows of an archive are pairs of numbers: the database adds them up by itself, ten times as fast."""
    mixed: ColumnElement[int] = literal(1)
    for column in table.columns:
        mixed = (mixed * (func.coalesce(column, -1) % SMALL_PRIME + SMALL_PRIME) + 1) % LARGE_PRIME
    count, total = connection.execute(select(func.count(), func.sum(mixed)).select_from(table)).one()
    tell(count)
    return int(total or 0)


def _list_converters(table: Table, dialect: Dialect) -> list[tuple[int, Converter]]:
    """Of the columns whose values the driver does not take as they are."""
    converters = (find_converter(_carried_type(column), dialect) for column in table.columns)
    return [(place, convert) for place, convert in enumerate(converters) if convert]


def _convert(rows: Sequence[Row], converters: Sequence[tuple[int, Converter]]) -> Sequence[Row]:
    if not converters:
        return rows
    converted = [list(row) for row in rows]
    for place, convert in converters:
        for row in converted:
            row[place] = convert(row[place])
    return [tuple(row) for row in converted]


def _carry(column: Column[Any]) -> ColumnElement[Any]:
    return cast(column, Text) if isinstance(column.type, JSON) else type_coerce(column, _carried_type(column))


def _carried_type(column: Column[Any]) -> TypeEngine[Any]:
    # An enumeration is text in both databases; a member that this program no longer knows is copied as well.
    return Text() if isinstance(column.type, JSON | Enum) else column.type


def _settle(row: Row, documents: Sequence[int]) -> Row:
    if not documents:
        return row
    values = list(row)
    for place in documents:
        values[place] = values[place] and _settle_document(values[place])
    return tuple(values)


@lru_cache(REMEMBERED_COUNT)
def _settle_document(text: str) -> str:
    """In one spelling: PostgreSQL has an order of keys and a way to write numbers of its own (-0.0, 1e22)."""
    document = json.loads(text, parse_int=_read_number, parse_float=_read_number)
    return json.dumps(document, sort_keys=True)


def _read_number(digits: str) -> float:
    return float(digits) + 0.0


def _digest(row: Row) -> int:
    return int.from_bytes(blake2b(repr(row).encode(), digest_size=DIGEST_BYTES).digest())
