"""Searches for a reader: both databases find, count and order the same."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import delete, text

from schemas.search import FacetValue, HitPage, ReaderFilter, SearchOrder
from storage.articles.article import list_articles
from storage.engine import Database, open_database
from storage.ledger.outcome import store_outcomes
from storage.outage import DatabaseLost, QueryTimedOut
from storage.schema.tables import Article
from storage.search.column_cache import ColumnCache
from storage.search.columns import REMEMBERED_COUNT
from storage.search.query import read_query
from storage.search.reading import iterate_found, read_page
from tests.storage.sample import START, read, read_text

ARTICLES: dict[int, dict[str, Any]] = {
    1: {"headline": "Sanctions Hit Banks", "section": "business", "agencies": ()},
    2: {"headline": "Peace Talks", "subtitle": "New sanctions", "tags": ("Oil", "Gas")},
    3: {"headline": "A Quiet Day", "body": "Of the White House, and sanctions.", "section": None},
    4: {"headline": "Без даты", "body": "Sanctions.", "published_at": None, "language": "ru"},
    5: {"headline": "An Evening", "body": "House, white.", "published_at": datetime(2026, 9, 30, 22, tzinfo=UTC)},
}


@pytest.fixture
def archive(database: Database) -> Database:
    outcomes = [read(number, number, **special) for number, special in ARTICLES.items()]
    with database.begin() as session:
        store_outcomes(session, [*outcomes, read_text(99, "A text of sanctions.")], run_id=None, now=START)
    return database


def ask(database: Database, query: str | None, limit: int = 20, cursor: str | None = None, **chosen: Any) -> HitPage:
    parsed = read_query(query) if query else None
    return read_page(database, ColumnCache(database), parsed, ReaderFilter(**chosen), limit, cursor)


def list_numbers(page: HitPage) -> list[str]:
    return [hit.id.rpartition(":")[2][:4] for hit in page.hits]


def test_hits_are_ordered_filtered_and_counted(archive: Database) -> None:
    page = ask(archive, "sanctions")
    text_number = page.hits[-2].id.rpartition(":")[2][:4] if page.hits[-1].id.endswith(":4") else ""
    assert list_numbers(page)[:2] == ["1", "2"]
    assert set(list_numbers(page)) == {"1", "2", "3", "4", text_number}
    assert list_numbers(page)[-1] == "4"  # it has no date
    assert (page.count.total_count, page.count.undated_count) == (5, 1)
    assert page.count.days == {date(2026, 10, 1): 4}
    assert page.count.facets["section"] == (
        FacetValue(value="news", count=3),
        FacetValue(value="business", count=1),
    )
    assert page.count.facets["author"][0] == FacetValue(value="Ann Author", count=5)
    assert FacetValue(value="AFP", count=4) in page.count.facets["author"]


@pytest.mark.parametrize(
    ("query", "chosen", "numbers"),
    [
        ('"white house"', {}, {"3"}),
        ("white house", {}, {"3", "5"}),
        (None, {"tag": "Gas"}, {"2"}),
        (None, {"section": "business"}, {"1"}),
        (None, {"language": "ru"}, {"4"}),
        (
            None,
            {"since": date(2026, 10, 1), "until": date(2026, 10, 1), "tag": "Kremlin", "section": "business"},
            {"1"},
        ),
        (None, {"until": date(2026, 9, 30)}, set()),  # in Moscow, the evening of the 30th is the 1st
    ],
)
def test_a_filter_takes_values_letter_for_letter(
    archive: Database, query: str | None, chosen: dict[str, Any], numbers: set[str]
) -> None:
    assert set(list_numbers(ask(archive, query, **chosen))) == numbers
    with archive.read_snapshot() as session:
        blocks = list(iterate_found(session, query or "", ReaderFilter(**chosen)))
    assert {article_id.rpartition(":")[2] for block in blocks for article_id in block["id"]} == numbers


@pytest.mark.parametrize("order", SearchOrder)
@pytest.mark.parametrize("query", ["sanctions", None])
def test_pages_by_cursor_are_the_whole(archive: Database, query: str | None, order: SearchOrder) -> None:
    whole = ask(archive, query, order=order)
    found: list[str] = []
    cursor = None
    for _ in whole.hits:
        page = ask(archive, query, 1, cursor, order=order)
        found += list_numbers(page)
        cursor = page.next_cursor
    assert cursor is None
    assert sorted(found) == sorted(list_numbers(whole))


def test_records_are_read_in_the_order_of_their_ids_that_is_asked_for(archive: Database) -> None:
    ids = [f"moscow-times:en:{number}" for number in (3, 1, 8, 2)]
    with archive.read() as session:
        assert [one.id for one in list_articles(session, ids)] == [ids[0], ids[1], ids[3]]
        assert list_articles(session, []) == []


def test_values_are_read_again_when_they_are_old_and_only_then(archive: Database) -> None:
    caches = {
        "old": ColumnCache(archive, min_age_seconds=0, age_factor=0, small_count=0),
        "new": ColumnCache(archive, min_age_seconds=1e6, small_count=0),
        "small": ColumnCache(archive, min_age_seconds=1e6),
    }
    first = {name: cache.get() for name, cache in caches.items()}
    with archive.begin() as session:
        store_outcomes(session, [read(7, 7, headline="Sanctions Again")], run_id=None, now=START)
    counts = {
        name: read_page(archive, cache, read_query("sanctions"), ReaderFilter(), 20).count.total_count
        for name, cache in caches.items()
    }
    assert counts == {"old": 6, "new": 5, "small": 6}
    assert caches["new"].get() is first["new"]


def test_an_article_that_was_withdrawn_is_no_hit_any_more(archive: Database) -> None:
    cache = ColumnCache(archive)
    cache.get()
    with archive.begin() as session:
        session.execute(delete(Article).where(Article.headline == "A Quiet Day"))
    page = read_page(archive, cache, read_query("quiet"), ReaderFilter(), 20)
    assert page.hits == ()


def test_records_of_hits_are_listed_in_the_order_that_is_asked_for(archive: Database) -> None:
    asked = [f"moscow-times:en:{number}" for number in (3, 1, 99999, 2)]
    with archive.read() as session:
        assert [one.id for one in list_articles(session, asked)] == [asked[0], asked[1], asked[3]]
        assert list_articles(session, []) == []


def test_what_takes_too_long_is_ended_and_the_connection_is_as_before(archive: Database) -> None:
    endless = {
        "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n",
        "postgresql": "SELECT pg_sleep(60)",
    }[archive.engine.dialect.name]
    limited = archive.limit_time(1)
    with pytest.raises(QueryTimedOut) as raised, limited.read() as session:
        session.execute(text(endless))
    assert isinstance(raised.value, DatabaseLost)
    assert str(raised.value).count("\n") == 0
    assert ask(limited, "sanctions").count.total_count == 5
    assert ask(archive, "sanctions").count.total_count == 5


def test_a_limit_does_not_outlive_its_transaction(new_file: Any) -> None:
    database = open_database(f"sqlite:///{new_file}")
    with database.limit_time(0.0001).read() as session:
        session.execute(text("SELECT 1"))
    counting = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 100000) SELECT count(*) FROM n"
    with database.read() as session:
        assert session.scalar(text(counting)) == 100_000
    database.close()


def test_what_is_remembered_is_of_this_search_alone(archive: Database) -> None:
    cache = ColumnCache(archive, min_age_seconds=1e6)
    wanted = [ReaderFilter(until=date(2026, 10, 1)), ReaderFilter(section="business"), ReaderFilter(language="ru")]
    for _ in range(2):
        for query, counts in (("sanctions", [4, 1, 1]), ("banks", [1, 1, 0]), ("nowhere", [0, 0, 0])):
            found = [read_page(archive, cache, read_query(query), one, 20).count.total_count for one in wanted]
            assert found == counts
    for number in range(REMEMBERED_COUNT + 2):
        read_page(archive, cache, read_query(f"word{number}"), wanted[0], 20)
    assert len(cache.get()._found) == REMEMBERED_COUNT  # noqa: SLF001 - what would grow forever
