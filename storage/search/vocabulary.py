"""The words that articles have, by their stems: a query finds the other forms of its words.

The index itself has the words as they are written, so that a word in quotes and the beginning of a word mean just
that, and so that other rules of stemming change no index. Forms are looked up when somebody asks.
"""

from collections.abc import Collection, Iterable, Iterator

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from storage.ledger.unit_of_work import execute_in
from storage.search.table import SearchWord
from storage.search.word import list_stems

PART_COUNT = 10_000
"""Terms that are read at a time."""

MOST_FORMS = 64
"""Of a word: a Russian verb has so many."""

STORE = {
    "sqlite": "INSERT OR IGNORE INTO search_word (stem, word) VALUES (?, ?)",
    "postgresql": "INSERT INTO search_word (stem, word) SELECT * FROM unnest(%s::text[], %s::text[])"
    " ON CONFLICT DO NOTHING",
}
"""Some thousand words of a batch, nearly all of them known: past the compiler, a fifth of the time."""


MAKE_TERMS = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.search_term USING fts5vocab(main, search_index, row)"
LIST_TERMS = {
    "sqlite": "SELECT term FROM temp.search_term",
    "postgresql": "SELECT word FROM ts_stat('SELECT document FROM search')",
}
"""What the index itself has."""


FIND_UNFOUND = """
    SELECT term FROM temp.search_term
    WHERE NOT EXISTS (SELECT rowid FROM search_index WHERE search_index MATCH '"' || term || '"') LIMIT 1
"""


def store_words(session: Session, words: Iterable[str]) -> None:
    """Note words that may be new. A stem that is a word itself is looked for anyway."""
    rows = sorted(pair for pair in list_stems(words) if pair[0] != pair[1])
    if not rows:
        return
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(STORE["sqlite"], rows)
    else:
        connection.exec_driver_sql(STORE["postgresql"], tuple(map(list, zip(*rows, strict=True))))


def list_lost_words(session: Session) -> list[str]:
    """The words in the index that no other form of theirs leads to. All of its terms are read: some seconds."""
    pairs = {pair for pair in list_stems(_list_terms(session)) if pair[0] != pair[1]}
    stored = select(SearchWord.stem, SearchWord.word).execution_options(yield_per=PART_COUNT)
    pairs.difference_update(map(tuple, session.execute(stored)))
    return sorted(word for _, word in pairs)


def _list_terms(session: Session) -> Iterator[str]:
    """What stands in the index, each once."""
    kind = session.get_bind().dialect.name
    if kind == "sqlite":
        session.execute(text(MAKE_TERMS))
    yield from session.scalars(text(LIST_TERMS[kind]), execution_options={"yield_per": PART_COUNT})


def has_unfound_terms(session: Session) -> bool:
    """Whether SQLite's index has terms that it does not find: FTS5's own check does not look there."""
    session.execute(text(MAKE_TERMS))
    return session.scalar(text(FIND_UNFOUND)) is not None


def find_forms(session: Session, words: Collection[str]) -> dict[str, list[str]]:
    """Each word -> its stem and its other forms that articles have."""
    stems = {word: stem for stem, word in list_stems(words)}
    forms: dict[str, set[str]] = {stem: {stem} for stem in stems.values()}
    columns = select(SearchWord.stem, SearchWord.word)
    for stem, word in execute_in(session, columns, SearchWord.stem, forms.keys()):
        forms[stem].add(word)
    # Sorted here: each database has an order of its own.
    return {word: sorted(forms[stem] - {word})[:MOST_FORMS] for word, stem in stems.items()}
