"""Transfer rows between databases of either dialect, and compute checksums to compare both sides.

Everything is derived from the table declarations. JSON columns are transferred as text, so that NULL stays NULL and
nothing is parsed on the way.
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
"""Rows in memory at a time: some MB of articles."""

DIGEST_BYTES = 8
"""Size of a row's digest. Digests are summed: the chance that differing databases have equal sums is 1 in 10^19."""

CACHED_COUNT = 4_096
"""Cached JSON documents: in most columns, nearly all rows have one of a few."""

SMALL_PRIME, LARGE_PRIME = 65_521, (1 << 31) - 1
"""The largest primes below 2^16 and 2^31: their product, and the sum over a billion rows, fit into 63 bits."""

RowListener = Callable[[int], None]
"""Called with the number of further rows done."""


@contextmanager
def reading_rows(connection: Connection, table: Table) -> Iterator[Iterable[Sequence[Row]]]:
    """Yield all rows of a table by primary key, in parts, in the transfer format."""
    statement = select(*map(_to_transfer, table.columns)).order_by(*table.primary_key)
    with connection.execute(statement, execution_options={"yield_per": ROW_COUNT}) as found:
        yield ([tuple(row) for row in part] for part in found.partitions())


def store_rows(connection: Connection, table: Table, parts: Iterable[Sequence[Row]]) -> None:
    """Write rows in the transfer format into a table."""
    converters = _list_converters(table, connection.dialect)
    converted = (_convert(rows, converters) for rows in parts)
    insert_rows(connection, table, [column.name for column in table.columns], converted)


def sum_rows(connection: Connection, table: Table, on_progress: RowListener) -> int:
    """Return a checksum of a table's rows that is independent of their order and of the dialect."""
    if all(isinstance(column.type, Integer) for column in table.columns):
        return _sum_numbers(connection, table, on_progress)
    documents = [index for index, column in enumerate(table.columns) if isinstance(column.type, JSON)]
    total = 0
    with reading_rows(connection, table) as parts:
        for rows in parts:
            total += sum(_digest(_normalize_row(row, documents)) for row in rows)
            on_progress(len(rows))
    return total % (1 << 8 * DIGEST_BYTES)


def _sum_numbers(connection: Connection, table: Table, on_progress: RowListener) -> int:
    """Compute the checksum of an all-integer table, as most rows are, in the database: ten times as fast."""
    mixed: ColumnElement[int] = literal(1)
    for column in table.columns:
        mixed = (mixed * (func.coalesce(column, -1) % SMALL_PRIME + SMALL_PRIME) + 1) % LARGE_PRIME
    count, total = connection.execute(select(func.count(), func.sum(mixed)).select_from(table)).one()
    on_progress(count)
    return int(total or 0)


def _list_converters(table: Table, dialect: Dialect) -> list[tuple[int, Converter]]:
    """Return the index and converter of the columns whose values the driver does not accept unchanged."""
    converters = (find_converter(_transfer_type(column), dialect) for column in table.columns)
    return [(index, convert) for index, convert in enumerate(converters) if convert]


def _convert(rows: Sequence[Row], converters: Sequence[tuple[int, Converter]]) -> Sequence[Row]:
    if not converters:
        return rows
    converted = [list(row) for row in rows]
    for index, convert in converters:
        for row in converted:
            row[index] = convert(row[index])
    return [tuple(row) for row in converted]


def _to_transfer(column: Column[Any]) -> ColumnElement[Any]:
    return cast(column, Text) if isinstance(column.type, JSON) else type_coerce(column, _transfer_type(column))


def _transfer_type(column: Column[Any]) -> TypeEngine[Any]:
    # Enums are text in both databases; as text, members that this version does not know are copied too.
    return Text() if isinstance(column.type, JSON | Enum) else column.type


def _normalize_row(row: Row, documents: Sequence[int]) -> Row:
    if not documents:
        return row
    values = list(row)
    for index in documents:
        values[index] = values[index] and _normalize_document(values[index])
    return tuple(values)


@lru_cache(CACHED_COUNT)
def _normalize_document(text: str) -> str:
    """Normalize JSON: PostgreSQL changes the order of keys and the format of numbers (-0.0, 1e22)."""
    document = json.loads(text, parse_int=_read_number, parse_float=_read_number)
    return json.dumps(document, sort_keys=True)


def _read_number(digits: str) -> float:
    return float(digits) + 0.0


def _digest(row: Row) -> int:
    return int.from_bytes(blake2b(repr(row).encode(), digest_size=DIGEST_BYTES).digest())
