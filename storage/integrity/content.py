"""Articles that are not what was read from their captures, or whose captures are lost: written anew from others."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.article import content_sha256
from schemas.outcome import ArticleRead
from storage.again import load_known
from storage.audit import name_found
from storage.batch import load_batch
from storage.likeness.grouping import regroup
from storage.revision.store import has_content, rest_on
from storage.tables import Article

PART_COUNT = 200
"""Bodies that lie in memory at a time: a MB or two."""


def list_contradicted(session: Session) -> Iterator[str]:
    """The ids of the articles whose body is not the one that its digest was made of; every body is read."""
    rows = select(Article.id, Article.content_sha256, Article.body)
    for article_id, digest, body in session.execute(rows.execution_options(yield_per=PART_COUNT)):
        if content_sha256(body) != digest:
            yield article_id


def audit_contents(session: Session) -> list[str]:
    """A sentence where articles are not what was read."""
    found = name_found(
        "articles whose body is not the one that their digest was made of", [*list_contradicted(session)]
    )
    return [found] if found else []


def restore_articles(
    session: Session, outcomes: Sequence[ArticleRead], ids: Collection[str], *, run_id: str | None, now: datetime
) -> set[str]:
    """Write these articles anew as captures give them that are stored already; answers for which that could be done.

    An article's own capture says what it is. Where that is lost, the newest one with the same content takes its place.
    The search index is not touched: it is made anew afterwards, if it has other words.
    """
    with session.no_autoflush:  # a batch writes itself
        batch = load_batch(session, outcomes, run_id=run_id, now=now)
        known = load_known(batch, outcomes)
        restored: set[str] = set()
        for outcome in sorted(outcomes, key=lambda one: one.article.fetched_at, reverse=True):
            read, ref = outcome.article, outcome.seen.ref
            row, place = batch.articles.get(read.id), known.get((ref.warc, ref.offset))
            if row is None or place is None or row.id not in ids or row.id in restored:
                continue
            is_same = row.capture_id in batch.lost_captures and has_content(row, read)
            if row.capture_id == place.id or is_same:
                rest_on(batch, row, read, place.id)
                restored.add(row.id)
        regroup(batch)
    return restored
