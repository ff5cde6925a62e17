"""Find articles by id or URL, and count them."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from schemas.article import ArticleRecord
from schemas.capture import CaptureRef
from schemas.model import Count, Record
from storage.export.block import read_records, select_articles
from storage.redactions.table import RedactionRow
from storage.reports.audit import filter_site
from storage.schema.tables import Alias, Article, Capture

MAX_IDS = 9
"""Ids named for one that is ambiguous."""

LAST_HEX_DIGIT = "g"
"""Sorts after all hexadecimal digits: a digest that goes on after the prefix comes before it."""


class ArticleCount(Record):
    """The number of articles in the archive."""

    article_count: Count
    """Without duplicates, as an export has them by default."""
    duplicate_count: Count


def find_article(session: Session, id_or_url: str) -> ArticleRecord | None:
    """Return the article with this record id, or with this canonical URL or alias; None if there is none."""
    by_id = select_articles().where(Article.id == id_or_url)
    by_alias = select_articles().join(Alias, Alias.entry_id == Article.entry_id).where(Alias.url == id_or_url)
    return next((one for rows in (by_id, by_alias) for one in read_records(session, rows)), None)


def list_articles(session: Session, ids: Sequence[str]) -> list[ArticleRecord]:
    """Return the articles with these record ids, in their order; those that there are."""
    found = {one.id: one for one in read_records(session, select_articles().where(Article.id.in_(ids)))}
    return [found[article_id] for article_id in ids if article_id in found]


def find_ids(session: Session, ids: Collection[str], prefix: str | None = None) -> list[str]:
    """Return those of the ids that articles have, and the ids with the prefix, sorted; at most `MAX_IDS`.

    Redacted articles are found too.
    """
    found: set[str] = set()
    for column in (Article.id, RedactionRow.id):
        conditions: list[ColumnElement[bool]] = [column.in_(ids)]
        if prefix is not None:
            conditions.append(column.between(prefix, f"{prefix}{LAST_HEX_DIGIT}"))
        found |= set(session.scalars(select(column).where(or_(*conditions)).order_by(column).limit(MAX_IDS)))
    return sorted(found)[:MAX_IDS]


def count_articles(session: Session, site: str | None = None) -> ArticleCount:
    """Count the stored articles, including imported ones; with a site, only its own."""
    counts = select(func.count(), func.count(Article.duplicate_of))
    count, duplicate_count = session.execute(filter_site(counts, Article.site, site)).one()
    return ArticleCount(article_count=count - duplicate_count, duplicate_count=duplicate_count)


def list_duplicates(session: Session, article_id: str) -> list[str]:
    """Return the ids of this article's duplicates."""
    return list(session.scalars(select(Article.id).where(Article.duplicate_of == article_id).order_by(Article.id)))


def as_ref(row: Capture) -> CaptureRef:
    """Return the location and digest of a stored capture."""
    return CaptureRef(warc=row.warc, offset=row.offset, length=row.length, sha256=row.sha256)
