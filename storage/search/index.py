"""The search index, kept in step with the articles.

After each batch, the articles that it touched are compared with what the index has of them, by the numbers of their
revisions: whatever happened to an article, it is written anew, taken out, or left as it is. PostgreSQL's index follows
the table by itself; SQLite's is given what is new, and a trigger takes out of it whatever leaves the table.
"""

from collections.abc import Callable, Collection, Sequence

from sqlalchemy import delete, insert, or_, select
from sqlalchemy.orm import Session

from storage.audit import name_found
from storage.batch import IN_COUNT, execute_in
from storage.bulk import insert_rows
from storage.search.document import Searchable, read_document, render_vector, render_words
from storage.search.number import assign_numbers
from storage.search.table import INDEX, Searched
from storage.search.vocabulary import store_words
from storage.tables import Article, Base

Listener = Callable[[int, int], None]
"""Hears of the articles that are indexed, and of those that are to be."""

HELD_WORDS = 100_000
"""Different ones, before they are written: some MB. A batch has fewer, and writes each of its words once."""

CONTENT = tuple(getattr(Article, name) for name in Searchable._fields)


def index_articles(session: Session, ids: Collection[str]) -> None:
    """Bring the index in step with these articles, stored, changed or withdrawn."""
    _index(session, sorted(ids))


def index_all(session: Session, tell: Listener | None = None) -> int:
    """Bring it in step with all articles: an index that is empty gets them. Answers how many were not."""
    outdated = list_outdated(session)
    _index(session, outdated, tell)
    return len(outdated)


def list_outdated(session: Session) -> list[str]:
    """The articles that the index does not have as they are, and what it has of others that are not there."""
    is_outdated = or_(Searched.number.is_(None), Searched.revision != Article.revision)
    articles = select(Article.id).outerjoin(Searched, Searched.article_id == Article.id).where(is_outdated)
    others = select(Searched.article_id).where(~select(Article.id).where(Article.id == Searched.article_id).exists())
    # What lies together in the index is written together.
    ordered = articles.order_by(Article.published_at, Article.id)
    return [*session.scalars(ordered), *session.scalars(others)]


def audit_index(session: Session) -> list[str]:
    """A sentence where the index is not in step with the articles."""
    found = name_found("articles that the search index does not have as they are", list_outdated(session))
    return [found] if found else []


def _index(session: Session, ids: Sequence[str], tell: Listener | None = None) -> None:
    words: set[str] = set()
    for start in range(0, len(ids), IN_COUNT):
        words |= _index_part(session, ids[start : start + IN_COUNT])
        if len(words) >= HELD_WORDS:
            store_words(session, words)
            words.clear()
        if tell:
            tell(min(start + IN_COUNT, len(ids)), len(ids))
    store_words(session, words)


def _index_part(session: Session, ids: Sequence[str]) -> set[str]:
    """Answers the words of what was written."""
    columns = select(Searched.article_id, Searched.number, Searched.revision)
    indexed = {row[0]: (row[1], row[2]) for row in execute_in(session, columns, Searched.article_id, ids)}
    present = {row[0]: row[1] for row in execute_in(session, select(Article.id, Article.revision), Article.id, ids)}
    stale = [number for article_id, (number, revision) in indexed.items() if present.get(article_id) != revision]
    if stale:
        session.execute(delete(Searched).where(Searched.number.in_(stale)))
    fresh = [key for key, revision in present.items() if key not in indexed or indexed[key][1] != revision]
    return _add(session, fresh) if fresh else set()


def _add(session: Session, ids: Sequence[str]) -> set[str]:
    columns = select(Article.id, Article.published_at, Article.revision, *CONTENT)
    rows = {row[0]: row for row in execute_in(session, columns, Article.id, ids)}
    numbers = assign_numbers(session, {key: row[1] for key, row in rows.items()})
    documents = {key: read_document(Searchable(*rows[key][3:])) for key in ids}
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    render = render_words if is_sqlite else render_vector
    added = [(number, key, rows[key][2], render(documents[key])) for number, key in sorted(numbers.items())]
    insert_rows(
        session.connection(),
        Base.metadata.tables[Searched.__tablename__],
        ("number", "article_id", "revision", "document"),
        [added],
    )
    if is_sqlite:
        # By a trigger, FTS5 would write each article by itself; so it keeps what it gets in memory, and sorts it.
        written = select(Searched.number, Searched.document).where(Searched.number.in_(numbers))
        session.execute(insert(INDEX).from_select(["rowid", "document"], written.order_by(Searched.number)))
    return set().union(*(document.words for document in documents.values()))
