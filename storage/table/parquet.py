"""Read Parquet files."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.table import Row, find_duplicate, list_columns
from storage.table.problem import TableUnusable

BUFFER_BYTES = 1024 * 1024
"""Of each column. By default, row groups are read as a whole, and some files have only one: 320 MB of texts would take
as much memory, not 17 MB."""

BATCH_COUNT = 64
"""Rows in memory: a few MB, as long as each is shorter than the largest page."""


class Parquet:
    """A Parquet file. The columns are known at once, the rows are read in batches."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = pq.ParquetFile(path, buffer_size=BUFFER_BYTES, pre_buffer=False)
        except (pa.ArrowException, OSError) as error:
            raise TableUnusable(f"not a Parquet file, or a damaged one: {_first_line(error)}") from None
        schema = self._file.schema_arrow
        if name := find_duplicate(schema.names):
            raise TableUnusable(f"two columns have the name {name!r}")
        texts = {name for name in list_columns("body", schema.names) if _is_text(schema.field(name).type)}
        others = list_columns("body", schema.names)
        self.columns = [name for name in schema.names if name not in others or name in texts]
        self.unusable = [f"{name} ({schema.field(name).type})" for name in others if name not in texts]

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows.

        Raises:
            TableUnusable: the file is damaged from here on.
        """
        number = 0
        try:
            for batch in self._file.iter_batches(BATCH_COUNT, columns=self.columns, use_threads=False):
                for index in range(batch.num_rows):
                    number += 1
                    yield _read_row(number, batch, index)
        except (pa.ArrowException, OSError) as error:
            raise TableUnusable(f"damaged after row {number}: {_first_line(error)}") from None
        finally:
            self._file.close()


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    tests = (
        pa.types.is_string,
        pa.types.is_large_string,
        pa.types.is_string_view,
        pa.types.is_binary,
        pa.types.is_large_binary,
        pa.types.is_null,
    )
    return any(test(kind) for test in tests)


def _read_row(number: int, batch: pa.RecordBatch, index: int) -> Row:
    values: dict[str, object] = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        try:
            values[name] = _convert(_as_python(column, index))
        except UnicodeDecodeError:
            return Row(number, problem=f"{name}: not UTF-8")
        except (pa.ArrowException, ValueError, OverflowError, RecursionError) as error:
            return Row(number, problem=f"{name}: {_first_line(error)}")
    return Row(number, values)


def _as_python(column: pa.Array, index: int) -> Any:
    cell = column[index]
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":  # Python has no nanoseconds
        cell = cell.cast(pa.timestamp("us", column.type.tz), safe=False)
    return cell.as_py()


def _convert(value: Any) -> object:
    """Return the value as JSON has it."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, list | tuple):
        return [_convert(one) for one in value]
    if isinstance(value, dict):
        return {str(name): _convert(one) for name, one in value.items()}
    if isinstance(value, datetime | date):
        return value.isoformat().replace("+00:00", "Z")  # as an export writes it in the other formats
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
