"""The index stays in sync with the articles."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Text, cast, event, inspect, select, text, type_coerce
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Session

from schemas.outcome import ArticleRead, Outcome
from schemas.search import SearchFilter
from storage.engine import WRITES, Database, SchemaOutdated, migrate_database, open_database
from storage.integrity.page import audit_search, rebuild_search
from storage.ledger.outcome import store_outcomes
from storage.schema import migration
from storage.schema.tables import Article, Base
from storage.search import index
from storage.search.document import Searchable, read_document, render_vector, render_words
from storage.search.finding import search_articles
from storage.search.index import CONTENT, SECOND_BITS, assign_numbers, first_number
from storage.search.query import read_query
from storage.search.table import POSTGRESQL_INDEX, Searched, SearchWord
from tests.storage.sample import START, at, identify, miss, quarantine, read, read_text, redirect

NUMBERS = st.integers(1, 4)
HOURS = st.integers(0, 9)
HEADLINES = st.sampled_from(["War", "Peace talks"])
BODIES = st.sampled_from(["", "War and war.", "Other words."])
MOMENTS = st.sampled_from([None, START, at(1)])


def _outcome(offset: int) -> st.SearchStrategy[Outcome]:
    place = st.just(offset)
    return st.one_of(
        st.builds(read, place, NUMBERS, BODIES, HOURS, headline=HEADLINES, published_at=MOMENTS),
        st.builds(read, place, NUMBERS, BODIES, HOURS, headline=HEADLINES, published_at=MOMENTS),
        st.builds(read_text, place, BODIES.filter(bool)),
        st.builds(miss, place, NUMBERS, HOURS),
        st.builds(redirect, place, st.builds(identify, NUMBERS), st.builds(identify, NUMBERS), HOURS),
    )


COMPARE = text("INSERT INTO search_index (search_index, rank) VALUES ('integrity-check', 1)")
"""Has FTS5 compare its index with the table; it reports a difference as a malformed database."""

HISTORIES = st.integers(1, 10).flatmap(lambda count: st.tuples(*(_outcome(offset) for offset in range(count))))


def withdraw(outcome: ArticleRead) -> Outcome:
    """Return what later rules may make of a capture that was an article."""
    found = quarantine(outcome.seen.ref.offset, 1)
    return found.model_copy(update={"seen": outcome.seen, "identity": outcome.identity})


def audit_index(session: Session) -> None:
    """Assert that the index has exactly the current articles, each once."""
    articles = {row[0]: row for row in session.execute(select(Article.id, Article.published_at, *CONTENT))}
    rows = list(session.scalars(select(Searched).order_by(Searched.article_id)))
    assert [row.article_id for row in rows] == sorted(articles)
    for row in rows:
        _, published_at, *content = articles[row.article_id]
        document = read_document(Searchable(*content))
        second = row.number >> SECOND_BITS
        assert second == first_number(published_at) >> SECOND_BITS if published_at else second < 0
        assert row.document == _render(session, document)
    words = {"words"} if any("words" in row.body for row in articles.values()) else set()
    assert words <= set(session.scalars(select(SearchWord.word)))
    if session.get_bind().dialect.name == "sqlite":
        session.execute(COMPARE)


def _render(session: Session, document: Any) -> Any:
    if session.get_bind().dialect.name == "sqlite":
        return render_words(document)
    return session.scalar(select(cast(type_coerce(render_vector(document), Text), TSVECTOR)))


@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],  # it is emptied
)
@given(outcomes=HISTORIES, size=st.integers(1, 5), withdrawn=st.integers(0, 9))
def test_the_index_is_in_sync_after_any_history(
    database: Database, outcomes: tuple[Outcome, ...], size: int, withdrawn: int
) -> None:
    with database.begin() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())
    for start in range(0, len(outcomes), size):
        with database.begin() as session:
            store_outcomes(session, outcomes[start : start + size], run_id=None, now=at(100))
            audit_index(session)
    again = [
        withdraw(outcome) if outcome.seen.ref.offset == withdrawn else outcome
        for outcome in outcomes
        if isinstance(outcome, ArticleRead)
    ]
    with database.begin() as session:
        store_outcomes(session, again, run_id=None, now=at(200), is_reread=True)
        audit_index(session)


def find(database: Database, query: str) -> list[str]:
    return [hit.id for hit in search_articles(database, read_query(query), SearchFilter(limit=9))]


def test_a_large_index_is_written_in_batches(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "IN_COUNT", 1)
    monkeypatch.setattr(index, "MAX_BUFFERED_WORDS", 2)
    monkeypatch.setattr(index, "FTS_BATCH_COUNT", 2)
    bodies = ["Plants.", "Soldiers and factories.", "Elections.", "Bridges."]
    with database.begin() as session:
        store_outcomes(session, [read(one, one, body) for one, body in enumerate(bodies)], run_id=None, now=START)
        words = set(session.scalars(select(SearchWord.word)))
        audit_index(session)
    assert words >= {"plants", "soldiers", "factories", "elections", "bridges"}


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("DELETE FROM search_word", "10 words that are not found by their other forms: burned"),
        ("DELETE FROM search_word WHERE word = 'houses'", "1 words that are not found by their other forms: houses"),
        ("DELETE FROM search", "3 articles that are missing or outdated in the search index"),
        (
            "DELETE FROM search WHERE number = (SELECT max(number) FROM search)",
            "1 articles that are missing or outdated",
        ),
        ("UPDATE search SET revision = 7", "3 articles that are missing or outdated in the search index"),
        ("UPDATE search SET document = 'other words'", "3 articles that are missing or outdated|contradicts itself"),
        (
            "UPDATE search SET article_id = 'x' || article_id",
            "6 articles that are missing or outdated in the search index",
        ),
    ],
)
def test_an_inconsistent_index_is_detected_and_rebuilt(database: Database, statement: str, says: str) -> None:
    texts = ["Thirty houses burned; дома сгорели.", "The mayor's house stands in 2 towns.", "House of U.S. Senators"]
    with database.begin() as session:
        store_outcomes(session, [read(one, one, body) for one, body in enumerate(texts)], run_id=None, now=START)
    with database.read() as session:
        words = set(session.scalars(select(SearchWord.word)))
    assert {"houses", "дома", "senators"} <= words
    assert audit_search(database) == []
    with database.begin() as session:
        session.execute(text(statement))
    assert re.search(says, " ".join(audit_search(database)))
    rebuild_search(database)
    assert audit_search(database) == []
    with database.begin() as session:
        audit_index(session)
        assert set(session.scalars(select(SearchWord.word))) == words
    assert sorted(find(database, "house houses")) == [identify(one).key for one in range(3)]


def test_a_revision_is_found_only_by_its_new_words(database: Database) -> None:
    for outcome in (read(1, 1, "The first body."), read(2, 1, "Another text.", hours=1, headline="A New Headline")):
        with database.begin() as session:
            store_outcomes(session, [outcome], run_id=None, now=at(2))
    assert find(database, "first OR body") == find(database, 'headline:"a headline"') == []
    assert find(database, "another headline:new") == [identify(1).key]


def test_excess_articles_of_one_second_get_later_numbers(database: Database) -> None:
    count = (1 << SECOND_BITS) + 20
    dateless = [read(1000 + number, 1000 + number, published_at=None) for number in range(9)]
    for numbers in (range(1, 100), range(100, count + 1)):
        with database.begin() as session:
            outcomes = [read(number, number, published_at=START) for number in numbers]
            store_outcomes(session, [*outcomes, *dateless], run_id=None, now=START)
    with database.read() as session:
        found = [number >> SECOND_BITS for number in session.scalars(select(Searched.number))]
    second = first_number(START) >> SECOND_BITS
    dated = [number for number in found if number >= 0]
    assert (len(found), len(dated)) == (count + 9, count)
    assert found.count(second) > count / 2
    assert second <= min(dated) <= max(dated) < second + 8


def test_any_number_of_articles_of_one_second_get_numbers_in_a_few_tries(database: Database) -> None:
    asked: list[str] = []

    def note(*given: str) -> None:
        asked.append(given[2])

    event.listen(database.engine, "before_cursor_execute", note)
    with database.begin() as session:
        numbers = assign_numbers(session, {f"an-article:{number}": START for number in range(5_000)})
    event.remove(database.engine, "before_cursor_execute", note)
    second = first_number(START) >> SECOND_BITS
    assert len(set(numbers.values())) == 5_000
    assert second <= min(numbers) >> SECOND_BITS <= max(numbers) >> SECOND_BITS < second + 512
    assert len(asked) < 40


def test_a_later_second_has_a_larger_number() -> None:
    moments = [datetime.min.replace(tzinfo=UTC), START, at(1), datetime.max.replace(tzinfo=UTC)]
    numbers = [first_number(moment) for moment in moments]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] < 1 << 62


def _go_back(database: Database) -> None:
    with database.engine.execution_options(**{WRITES: True}).begin() as connection:
        migration.downgrade(connection, "0001")


def test_an_older_database_is_searchable_after_migration(database_url: str) -> None:
    database = open_database(database_url)
    tables = set(inspect(database.engine).get_table_names())
    outcomes = [read(number, number, f"Body {number}.", published_at=at(number)) for number in range(1, 600)]
    with database.begin() as session:
        store_outcomes(session, outcomes, run_id=None, now=START)
    before = find(database, "headline -598")
    _go_back(database)
    left = set(inspect(database.engine).get_table_names())
    assert not [name for name in left if "search" in name]
    assert POSTGRESQL_INDEX not in [one["name"] for name in left for one in inspect(database.engine).get_indexes(name)]
    database.close()
    with pytest.raises(SchemaOutdated, match="broadsheet migrate"):
        open_database(database_url)
    migrate_database(database_url)
    database = open_database(database_url)
    assert set(inspect(database.engine).get_table_names()) == tables
    assert find(database, "headline -598") == before
    assert before[:2] == [identify(599).key, identify(597).key]
    with database.begin() as session:
        audit_index(session)
    database.close()


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_downgrade_leaves_no_trigger(database: Database) -> None:
    _go_back(database)
    with database.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'")) == 0
