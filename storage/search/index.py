"""Keep the search index in sync with the articles.

After each batch, the touched articles are compared with the index by revision number, and rewritten, removed or left
unchanged. PostgreSQL maintains its index itself; SQLite's gets new rows here, and a trigger removes deleted ones.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import islice
from typing import Any, NamedTuple
from zlib import crc32

import orjson
from sqlalchemy import delete, insert, or_, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from schemas.article import content_sha256
from storage.articles.terms import NO_TERMS, ReadTerms
from storage.bulk import insert_rows
from storage.ledger.unit_of_work import IN_COUNT, execute_in, select_in
from storage.reports.audit import name_found
from storage.schema.tables import Article, Base
from storage.search.document import (
    Searchable,
    SearchDocument,
    read_document,
    render_document,
    render_vector,
    render_words,
)
from storage.search.table import INDEX, SQLITE_INDEX, SQLITE_TRIGGER, Searched, SearchWord
from storage.search.vocabulary import find_new_forms, list_lost_words, store_words
from storage.search.word import list_forms

SECOND_BITS = 8
"""Room for 256 articles of one second: old articles have a date but no time, and no date has more. Any excess spills
into the following seconds. Each further bit would enlarge the index, which stores the gaps between the numbers."""

BEGINNING = datetime.min.replace(tzinfo=UTC)

EASTERNMOST = timezone(timedelta(hours=14))
"""The zone in which each day begins first."""


def first_number(at: datetime) -> int:
    """Return the smallest number of this second; articles without a time have negative numbers."""
    return int((at - BEGINNING).total_seconds()) << SECOND_BITS


def first_number_of(day: date) -> int:
    """Return the smallest number that an article of this day or a later one can have, in whatever time zone it is."""
    return first_number(max(datetime.combine(day, time(), EASTERNMOST), BEGINNING))


def assign_numbers(session: Session, published_times: Mapping[str, datetime | None]) -> dict[int, str]:
    """Return number -> article id, ordered by publication time; within a second in no order."""
    assigned: dict[int, str] = {}
    waiting, tries = sorted(published_times), 0
    while waiting:
        wanted = {article_id: _number(article_id, published_times[article_id], tries) for article_id in waiting}
        taken = set(select_in(session, select(Searched.number), Searched.number, set(wanted.values())))
        for article_id, number in wanted.items():
            if number not in taken:
                assigned.setdefault(number, article_id)
        waiting = [article_id for article_id, number in wanted.items() if assigned.get(number) != article_id]
        tries += 1
    return assigned


def _number(article_id: str, at: datetime | None, tries: int) -> int:
    """Return a number to try; each further try doubles the range, so that any number of articles soon fits."""
    digest = crc32(article_id.encode(), tries)
    return -1 - digest if at is None else first_number(at) + digest % (1 << SECOND_BITS + tries)


IndexListener = Callable[[int, int], None]
"""Called with the number of articles indexed so far, and in total."""

FTS_BATCH_COUNT = 2_000
"""Articles inserted into FTS5 at a time, ordered by number: more than a batch. FTS5 flushes as soon as a smaller number
arrives, and separately written segments have to be merged."""

READ_COUNT = 10_000
"""Ids read at a time."""

MAX_BUFFERED_WORDS = 100_000
"""Distinct words buffered before they are written: some MB. A batch has fewer, and writes each word once."""

FIND_CHANGED_SQL = (
    "SELECT number FROM search JOIN unnest(%s::bigint[], %s::text[]) AS made (number, words) USING (number)"
    " WHERE document <> words::tsvector"
)
"""Only PostgreSQL itself can compare its vectors."""

CONTENT = tuple(getattr(Article, name) for name in Searchable._fields)

INDEXED = ("id", "published_at", "revision", *Searchable._fields[:-1], "content_sha256")
"""The columns that say what is indexed for an article: the digest in place of its body."""

NOTHING_NEW: Mapping[str, Mapping[str, Any]] = {}


class _Added(NamedTuple):
    """The numbers and words written for some articles."""

    numbers: Collection[int] = ()
    words: Collection[str] = ()
    forms: Sequence[Collection[tuple[str, str]]] = ()
    """By article, (stem, word) where the stems came with it."""


def index_articles(session: Session, ids: Collection[str], terms: ReadTerms = NO_TERMS) -> None:
    """Update the index for these articles, which were stored, changed or withdrawn."""
    _index(session, _split_batches(sorted(ids)), len(ids), terms=terms)


def index_documents(
    session: Session, ids: Collection[str], terms: ReadTerms, new: Mapping[str, Mapping[str, Any]]
) -> Collection[tuple[str, str]]:
    """Update the index as `index_articles`, but for the words that are new; return these, as (stem, word).

    They are stored with `insert_forms` at the end of a transaction: until then, others with the same words would wait.
    `new` has the columns of articles whose rows were just written, so that they need not be read.
    """
    forms: set[tuple[str, str]] = set()
    numbers: list[int] = []
    for part in _split_batches(sorted(ids)):
        added = _index_part(session, part, terms, new)
        forms.update(list_forms(added.words), *added.forms)
        numbers += added.numbers
    _insert_fts(session, numbers)
    return find_new_forms(session, forms)


def index_all(session: Session, on_progress: IndexListener | None = None) -> int:
    """Update the index for all articles that are missing or outdated; return how many were."""
    # All ids are read before the first write; as JSON, a million take a third of the memory.
    packed = [(len(part), orjson.dumps(part)) for part in _split_batches(_iterate_outdated(session))]
    count = sum(size for size, _ in packed)
    _index(session, (orjson.loads(ids) for _, ids in packed), count, on_progress)
    return count


def rebuild_index(session: Session, on_progress: IndexListener | None = None) -> None:
    """Rebuild the whole index and the vocabulary from the articles."""
    _empty(session)
    index_all(session, on_progress)


def _empty(session: Session) -> None:
    """Empty the index, whatever its state."""
    session.execute(delete(SearchWord))
    if not _is_sqlite(session):
        session.execute(delete(Searched))
        return
    # The trigger deletes from FTS5 by the words in the table, which may differ from those that were indexed.
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
    # Neighbours in the index are written together.
    for statement in (articles.order_by(Article.published_at, Article.id), others):
        yield from session.scalars(statement, execution_options={"yield_per": READ_COUNT})


def _split_batches(ids: Iterable[str]) -> Iterator[list[str]]:
    waiting = iter(ids)
    while part := list(islice(waiting, IN_COUNT)):
        yield part


def audit_index(session: Session) -> list[str]:
    """Return a sentence for each way in which the index disagrees with the articles. Reads every text."""
    outdated = [*_iterate_outdated(session), *_iterate_changed(session)]
    found = (
        name_found("articles that are missing or outdated in the search index", outdated),
        name_found("words that are not found by their other forms", list_lost_words(session)),
    )
    return [sentence for sentence in found if sentence]


def _iterate_changed(session: Session) -> Iterator[str]:
    """Yield the articles that are indexed at their current revision, but with other words."""
    columns = select(Searched.number, Searched.article_id, Article.content_sha256, *CONTENT)
    rows = columns.join(Article, Article.id == Searched.article_id).where(Searched.revision == Article.revision)
    for part in session.execute(rows, execution_options={"yield_per": IN_COUNT}).partitions():
        read = ((row[0], row[2], Searchable(*row[3:])) for row in part)
        # A body that does not match its digest is a different fault, and is repaired first.
        documents = {number: read_document(one) for number, digest, one in read if content_sha256(one.body) == digest}
        changed = _find_changed(session, documents)
        yield from (row[1] for row in part if row[0] in changed)


def _find_changed(session: Session, documents: Mapping[int, SearchDocument]) -> set[int]:
    """Return the numbers whose indexed words differ."""
    if _is_sqlite(session):
        stored = execute_in(session, select(Searched.number, Searched.document), Searched.number, documents.keys())
        return {number for number, words in stored if words != render_words(documents[number])}
    wanted = (list(documents), list(map(render_vector, documents.values())))
    return set(session.connection().exec_driver_sql(FIND_CHANGED_SQL, wanted).scalars())


def _index(
    session: Session,
    parts: Iterable[Sequence[str]],
    count: int,
    on_progress: IndexListener | None = None,
    terms: ReadTerms = NO_TERMS,
) -> None:
    words: set[str] = set()
    forms: set[tuple[str, str]] = set()
    numbers: list[int] = []
    done_count = 0
    for ids in parts:
        added = _index_part(session, ids, terms)
        words.update(added.words)
        forms.update(*added.forms)
        numbers += added.numbers
        if len(words) >= MAX_BUFFERED_WORDS:
            store_words(session, words)
            words.clear()
        if len(numbers) >= FTS_BATCH_COUNT:
            _insert_fts(session, numbers)
            numbers.clear()
        done_count += len(ids)
        if on_progress:
            on_progress(done_count, count)
    store_words(session, words, forms)
    _insert_fts(session, numbers)


def _index_part(
    session: Session, ids: Sequence[str], terms: ReadTerms, new: Mapping[str, Mapping[str, Any]] = NOTHING_NEW
) -> _Added:
    columns = select(Searched.article_id, Searched.number, Searched.revision)
    indexed = {row[0]: (row[1], row[2]) for row in execute_in(session, columns, Searched.article_id, ids)}
    present = {key: new[key]["revision"] for key in ids if key in new}
    others = [key for key in ids if key not in new]
    present |= {row[0]: row[1] for row in execute_in(session, select(Article.id, Article.revision), Article.id, others)}
    stale = [number for article_id, (number, revision) in indexed.items() if present.get(article_id) != revision]
    if stale:
        session.execute(delete(Searched).where(Searched.number.in_(stale)))
    fresh = [key for key, revision in present.items() if key not in indexed or indexed[key][1] != revision]
    return _add(session, fresh, terms, new) if fresh else _Added()


def _add(session: Session, ids: Sequence[str], terms: ReadTerms, new: Mapping[str, Mapping[str, Any]]) -> _Added:
    rows: dict[str, Sequence[Any]] = {key: [new[key][name] for name in INDEXED] for key in ids if key in new}
    columns = select(*(getattr(Article, name) for name in INDEXED))
    rows |= {row[0]: row for row in execute_in(session, columns, Article.id, [key for key in ids if key not in new])}
    dialect = session.get_bind().dialect.name
    found = {key: one for key, row in rows.items() if (one := terms.find(row[3:], dialect))}
    documents = _read_documents(session, rows.keys() - found.keys())
    words = {key: one.document for key, one in found.items()}
    words |= {key: render_document(one, dialect) for key, one in documents.items()}
    times = {key: row[1] for key, row in rows.items()}
    revisions = {key: row[2] for key, row in rows.items()}
    return _Added(
        _insert_documents(session, times, revisions, words),
        set().union(*(document.words for document in documents.values())),
        [one.forms for one in found.values()],
    )


def _insert_documents(
    session: Session,
    published_times: Mapping[str, datetime | None],
    revisions: Mapping[str, int],
    words: Mapping[str, str],
) -> Collection[int]:
    """Insert the rows of articles, and return their numbers.

    A transaction at the same time may take one of the numbers: this one waits for it, and then takes others.
    """
    table, names = Base.metadata.tables[Searched.__tablename__], ("number", "article_id", "revision", "document")
    former: Mapping[int, str] = {}
    while True:
        numbers = assign_numbers(session, published_times)
        added = [(number, key, revisions[key], words[key]) for number, key in sorted(numbers.items())]
        try:
            with session.connection().begin_nested():
                insert_rows(session.connection(), table, names, [added])
        except IntegrityError:
            if numbers == former:  # it is not for their numbers
                raise
            former = numbers
        else:
            return numbers.keys()


def _read_documents(session: Session, ids: Collection[str]) -> dict[str, SearchDocument]:
    rows = execute_in(session, select(Article.id, *CONTENT), Article.id, ids)
    return {row[0]: read_document(Searchable(*row[1:])) for row in rows}


def _insert_fts(session: Session, numbers: Sequence[int]) -> None:
    """Insert written rows into SQLite's index. A trigger would insert them one by one, in any order."""
    if numbers and _is_sqlite(session):
        written = select(Searched.number, Searched.document).where(Searched.number.in_(numbers))
        session.execute(insert(INDEX).from_select(["rowid", "document"], written.order_by(Searched.number)))


def merge_index(session: Session) -> None:
    """Merge SQLite's index into one piece, so that it has no terms of deleted rows. Reads and writes all of it."""
    if _is_sqlite(session):
        session.execute(insert(INDEX).values({SQLITE_INDEX: "optimize"}))


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
