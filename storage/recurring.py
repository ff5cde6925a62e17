"""The newest articles of a site, a group of duplicates at a time: what recurs in them is looked for elsewhere."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.batch import execute_in
from storage.tables import Article

GROUP_COUNT = 200
"""Groups held at a time: a MB of bodies."""


class NewArticle(NamedTuple):
    """An article, as far as it matters for what recurs."""

    id: str
    section: str | None
    tags: list[str]
    fetched_at: datetime
    body: str


COLUMNS = tuple(getattr(Article, name) for name in NewArticle._fields)


def iterate_newest(session: Session, site: str, count: int) -> Iterator[tuple[NewArticle, ...]]:
    """A site's `count` articles that were fetched last, the newest first; those of one group of duplicates together."""
    newest = (
        select(Article.id, Article.duplicate_of)
        .where(Article.site == site)
        .order_by(Article.fetched_at.desc(), Article.id)
        .limit(count)
    )
    members: dict[str, list[str]] = defaultdict(list)
    for article_id, duplicate_of in session.execute(newest):
        members[duplicate_of or article_id].append(article_id)
    groups = list(members.values())
    for start in range(0, len(groups), GROUP_COUNT):
        yield from _load_groups(session, groups[start : start + GROUP_COUNT])


def _load_groups(session: Session, groups: list[list[str]]) -> Iterator[tuple[NewArticle, ...]]:
    ids = {article_id for group in groups for article_id in group}
    found = {row.id: NewArticle(*row) for row in execute_in(session, select(*COLUMNS), Article.id, ids)}
    for group in groups:
        yield tuple(found[article_id] for article_id in group)
