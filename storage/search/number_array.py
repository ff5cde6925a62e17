"""Reads many numbers of the search index from the database at once: in one text, without a row for each."""

from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Select, Text, cast, func
from sqlalchemy.orm import InstrumentedAttribute, Session

Numbers = npt.NDArray[np.int64]
"""Numbers of articles in the search index."""


def read_numbers(
    session: Session, number: ColumnElement[int] | InstrumentedAttribute[int], statement: Select[Any]
) -> Numbers:
    """Return a column of all rows that a statement selects, in no order."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    listed = func.json_group_array(number) if is_sqlite else cast(func.json_agg(number), Text)
    found = session.scalar(statement.with_only_columns(listed))
    numbers = found[1:-1] if found else ""
    return np.fromstring(numbers, dtype=np.int64, sep=",") if numbers else np.array([], dtype=np.int64)
