"""Write articles as Parquet, with column types derived from the record."""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain, islice
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import AwareDatetime, BaseModel

from schemas.article import SOURCED_FIELDS, ArticleRecord, Kind
from storage.export.block import Block
from storage.export.sink import Sink

GROUP_BYTES = 16 * 1024 * 1024
"""Bytes of a row group in memory: some thousand articles, so that readers can work in parallel. The writer needs three
times as much."""

JOINED_COUNT = 4
"""Blocks converted to arrays together."""

SCALAR_TYPES: dict[object, pa.DataType] = {
    str: pa.string(),
    Kind: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    AwareDatetime: pa.timestamp("us", tz="UTC"),
}
"""Types of the record's scalar values, from which those of lists and mappings are built."""


@cache
def make_schema() -> pa.Schema:
    """Return the schema of the file."""
    return pa.schema(_make_fields(ArticleRecord))


def write_parquet(sink: Sink, blocks: Iterable[Block], group_bytes: int = GROUP_BYTES) -> None:
    """Write row groups of some thousand articles, compressed with zstd."""
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), make_schema(), compression="zstd") as writer:
        for group in _group_batches(map(_as_batch, _join_blocks(blocks)), group_bytes):
            table = pa.Table.from_batches(group)
            writer.write_table(table, row_group_size=table.num_rows)


def make_table(blocks: Iterable[Block]) -> pa.Table:
    """Return a table of articles in memory, with the columns of a file."""
    return pa.Table.from_batches(map(_as_batch, _join_blocks(blocks)), schema=make_schema())


def _join_blocks(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield the same articles in larger blocks: with arrays of 50, writing takes a third longer than with 200."""
    waiting = iter(blocks)
    while part := list(islice(waiting, JOINED_COUNT)):
        yield {name: list(chain.from_iterable(block[name] for block in part)) for name in part[0]}


def _group_batches(batches: Iterable[pa.RecordBatch], group_bytes: int) -> Iterator[list[pa.RecordBatch]]:
    """Yield the batches of each row group."""
    group: list[pa.RecordBatch] = []
    byte_count = 0
    for batch in batches:
        group.append(batch)
        byte_count += batch.nbytes
        if byte_count >= group_bytes:
            yield group
            group, byte_count = [], 0
    if group:
        yield group


def _as_batch(block: Block) -> pa.RecordBatch:
    arrays = [pa.array(values, make_schema().field(name).type) for name, values in block.items()]
    return pa.RecordBatch.from_arrays(arrays, schema=make_schema())


def _make_fields(model: type[BaseModel]) -> list[pa.Field]:
    return [_make_field(name, info.annotation) for name, info in model.model_fields.items()]


def _make_field(name: str, annotation: Any) -> pa.Field:
    if get_origin(annotation) in {Union, UnionType}:
        (given,) = (one for one in get_args(annotation) if one is not NoneType)
        return pa.field(name, _make_type(given), nullable=True)
    return pa.field(name, _make_type(annotation), nullable=False)


def _make_type(annotation: Any) -> pa.DataType:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _make_type(inner[0])
    if origin is tuple:
        return pa.list_(_make_field("element", inner[0]))
    if origin is dict:  # `sources`, by field: many readers know structs, few know maps
        return pa.struct([pa.field(name, _make_type(inner[1]), nullable=True) for name in SOURCED_FIELDS])
    if annotation in SCALAR_TYPES:
        return SCALAR_TYPES[annotation]
    return pa.struct(_make_fields(annotation))
