"""The words of all articles by stem, through which a query finds other forms of its words.

The index itself has the words unstemmed, so that quoted words and prefixes match literally, and a change of stemming
rules does not change the index. Forms are looked up at query time.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from storage.ledger.unit_of_work import execute_in
from storage.search.table import SearchWord
from storage.search.word import list_forms, list_stems

READ_COUNT = 10_000
"""Terms read at a time."""

MAX_FORMS = 64
"""Maximum forms of a word: as many as a Russian verb has."""

INSERT_SQL = {
    "sqlite": "INSERT OR IGNORE INTO search_word (stem, word) VALUES (?, ?)",
    "postgresql": "INSERT INTO search_word (stem, word)"
    " SELECT * FROM unnest(string_to_array(%s, ' '), string_to_array(%s, ' ')) ON CONFLICT DO NOTHING",
}
"""Inserts some thousand words of a batch, nearly all of them known; raw SQL takes a fifth of the time."""


FIND_NEW_SQL = """
    SELECT stem, word FROM unnest(string_to_array(%s, ' '), string_to_array(%s, ' ')) AS asked (stem, word)
    WHERE NOT EXISTS (SELECT FROM search_word AS held WHERE held.stem = asked.stem AND held.word = asked.word)
"""

CREATE_TERMS_SQL = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.search_term USING fts5vocab(main, search_index, row)"
LIST_TERMS_SQL = {
    "sqlite": "SELECT term FROM temp.search_term",
    "postgresql": "SELECT word FROM ts_stat('SELECT document FROM search')",
}
"""Lists the terms in the index itself."""


FIND_TERM_SQL = {
    "sqlite": "SELECT 1 FROM temp.search_term WHERE term = :word",
    "postgresql": "SELECT 1 FROM search WHERE document @@ CAST(:word AS tsquery) LIMIT 1",
}
"""Finds whether any article has a word."""

FIND_UNFOUND_SQL = """
    SELECT term FROM temp.search_term
    WHERE NOT EXISTS (SELECT rowid FROM search_index WHERE search_index MATCH '"' || term || '"') LIMIT 1
"""


def store_words(session: Session, words: Iterable[str], forms: Iterable[tuple[str, str]] = ()) -> None:
    """Store words that may be new, and those whose stems are known as (stem, word)."""
    insert_forms(session, {*list_forms(words), *forms})


def insert_forms(session: Session, forms: Collection[tuple[str, str]]) -> None:
    """Store words that may be new, as (stem, word)."""
    if not forms:
        return
    rows = sorted(forms)
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(INSERT_SQL["sqlite"], rows)
    else:
        connection.exec_driver_sql(INSERT_SQL["postgresql"], _join(rows))


def find_new_forms(session: Session, forms: Collection[tuple[str, str]]) -> Collection[tuple[str, str]]:
    """Return those of these words, as (stem, word), that may be new: on SQLite, inserting all takes no longer."""
    connection = session.connection()
    if not forms or connection.dialect.name == "sqlite":
        return forms
    return [(stem, word) for stem, word in connection.exec_driver_sql(FIND_NEW_SQL, _join(sorted(forms)))]


def _join(forms: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Return the stems and the words, each between spaces, which none has: an array takes ten times as long to bind."""
    return " ".join(stem for stem, _ in forms), " ".join(word for _, word in forms)


def remove_unused_words(session: Session, words: Collection[str]) -> None:
    """Remove those of these words that no article has any more."""
    kind = session.get_bind().dialect.name
    if kind == "sqlite":
        session.execute(text(CREATE_TERMS_SQL))
    find = text(FIND_TERM_SQL[kind])
    for word in sorted(words):
        values = {"word": word} if kind == "sqlite" else {"word": f"'{word}'"}
        if not session.scalar(find, values):
            session.execute(delete(SearchWord).where(SearchWord.word == word))


def list_lost_words(session: Session) -> list[str]:
    """Return the indexed words that are missing here. Reads all of the index's terms: some seconds."""
    pairs = set(list_forms(_list_terms(session)))
    stored = select(SearchWord.stem, SearchWord.word).execution_options(yield_per=READ_COUNT)
    pairs.difference_update(map(tuple, session.execute(stored)))
    return sorted(word for _, word in pairs)


def _list_terms(session: Session) -> Iterator[str]:
    """Yield the distinct terms of the index."""
    kind = session.get_bind().dialect.name
    if kind == "sqlite":
        session.execute(text(CREATE_TERMS_SQL))
    yield from session.scalars(text(LIST_TERMS_SQL[kind]), execution_options={"yield_per": READ_COUNT})


def has_unfound_terms(session: Session) -> bool:
    """Whether SQLite's index has terms that a search does not find, which FTS5's own check does not detect."""
    session.execute(text(CREATE_TERMS_SQL))
    return session.scalar(text(FIND_UNFOUND_SQL)) is not None


def find_forms(session: Session, words: Collection[str]) -> dict[str, list[str]]:
    """Return, for each word, its stem and the other forms that articles have."""
    stems = {word: stem for stem, word in list_stems(words)}
    forms: dict[str, set[str]] = {stem: {stem} for stem in stems.values()}
    columns = select(SearchWord.stem, SearchWord.word)
    for stem, word in execute_in(session, columns, SearchWord.stem, forms.keys()):
        forms[stem].add(word)
    # Sorted here, because the databases' orders differ.
    return {word: sorted(forms[stem] - {word})[:MAX_FORMS] for word, stem in stems.items()}
