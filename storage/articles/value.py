"""Lists the values of a field that articles have, the most frequent first."""

from collections import Counter
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from storage.schema.tables import Article

COLUMNS: dict[str, tuple[InstrumentedAttribute[Any], ...]] = {
    "site": (Article.site,),
    "section": (Article.section,),
    "author": (Article.authors, Article.agencies),
    "tag": (Article.tags,),
    "kind": (Article.kind,),
    "language": (Article.language,),
}
"""The columns in which each filter of `search` and `export` looks."""


def list_values(session: Session, name: str) -> list[str]:
    """Return the distinct values of a filter's columns, each element of a list by itself. Reads the whole table."""
    counts: Counter[str] = Counter()
    for column in COLUMNS[name]:
        key: ColumnElement[Any] = column.expression
        for value, count in session.execute(select(key, func.count()).group_by(key)):
            for one in value if isinstance(value, list) else [value]:
                if one:
                    counts[str(one)] += count
    return [value for value, _ in counts.most_common()]
