"""The publication day of an article whose publisher has no profile: that at its page's offset."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, update

from schemas.outcome import ArticleRead
from schemas.search import ReaderFilter, SearchFilter
from schemas.url import Identity
from storage.articles.calendar import count_months
from storage.articles.selection import ArticleFilter, iterate_articles
from storage.engine import WRITES, Database, migrate_database
from storage.ledger.frontier import audit_ledger
from storage.ledger.outcome import store_outcomes
from storage.reports.calendar import count_days
from storage.schema import migration
from storage.schema.tables import Article, Entry
from storage.search.column_cache import read_columns
from storage.search.finding import search_articles
from storage.search.query import read_query
from tests.storage.sample import at, see, write

EAST = (datetime(2026, 10, 31, 16, 30, tzinfo=UTC), "+09:00", date(2026, 11, 1))
WEST = (datetime(2026, 11, 1, 3, 30, tzinfo=UTC), "-05:00", date(2026, 10, 31))
HALF_HOUR_EAST = (datetime(2026, 10, 31, 18, 45, tzinfo=UTC), "+05:30", date(2026, 11, 1))
IN_UTC = (datetime(2026, 10, 31, 23, 30, tzinfo=UTC), "+00:00", date(2026, 10, 31))
UNKNOWN = (datetime(2026, 10, 31, 23, 45, tzinfo=UTC), None, date(2026, 10, 31))
ARTICLES = (EAST, WEST, HALF_HOUR_EAST, IN_UTC, UNKNOWN)
DAYS = {number: day for number, (_, _, day) in enumerate(ARTICLES)}


def read_unknown(number: int, published_at: datetime, offset: str | None, site: str = "generic") -> ArticleRead:
    url = f"https://{number}.example/story"
    identity = Identity(url=url, site=site, id=f"{site}:{url}")
    seen = see(number, url, at(0))
    times = {"published_at": published_at, "published_offset": offset}
    article = write(identity, seen, f"A lighthouse, number {number}.", site=site, edition=None, **times)
    return ArticleRead(seen=seen, identity=identity, article=article)


def store(database: Database, *outcomes: ArticleRead, is_reread: bool = False) -> None:
    with database.begin() as session:
        store_outcomes(session, outcomes, run_id=None, now=at(9), is_reread=is_reread)


def read_days(database: Database) -> tuple[dict[int, date | None], dict[int, tuple[date | None, str | None]]]:
    """Return the days of articles, and days and months of their entries."""
    of_article = select(Article.url, Article.published_on)
    of_entry = select(Entry.url, Entry.published_on, Entry.published_month)
    with database.read() as session:
        return (
            {int(url.split(".")[0][-1]): day for url, day in session.execute(of_article)},
            {int(url.split(".")[0][-1]): (day, month) for url, day, month in session.execute(of_entry)},
        )


EXPECTED = (DAYS, {number: (day, f"{day:%Y-%m}") for number, day in DAYS.items()})


@pytest.fixture
def filled(database: Database) -> Database:
    store(database, *(read_unknown(number, at, offset) for number, (at, offset, _) in enumerate(ARTICLES)))
    return database


def test_the_day_of_an_unknown_publishers_article_is_that_at_its_pages_offset(filled: Database) -> None:
    assert read_days(filled) == EXPECTED
    with filled.read() as session:
        assert audit_ledger(session) == []


def test_search_export_browse_coverage_and_the_histogram_go_by_that_day(filled: Database) -> None:
    november = date(2026, 11, 1)
    wanted = SearchFilter(since=november, until=november, limit=9)
    hits = search_articles(filled, read_query("lighthouse"), wanted)
    assert {(hit.published_at, hit.published_on) for hit in hits} == {
        (at, november) for at, _, day in ARTICLES if day == november
    }
    with filled.read() as session:
        exported = {one.published_at for one in iterate_articles(session, ArticleFilter(since=november))}
        months = count_months(session, ArticleFilter())
        year = count_days(session, 2026)
        places = read_columns(session).filter_places(None, ReaderFilter(since=november, include_duplicates=True))
    assert exported == {EAST[0], HALF_HOUR_EAST[0]}
    assert dict(months.months) == {"2026-10": 3, "2026-11": 2}
    assert {one.day: one.article_count for one in year.days if one.article_count} == {
        date(2026, 10, 31): 3,
        november: 2,
    }
    assert len(places) == 2


def test_another_offset_of_the_same_capture_moves_the_day(filled: Database) -> None:
    at, _, _ = UNKNOWN
    store(filled, read_unknown(4, at, "+02:00"), is_reread=True)
    articles, entries = read_days(filled)
    assert (articles[4], entries[4]) == (date(2026, 11, 1), (date(2026, 11, 1), "2026-11"))
    store(filled, read_unknown(4, at, None), is_reread=True)
    assert read_days(filled)[0] == DAYS


def test_the_offset_moves_no_day_of_a_publisher_with_a_profile(database: Database) -> None:
    at, offset, _ = EAST
    store(database, read_unknown(0, at, offset, site="moscow-times"))
    assert read_days(database) == ({0: date(2026, 10, 31)}, {0: (date(2026, 10, 31), "2026-10")})


def test_a_migration_moves_the_days_that_were_in_utc(filled: Database, database_url: str) -> None:
    with filled.begin() as session:
        for number, (at, _, _) in enumerate(ARTICLES):
            url = f"https://{number}.example/story"
            session.execute(update(Article).where(Article.url == url).values(published_on=at.date()))
            stored = update(Entry).where(Entry.url == url)
            session.execute(stored.values(published_on=at.date(), published_month=f"{at:%Y-%m}"))
    assert read_days(filled) != EXPECTED
    with filled.engine.execution_options(**{WRITES: True}).begin() as connection:
        migration.downgrade(connection, "0008")
    migrate_database(database_url)
    assert read_days(filled) == EXPECTED
