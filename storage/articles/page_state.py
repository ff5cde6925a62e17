"""Tells cheaply whether the pages of an article have changed: a digest of everything that they show."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from schemas.article import ArticleRecord
from schemas.export import ArticleFilter
from storage.articles.selection import iterate_blocks
from storage.export.block import list_records
from storage.schema.tables import Article, Capture, Revision


class PageState(NamedTuple):
    """An article, and what its pages rest on."""

    record: ArticleRecord
    digest: bytes
    related_ids: tuple[str, ...]
    """Articles that its pages name."""


def iterate_page_states(session: Session, wanted: ArticleFilter) -> Iterator[PageState]:
    """Yield the selected articles, in the order of an export."""
    for block in iterate_blocks(session, wanted):
        records = list(list_records(block))
        facts = _read_facts(session, records)
        for record in records:
            related, others = facts[record.id]
            digest = hashlib.sha256(record.model_dump_json().encode())
            digest.update(repr(sorted(others, key=repr)).encode())
            yield PageState(record, digest.digest(), tuple(sorted(related)))


def _read_facts(session: Session, records: list[ArticleRecord]) -> dict[str, tuple[set[str], list[Any]]]:
    """Return of each article the ids that its pages name, and the rows that they show."""
    ids = [one.id for one in records]
    facts: dict[str, tuple[set[str], list[Any]]] = defaultdict(lambda: (set(), []))
    duplicates = select(Article.duplicate_of, Article.id, Article.content_sha256).where(Article.duplicate_of.in_(ids))
    for of, article_id, digest in session.execute(duplicates):
        facts[of][0].add(article_id)
        facts[of][1].append(("duplicate", article_id, digest))
    primaries = {one.duplicate_of for one in records if one.duplicate_of}
    found = session.execute(select(Article.id, Article.content_sha256).where(Article.id.in_(primaries)))
    digests = {article_id: digest for article_id, digest in found}  # noqa: C416 - rows are no pairs to mypy
    for one in records:
        if one.duplicate_of:
            facts[one.id][0].add(one.duplicate_of)
            facts[one.id][1].append(("primary", digests.get(one.duplicate_of)))
    versions = select(
        Revision.article_id, Revision.number, Revision.content_sha256, Revision.headline, Revision.revised_at
    ).where(Revision.article_id.in_(ids))
    for article_id, *row in session.execute(versions):
        facts[article_id][1].append(("version", *map(str, row)))
    is_own = or_(Capture.entry_id == Article.entry_id, Capture.id == Article.capture_id)
    captures = select(Article.id, Capture.warc, Capture.offset, Capture.length).join(Capture, is_own)
    for article_id, *row in session.execute(captures.where(Article.id.in_(ids))):
        facts[article_id][1].append(("capture", *row))
    return facts
