"""Check the LSH index and near-duplicate pairs (`storage.near_duplicates`) against the texts, and rebuild them."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session, aliased

from schemas.article import content_sha256
from storage.ledger.unit_of_work import IN_COUNT, UnitOfWork, load_articles, select_in
from storage.near_duplicates.comparison import Shingled
from storage.near_duplicates.grouping import find_groups, regroup
from storage.near_duplicates.lsh_index import LEVELS, ArticleText, NearDuplicatePair, find_known_keys
from storage.reports.audit import name_found
from storage.schema.tables import Article

PRIMARY, MIRRORED = aliased(Article), aliased(NearDuplicatePair)

IS_COMPARED = exists().where(ArticleText.content_sha256 == Article.content_sha256, ArticleText.is_current)
IS_MIRRORED = exists().where(
    MIRRORED.text_id == NearDuplicatePair.other_id, MIRRORED.other_id == NearDuplicatePair.text_id
)


def audit_near_duplicates(session: Session) -> list[str]:
    """Return a sentence for each kind of loss. Reads every text."""
    one_sided = session.scalar(select(func.count()).select_from(NearDuplicatePair).where(~IS_MIRRORED))
    found = (
        name_found("articles whose text is missing from the LSH index", sorted(_list_uncompared(session))),
        name_found(
            "duplicates without a stored near-duplicate pair to their primary", sorted(_list_ungrouped(session))
        ),
        f"{one_sided} near-duplicate pairs are stored in one direction only" if one_sided else "",
    )
    return [sentence for sentence in found if sentence]


def rebuild_near_duplicates(session: Session, now: datetime) -> None:
    """Rebuild the LSH index and pairs from all texts, and regroup all articles."""
    for level in LEVELS:
        session.execute(delete(level))
    session.execute(delete(NearDuplicatePair))
    session.execute(delete(ArticleText))
    ids = session.scalars(select(Article.id).order_by(Article.id)).all()
    with session.no_autoflush:  # the batch writes itself
        for start in range(0, len(ids), IN_COUNT):
            part = set(ids[start : start + IN_COUNT])
            regroup(UnitOfWork(session, None, now, articles={row.id: row for row in load_articles(session, part)}))
            session.expunge_all()


def _list_uncompared(session: Session) -> set[str]:
    """Return the articles whose text's near-duplicates would not be found."""
    return {*session.scalars(select(Article.id).where(Article.word_count > 0, ~IS_COMPARED)), *_list_keyless(session)}


def _list_keyless(session: Session) -> Iterator[str]:
    """Yield the articles with a missing LSH key. A common key is not stored for each text, but leads to some."""
    columns = select(Article.id, Article.content_sha256, Article.body).where(Article.word_count > 0)
    for rows in session.execute(columns, execution_options={"yield_per": IN_COUNT}).partitions():
        # A body that does not match its digest is a different fault, and is repaired first.
        keys = {row[0]: Shingled(row[2]).list_keys() for row in rows if content_sha256(row[2]) == row[1]}
        stored_keys = find_known_keys(session, set().union(*keys.values()))
        yield from (article_id for article_id, own_keys in keys.items() if not own_keys <= stored_keys)


def _list_ungrouped(session: Session) -> Iterator[str]:
    """Yield the duplicates that are not in their primary's group, though their texts differ."""
    columns = select(Article.id, Article.content_sha256, PRIMARY.content_sha256)
    pairs = columns.join(PRIMARY, PRIMARY.id == Article.duplicate_of).where(
        Article.duplicate_of > "", Article.content_sha256 != PRIMARY.content_sha256
    )
    rows = session.execute(pairs).all()
    digests = {digest for row in rows for digest in row[1:]}
    numbers = set(select_in(session, select(ArticleText.id), ArticleText.content_sha256, digests))
    group_numbers = {
        digest: group_number for group_number, group in enumerate(find_groups(session, numbers)) for digest in group
    }
    yield from (
        row[0] for row in rows if row[1] not in group_numbers or group_numbers[row[1]] != group_numbers.get(row[2])
    )
