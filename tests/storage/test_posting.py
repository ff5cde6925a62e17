"""Families larger than the lists of their keys are still one group, in whatever order and batches they come."""

import random

import pytest

from replica.site import Site
from storage import posting
from storage.article import ArticleFilter, iterate_articles
from storage.database import Database
from storage.outcome import store_outcomes
from storage.tables import Base
from tests.storage.sample import at, read

BODY = Site(6, duplicate_share=0, near_duplicate_share=0).articles[5].expected["body"]
NOTICES = [f"{BODY}\n\nThe rate was {60 + number}.{10 + number} rubles on day {number}." for number in range(40)]


@pytest.mark.parametrize("size", [1, 7, 40])
def test_a_large_family_is_one_group_however_it_comes(
    database: Database, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(posting, "MOST_HOLDERS", 6)
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
