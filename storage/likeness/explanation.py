"""Why an article is a duplicate: what it shares with the record that it was matched with."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.duplicate import DuplicateKind, Explanation
from storage.likeness.comparison import find_shared_paragraphs
from storage.likeness.shingle import Shingled
from storage.tables import Article


def find_explanation(session: Session, article_id: str) -> Explanation | None:
    """What shows that this article is a duplicate; None of one that is none, or of an unknown id."""
    row = session.get(Article, article_id)
    if row is None or row.duplicate_of is None or row.duplicate_kind is None:
        return None
    body = session.scalars(select(Article.body).where(Article.id == row.duplicate_of)).one()
    shared = find_shared_paragraphs(Shingled(row.body), Shingled(body))
    return Explanation(
        duplicate_of=row.duplicate_of,
        kind=DuplicateKind(row.duplicate_kind),
        similarity=row.similarity or 0.0,
        shared_paragraphs=shared,
        shared_word_count=sum(len(paragraph.split()) for paragraph in shared),
        word_count=row.word_count,
    )
