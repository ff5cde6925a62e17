"""Groups larger than the limit of texts per key are still found, in any order and batches."""

import random

import pytest
from sqlalchemy import event, select

from replica.site import Site
from storage.articles.selection import ArticleFilter, iterate_articles
from storage.engine import Database
from storage.ledger.outcome import store_outcomes
from storage.near_duplicates import lsh_index
from storage.near_duplicates.comparison import Shingled
from storage.near_duplicates.lsh_index import LshKeyLevel0, LshKeyLevel1, LshKeyLevel2
from storage.schema.tables import Base
from tests.storage.sample import at, read

BODY = Site(6, duplicate_share=0, near_duplicate_share=0).articles[5].expected["body"]
NOTICES = [f"{BODY}\n\nThe rate was {60 + number}.{10 + number} rubles on day {number}." for number in range(40)]


@pytest.mark.parametrize("size", [1, 7, 40])
def test_a_large_group_is_found_in_any_order_and_batches(
    database: Database, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(lsh_index, "MAX_TEXTS_PER_KEY", 6)
    numbers = list(range(len(NOTICES)))
    random.Random(size).shuffle(numbers)
    with database.begin() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())
    for start in range(0, len(numbers), size):
        outcomes = [read(1 + number, 1 + number, NOTICES[number]) for number in numbers[start : start + size]]
        with database.begin() as session:
            store_outcomes(session, outcomes, run_id=None, now=at(100))
    with database.read() as session:
        stored = list(iterate_articles(session, ArticleFilter(include_duplicates=True)))
    primaries = {one.duplicate_of for one in stored if one.duplicate_of}
    assert len(stored) == len(NOTICES)
    assert primaries == {min(one.id for one in stored)}
    assert sum(one.duplicate_of is None for one in stored) == 1


def test_a_text_with_a_repetitive_start_is_compared_by_all_of_it() -> None:
    texts = [" ".join(["again and"] * 60 + [f"word{number}" for number in range(count)]) for count in (20, 60)]
    assert [bool(Shingled(text).list_keys()) for text in texts] == [False, True]


def make_text(number: int) -> str:
    return " ".join(random.Random(number).choices(BODY.split(), k=60))


def test_keys_move_from_level_to_level_and_are_found_in_each(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lsh_index, "STEP_TEXTS", (2, 8))
    monkeypatch.setattr(lsh_index, "SLICE_COUNT", 4)
    texts = {number: make_text(number) for number in range(101, 161)}
    batches = [
        *([number] for number in range(101, 121)),
        list(range(121, 142)),
        *([number] for number in range(142, 161)),
    ]
    for numbers in batches:
        with database.begin() as session:
            store_outcomes(session, [read(n, n, texts[n]) for n in numbers], run_id=None, now=at(100))
    with database.read() as session:
        levels = [
            session.execute(select(level.key, level.text_id)).all()
            for level in (LshKeyLevel0, LshKeyLevel1, LshKeyLevel2)
        ]
    assert all(levels)
    assert sorted(key for level in levels for key, _ in level) == sorted(
        key for text in texts.values() for key in Shingled(text).list_keys()
    )
    copies = [read(100 + number, 100 + number, f"{texts[number]} The end.") for number in texts]
    with database.begin() as session:
        assert store_outcomes(session, copies, run_id=None, now=at(100)) == {"duplicate": 60, "request": 60, "page": 60}


def test_the_bodies_of_all_candidates_are_read_together(database: Database) -> None:
    stored = [read(1 + number, 1 + number, body) for number, body in enumerate(NOTICES[:-1])]
    with database.begin() as session:
        store_outcomes(session, stored, run_id=None, now=at(100))
    statements: list[str] = []

    def record(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    event.listen(database.engine, "before_cursor_execute", record)
    try:
        with database.begin() as session:
            store_outcomes(session, [read(100, 100, NOTICES[-1])], run_id=None, now=at(100))
    finally:
        event.remove(database.engine, "before_cursor_execute", record)
    assert sum(one.startswith("SELECT article.id, article.body") for one in statements) == 1
