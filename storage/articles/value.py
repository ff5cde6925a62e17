"""Lists the values of a field that articles have, the most frequent first."""

from collections import Counter
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from storage.articles.rights import split_terms
from storage.schema.tables import Article, RightsRow

COLUMNS: dict[str, tuple[InstrumentedAttribute[Any], ...]] = {
    "site": (Article.site,),
    "section": (Article.section,),
    "author": (Article.authors, Article.agencies),
    "tag": (Article.tags,),
    "kind": (Article.kind,),
    "language": (Article.language,),
}
"""The columns in which each filter of `search` and `export` looks."""

RIGHTS = "rights"
"""The filter that looks at the capture of an article."""


def list_values(session: Session, name: str) -> list[str]:
    """Return the distinct values of a filter's columns, each element of a list by itself. Reads the whole table."""
    counts: Counter[str] = Counter()
    if name == RIGHTS:
        return _list_terms(session)
    for column in COLUMNS[name]:
        key: ColumnElement[Any] = column.expression
        for value, count in session.execute(select(key, func.count()).group_by(key)):
            for one in value if isinstance(value, list) else [value]:
                if one:
                    counts[str(one)] += count
    return [value for value, _ in counts.most_common()]


def _list_terms(session: Session) -> list[str]:
    """Return the terms of the articles' rights."""
    counts: Counter[str] = Counter()
    of_articles = select(RightsRow.terms, func.count()).join(Article, Article.capture_id == RightsRow.capture_id)
    for terms, count in session.execute(of_articles.group_by(RightsRow.terms)):
        for term in split_terms(terms):
            counts[term] += count
    return [term for term, _ in counts.most_common()]
