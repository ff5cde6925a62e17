"""Terms that readers have made are stored as those that the transaction makes, and only where they belong."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from replica.site import Site
from schemas.outcome import ArticleRead, Outcome
from storage.articles.terms import add_terms, make_terms
from storage.engine import Database
from storage.ledger.outcome import store_outcomes
from storage.schema.tables import Base
from storage.search.table import Searched, SearchWord
from tests.storage.sample import at, miss, read, read_text

TEXTS = [article.expected["body"] for article in Site(8).articles]
LONG = max(TEXTS, key=len)
CHANGED = LONG.replace("the", "a", 3)

BATCHES: list[list[Outcome]] = [
    [
        *(read(number, number, body, headline=f"Headline {number} of Путин") for number, body in enumerate(TEXTS, 1)),
        read(50, 50, CHANGED),
        read(51, 51, "Short."),
        read_text(60, LONG),
        read(70, 1, f"{TEXTS[0]}\n\nMore.", hours=2),
        read(71, 1, TEXTS[0], hours=1),
    ],
    [read(80, 2, LONG, hours=3, headline="Another headline"), read(81, 3, TEXTS[2], hours=3), miss(82, 4, 4)],
    [read(90, 2, TEXTS[1], hours=5, headline="Headline 2 of Путин"), read(91, 5, "Not newer.", hours=-1)],
]


def store(database: Database, batches: Sequence[Sequence[Outcome]]) -> dict[str, list[tuple[Any, ...]]]:
    """Store batches in an empty database; return the rows of all tables."""
    with database.begin() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())
    for batch in batches:
        with database.begin() as session:
            store_outcomes(session, batch, run_id=None, now=at(10))
    with database.read() as session:
        return {
            table.name: sorted(map(tuple, session.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
        }


def test_all_tables_are_the_same_with_terms_made_by_readers(database: Database) -> None:
    dialect = database.engine.dialect.name
    expected = store(database, BATCHES)
    assert store(database, [[add_terms(one, dialect) for one in batch] for batch in BATCHES]) == expected
    assert expected["search_word"]
    assert expected["near_duplicate_pair"]


def alter(outcome: ArticleRead, dialect: str) -> ArticleRead:
    """Return the outcome with terms that show whether they were used."""
    document = "altered" if dialect == "sqlite" else "'altered':1"
    terms = make_terms(outcome.article, dialect)._replace(document=document, forms=(("alter", "altered"),))
    return outcome.model_copy(update={"terms": terms})


def list_indexed(database: Database) -> tuple[list[bool], bool]:
    """Return which articles are indexed by altered terms, and whether their word is known."""
    with database.read() as session:
        documents = session.scalars(select(Searched.document).order_by(Searched.article_id))
        words = session.scalars(select(SearchWord.word))
        return ["altered" in one for one in documents], "altered" in set(words)


def test_the_terms_of_the_reader_are_inserted(database: Database) -> None:
    store(database, [[alter(read(1, 1), database.engine.dialect.name), read(2, 2)]])
    assert list_indexed(database) == ([True, False], True)


def test_terms_of_a_version_that_is_not_stored_are_not_used(database: Database) -> None:
    dialect = database.engine.dialect.name
    older = alter(read(2, 1, "An older text.", hours=-1), dialect)
    same_body = alter(read(3, 1, headline="An older headline", hours=-2), dialect)
    store(database, [[read(1, 1), older, same_body]])
    assert list_indexed(database) == ([False], False)


def test_terms_for_the_other_database_are_not_used(database: Database) -> None:
    other = {"sqlite": "postgresql", "postgresql": "sqlite"}[database.engine.dialect.name]
    store(database, [[alter(read(1, 1), other)]])
    assert list_indexed(database) == ([False], False)
