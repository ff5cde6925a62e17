"""Write a row of a table as the archive keeps it: a JSON object in a WARC record."""

from collections.abc import Mapping

import orjson

from schemas.article import ArticleRecord
from schemas.table import is_export
from storage.table.problem import RowUnusable

FIELDS = tuple(ArticleRecord.model_fields)


def render_row(values: Mapping[str, object]) -> bytes:
    """Return the row as JSON; a record of an export the same from every format.

    Raises:
        RowUnusable: JSON has no such value.
    """
    row = _arrange(values) if is_export(values) else values
    try:
        return orjson.dumps(row, option=orjson.OPT_UTC_Z)
    except TypeError as error:  # a lone surrogate, a number beyond 64 bits, too many levels
        raise RowUnusable(f"it has a value that cannot be stored: {error}") from None


def _arrange(values: Mapping[str, object]) -> dict[str, object]:
    """Return the fields of a record in their order. In Parquet, `sources` has a null for each field without one."""
    found = {name: values.get(name) for name in FIELDS}
    sources = found["sources"]
    if isinstance(sources, Mapping):
        found["sources"] = dict(sorted((name, value) for name, value in sources.items() if value is not None))
    return found
