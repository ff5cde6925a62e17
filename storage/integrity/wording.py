"""Texts that have lost what their likes are found by: they are compared with all others again."""

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import delete, except_, or_, select, update
from sqlalchemy.orm import Session

from storage.audit import name_found
from storage.batch import Batch, execute_in, load_articles, select_in
from storage.likeness.grouping import regroup
from storage.likeness.posting import LEVELS, are_held
from storage.likeness.shingle import Shingled
from storage.likeness.table import Likeness, Wording
from storage.tables import Article

IS_COMPARED = select(Wording.id).where(Wording.content_sha256 == Article.content_sha256, Wording.is_current).exists()


def list_uncompared(session: Session) -> list[str]:
    """The ids of the articles with a text that nothing like it would be found of."""
    unknown = select(Article.id).where(Article.word_count > 0, ~IS_COMPARED)
    return sorted({*session.scalars(unknown), *_list_keyless(session)})


def audit_wordings(session: Session) -> list[str]:
    """A sentence where texts are not compared with others."""
    found = name_found("articles whose text is compared with no other", list_uncompared(session))
    return [found] if found else []


def forget_unknown(session: Session) -> None:
    """Take away what is left of texts without a row: new ones may get their numbers."""
    known = select(Wording.id)
    for level in LEVELS:
        session.execute(delete(level).where(level.wording_id.not_in(known)))
    session.execute(delete(Likeness).where(or_(Likeness.wording_id.not_in(known), Likeness.other_id.not_in(known))))


def compare_anew(session: Session, ids: Collection[str], now: datetime) -> None:
    """Compare the texts of these articles with all others, as if they were new; say whose duplicates they are."""
    with session.no_autoflush:  # a batch writes itself
        batch = Batch(session, None, now, articles={row.id: row for row in load_articles(session, set(ids))})
        digests = {row.content_sha256 for row in batch.articles.values()}
        numbers = set(select_in(session, select(Wording.id), Wording.content_sha256, digests))
        if numbers:
            _forget(session, numbers)
        regroup(batch)


def _forget(session: Session, numbers: set[int]) -> None:
    """That these texts are compared, and what they are like; so they come back as those that articles have again."""
    neighbours = set(select_in(session, select(Likeness.other_id), Likeness.wording_id, numbers))
    for number in neighbours:
        session.execute(delete(Likeness).where(Likeness.wording_id == number, Likeness.other_id.in_(numbers)))
    session.execute(delete(Likeness).where(Likeness.wording_id.in_(numbers)))
    session.execute(update(Wording), [{"id": number, "is_current": False} for number in sorted(numbers)])


def _list_keyless(session: Session) -> Iterator[str]:
    """Of texts without any key: one that too many others have is not noted, but leads to those."""
    with_keys = [select(level.wording_id) for level in LEVELS]
    numbers = session.scalars(except_(select(Wording.id).where(Wording.is_current), *with_keys)).all()
    texts = select(Article.id, Article.body).join(Wording, Wording.content_sha256 == Article.content_sha256)
    for article_id, body in execute_in(session, texts, Wording.id, numbers):
        if not are_held(session, Shingled(body).list_keys()):
            yield article_id
