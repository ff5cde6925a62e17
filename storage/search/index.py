"""The search index, kept in step with the articles.

After each batch, the articles that it touched are compared with what the index has of them, by the numbers of their
revisions: whatever happened to an article, it is written anew, taken out, or left as it is. PostgreSQL's index follows
the table by itself; SQLite's is given what is new, and a trigger takes out of it whatever leaves the table.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from itertools import islice
from typing import NamedTuple
from zlib import crc32

import orjson
from sqlalchemy import delete, insert, or_, select, text
from sqlalchemy.orm import Session

from schemas.article import content_sha256
from storage.bulk import insert_rows
from storage.ledger.publication_date import PUBLICATION_ZONE
from storage.ledger.unit_of_work import IN_COUNT, execute_in, select_in
from storage.reports.audit import name_found
from storage.schema.tables import Article, Base
from storage.search.document import Searchable, SearchDocument, read_document, render_vector, render_words
from storage.search.table import INDEX, SQLITE_INDEX, SQLITE_TRIGGER, Searched, SearchWord
from storage.search.vocabulary import list_lost_words, store_words

SLOT_BITS = 8
"""Of one second, 256 articles: old stock has a day and no time, and no day has more. Should one have, the rest of them
stand in the seconds after it. Each further bit would make the index larger: it keeps the gaps between the numbers."""

BEGINNING = datetime.min.replace(tzinfo=UTC)


def first_number(at: datetime) -> int:
    """The smallest number of what was published in this second; what has no time has a number below 0."""
    return int((at - BEGINNING).total_seconds()) << SLOT_BITS


def first_number_of(day: date) -> int:
    """The smallest number of what was published on this day, in Moscow, or later."""
    start = datetime.combine(day, time(), PUBLICATION_ZONE)
    return first_number(max(start, BEGINNING))  # in Moscow, the calendar begins some hours earlier


def assign_numbers(session: Session, moments: Mapping[str, datetime | None]) -> dict[int, str]:
    """Number -> article, by their publication times; within a second in any order."""
    assigned: dict[int, str] = {}
    waiting, tries = sorted(moments), 0
    while waiting:
        wanted = {article_id: _number(article_id, moments[article_id], tries) for article_id in waiting}
        taken = set(select_in(session, select(Searched.number), Searched.number, set(wanted.values())))
        for article_id, number in wanted.items():
            if number not in taken:
                assigned.setdefault(number, article_id)
        waiting = [article_id for article_id, number in wanted.items() if assigned.get(number) != article_id]
        tries += 1
    return assigned


def _number(article_id: str, at: datetime | None, tries: int) -> int:
    """Each further try has twice the room: however many are of one second, each finds a place in a few tries."""
    digest = crc32(article_id.encode(), tries)
    return -1 - digest if at is None else first_number(at) + digest % (1 << SLOT_BITS + tries)


IndexListener = Callable[[int, int], None]
"""Hears of the articles that are indexed, and of those that are to be."""

GIVEN_COUNT = 2_000
"""Articles that FTS5 gets at a time, in the order of their numbers: a batch and more. It writes what it holds as soon
as a smaller number comes, and what is written in pieces has to be merged."""

READ_COUNT = 10_000
"""Ids that are read at a time."""

HELD_WORDS = 100_000
"""Different ones, before they are written: some MB. A batch has fewer, and writes each of its words once."""

FIND_CHANGED = (
    "SELECT number FROM search JOIN unnest(%s::bigint[], %s::text[]) AS made (number, words) USING (number)"
    " WHERE document <> words::tsvector"
)
"""PostgreSQL alone can say what its words look like."""

CONTENT = tuple(getattr(Article, name) for name in Searchable._fields)


class _Added(NamedTuple):
    """What was written of some articles."""

    numbers: Collection[int]
    words: set[str]


def index_articles(session: Session, ids: Collection[str]) -> None:
    """Bring the index in step with these articles, stored, changed or withdrawn."""
    _index(session, _divide(sorted(ids)), len(ids))


def index_all(session: Session, tell: IndexListener | None = None) -> int:
    """Bring it in step with all articles: an index that is empty gets them. Answers how many were not."""
    # As JSON, a million ids take a third of the memory. They are all read before the first is written.
    packed = [(len(part), orjson.dumps(part)) for part in _divide(_iterate_outdated(session))]
    count = sum(size for size, _ in packed)
    _index(session, (orjson.loads(ids) for _, ids in packed), count, tell)
    return count


def rebuild_index(session: Session, tell: IndexListener | None = None) -> None:
    """Make the whole index anew from the articles, and the words that lead to their other forms."""
    _empty(session)
    index_all(session, tell)


def _empty(session: Session) -> None:
    """Whatever is in it, in whatever order."""
    session.execute(delete(SearchWord))
    if not _is_sqlite(session):
        session.execute(delete(Searched))
        return
    # The trigger would take each article out of FTS5 by the words that the table has: these may be others.
    trigger = session.scalar(text("SELECT sql FROM sqlite_schema WHERE name = :name"), {"name": SQLITE_TRIGGER})
    session.execute(text(f"DROP TRIGGER IF EXISTS {SQLITE_TRIGGER}"))
    session.execute(insert(INDEX).values({SQLITE_INDEX: "delete-all"}))
    session.execute(delete(Searched))
    if trigger:
        session.execute(text(trigger))


def _iterate_outdated(session: Session) -> Iterator[str]:
    is_outdated = or_(Searched.number.is_(None), Searched.revision != Article.revision)
    articles = select(Article.id).outerjoin(Searched, Searched.article_id == Article.id).where(is_outdated)
    others = select(Searched.article_id).where(~select(Article.id).where(Article.id == Searched.article_id).exists())
    # What lies together in the index is written together.
    for statement in (articles.order_by(Article.published_at, Article.id), others):
        yield from session.scalars(statement, execution_options={"yield_per": READ_COUNT})


def _divide(ids: Iterable[str]) -> Iterator[list[str]]:
    waiting = iter(ids)
    while part := list(islice(waiting, IN_COUNT)):
        yield part


def audit_index(session: Session) -> list[str]:
    """A sentence for what of the index is not as the articles say; every text is read."""
    outdated = [*_iterate_outdated(session), *_iterate_changed(session)]
    found = (
        name_found("articles that the search index does not have as they are", outdated),
        name_found("words that are not found by their other forms", list_lost_words(session)),
    )
    return [sentence for sentence in found if sentence]


def _iterate_changed(session: Session) -> Iterator[str]:
    """The articles that the index has in their present version, and with other words."""
    columns = select(Searched.number, Searched.article_id, Article.content_sha256, *CONTENT)
    rows = columns.join(Article, Article.id == Searched.article_id).where(Searched.revision == Article.revision)
    for part in session.execute(rows, execution_options={"yield_per": IN_COUNT}).partitions():
        read = ((row[0], row[2], Searchable(*row[3:])) for row in part)
        # A body that its digest does not know is another fault: it is written anew first.
        documents = {number: read_document(one) for number, digest, one in read if content_sha256(one.body) == digest}
        changed = _find_changed(session, documents)
        yield from (row[1] for row in part if row[0] in changed)


def _find_changed(session: Session, documents: Mapping[int, SearchDocument]) -> set[int]:
    """The numbers under which other words stand."""
    if _is_sqlite(session):
        stored = execute_in(session, select(Searched.number, Searched.document), Searched.number, documents.keys())
        return {number for number, words in stored if words != render_words(documents[number])}
    wanted = (list(documents), list(map(render_vector, documents.values())))
    return set(session.connection().exec_driver_sql(FIND_CHANGED, wanted).scalars())


def _index(session: Session, parts: Iterable[Sequence[str]], count: int, tell: IndexListener | None = None) -> None:
    words: set[str] = set()
    numbers: list[int] = []
    done_count = 0
    for ids in parts:
        added = _index_part(session, ids)
        words |= added.words
        numbers += added.numbers
        if len(words) >= HELD_WORDS:
            store_words(session, words)
            words.clear()
        if len(numbers) >= GIVEN_COUNT:
            _give(session, numbers)
            numbers.clear()
        done_count += len(ids)
        if tell:
            tell(done_count, count)
    store_words(session, words)
    _give(session, numbers)


def _index_part(session: Session, ids: Sequence[str]) -> _Added:
    columns = select(Searched.article_id, Searched.number, Searched.revision)
    indexed = {row[0]: (row[1], row[2]) for row in execute_in(session, columns, Searched.article_id, ids)}
    present = {row[0]: row[1] for row in execute_in(session, select(Article.id, Article.revision), Article.id, ids)}
    stale = [number for article_id, (number, revision) in indexed.items() if present.get(article_id) != revision]
    if stale:
        session.execute(delete(Searched).where(Searched.number.in_(stale)))
    fresh = [key for key, revision in present.items() if key not in indexed or indexed[key][1] != revision]
    return _add(session, fresh) if fresh else _Added((), set())


def _add(session: Session, ids: Sequence[str]) -> _Added:
    columns = select(Article.id, Article.published_at, Article.revision, *CONTENT)
    rows = {row[0]: row for row in execute_in(session, columns, Article.id, ids)}
    numbers = assign_numbers(session, {key: row[1] for key, row in rows.items()})
    documents = {key: read_document(Searchable(*rows[key][3:])) for key in ids}
    render = render_words if _is_sqlite(session) else render_vector
    added = [(number, key, rows[key][2], render(documents[key])) for number, key in sorted(numbers.items())]
    insert_rows(
        session.connection(),
        Base.metadata.tables[Searched.__tablename__],
        ("number", "article_id", "revision", "document"),
        [added],
    )
    return _Added(numbers.keys(), set().union(*(document.words for document in documents.values())))


def _give(session: Session, numbers: Sequence[int]) -> None:
    """To SQLite's index, what was written. By a trigger, it would get each article by itself, and in any order."""
    if numbers and _is_sqlite(session):
        written = select(Searched.number, Searched.document).where(Searched.number.in_(numbers))
        session.execute(insert(INDEX).from_select(["rowid", "document"], written.order_by(Searched.number)))


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
