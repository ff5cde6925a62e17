"""One small archive, searched on each database: both return the same hits in the same order."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.article import Kind
from schemas.search import SearchFilter, SearchHit, SearchOrder
from storage.engine import Database
from storage.ledger.outcome import store_outcomes
from storage.search.document import MAX_POSITIONS, MAX_REPEATS, MAX_WORDS
from storage.search.finding import count_hits, search_articles
from storage.search.query import QueryEmpty, read_query
from tests.storage.sample import START, read, read_text


def on(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 10, day, hour, tzinfo=UTC)


COPY = " ".join(f"word{number}" for number in range(60))

ARTICLES: dict[int, dict[str, Any]] = {
    1: {"headline": "Sanctions Hit Banks", "body": "The Kremlin said so.", "published_at": on(1)},
    2: {"headline": "Peace Talks", "subtitle": "New sanctions", "body": "Vladimir Putin spoke.", "published_at": on(2)},
    3: {"headline": "A Quiet Day", "body": "Putin, Vladimir by name, was sanctioned.", "published_at": on(3)},
    4: {"headline": "Oil Prices", "body": "Long-range missiles; the U.S. Navy.", "published_at": on(4)},
    5: {
        "headline": "Санкции против банков",
        "body": "Ёлка и «Новая газета».",
        "published_at": on(5),
        "section": "Россия",
    },
    6: {
        "headline": "Café Škoda",
        "body": "Range was long. Price: 10.5 rubles.",
        "published_at": on(6),
        "tags": ("Oil",),
    },
    7: {"headline": "О санкциях", "body": "Мой чай; мои чаи.", "published_at": on(7), "authors": ("Anna Ivanova",)},
    8: {"headline": "In Brief", "body": COPY, "published_at": on(8), "agencies": ("Reuters",)},
    9: {"headline": "In Brief", "body": COPY, "published_at": on(9, 21), "section": "In-depth"},
    10: {"headline": "No Date", "body": "Sanctions were discussed.", "published_at": None, "section": "Meanwhile"},
}


@pytest.fixture
def archive(database: Database) -> Database:
    plain: dict[str, Any] = {"tags": (), "agencies": ()}
    outcomes = [read(number, number, **(plain | special)) for number, special in ARTICLES.items()]
    with database.begin() as session:
        store_outcomes(session, [*outcomes, read_text(99, "An imported text of sanctions.")], run_id=None, now=START)
    return database


def ask(database: Database, query: str, **chosen: Any) -> list[SearchHit]:
    return search_articles(database, read_query(query), SearchFilter(**({"limit": 20} | chosen)))


def number_of(hit: SearchHit) -> int:
    return int(hit.id.rpartition(":")[2], 16) if hit.id.startswith("text:") else int(hit.id.rpartition(":")[2])


def find(database: Database, query: str, **chosen: Any) -> list[int]:
    """Return the numbers of the articles found; 0 is the imported text, of the 1st and tagged Kremlin."""
    return [0 if hit.id.startswith("text:") else number_of(hit) for hit in ask(database, query, **chosen)]


@pytest.mark.parametrize(
    ("order", "numbers"),
    [
        (SearchOrder.RELEVANCE, [1, 2, 3, 0, 10]),
        (SearchOrder.NEWEST, [3, 2, 1, 0, 10]),
        (SearchOrder.OLDEST, [1, 0, 2, 3, 10]),
    ],
)
def test_hits_come_in_the_order_asked_for_and_page_by_page(
    archive: Database, order: SearchOrder, numbers: list[int]
) -> None:
    assert find(archive, "sanctions", order=order) == numbers
    pages = [find(archive, "sanctions", order=order, offset=offset, limit=2) for offset in range(0, 8, 2)]
    assert pages == [numbers[:2], numbers[2:4], numbers[4:], []]


def test_all_matches_are_counted_and_undated_ones_that_days_leave_out(archive: Database) -> None:
    def count(**chosen: Any) -> tuple[int, int]:
        counted = count_hits(archive, read_query("sanctions"), SearchFilter(limit=1, **chosen))
        return counted.total_count, counted.undated_count

    assert count() == (5, 0)
    assert count(since=date(2026, 10, 2)) == (2, 1)
    assert count(until=date(2026, 10, 1)) == (2, 1)
    assert count(language="ru") == (0, 0)


def test_a_search_is_filtered_by_kind_language_and_site(archive: Database) -> None:
    everywhere = find(archive, "sanctions")
    assert everywhere
    assert find(archive, "sanctions", kind=Kind.ARTICLE, language="en", site="moscow-times") == everywhere
    for other in ({"kind": Kind.OPINION}, {"language": "ru"}, {"site": "generic"}):
        assert find(archive, "sanctions", **other) == []


QUERIES: dict[str, list[int]] = {
    # In the headline, in the subtitle, anywhere; each time the newest first, and what has no date last.
    "sanctions": [1, 2, 3, 0, 10],
    '"sanctions"': [1, 2, 0, 10],
    "sanction*": [1, 2, 3, 0, 10],
    "SANCTION": [1, 2, 3, 0, 10],
    '"sanction"': [],
    "санкций": [7, 5],
    '"санкции"': [5],
    "vladimir putin": [3, 2],
    '"vladimir putin"': [2],
    '"putin vladimir"': [3],
    '"vladimir putin" OR "putin vladimir"': [3, 2],
    "putin -spoke": [3],
    'putin -"vladimir putin"': [3],
    "putin OR kremlin": [3, 2, 1, 0],
    "sanctions kremlin OR peace": [2, 1, 0],
    "putin -headline:peace": [3],
    "headline:sanctions": [1],
    "subtitle:sanctions": [2],
    'headline:"hit banks"': [1],
    "headline:hit*": [1],
    "headline:kremlin": [],
    '"banks the kremlin"': [],
    '"talks new"': [],
    "long-range": [4],
    "long range": [6, 4],
    "U.S.": [4],
    '"u.s. navy"': [4],
    "10.5": [6],
    "cafe skoda": [6],
    "ЁЛКА": [5],
    "елка": [5],
    '"мой"': [7],
    '"новая газета"': [5],
    "oil": [4, 6],
    "tag:oil": [6],
    "author:ivanova": [7],
    'author:"Anna Ivanova"': [7],
    'author:"Ivanova Anna"': [],
    'author:"Author Bo"': [],
    "author:reuters": [8],
    "reuters": [8],
    "author:writer": [8, 6, 5, 4, 3, 2, 1, 0, 10],
    "news": [],
    "section:россия": [5],
    "sanctions section:news": [1, 2, 3, 0],
    "brief": [8],
    "nothing": [],
    "a*": [3, 0],
}


def test_each_query_finds_the_same_in_the_same_order(archive: Database) -> None:
    assert {query: find(archive, query) for query in QUERIES} == QUERIES


def test_duplicates_are_found_on_request(archive: Database) -> None:
    assert find(archive, "brief", include_duplicates=True) == [9, 8]
    copies = [hit.duplicate_of for hit in ask(archive, "brief", include_duplicates=True)]
    assert copies == [ask(archive, "brief")[0].id, None]


@pytest.mark.parametrize(
    ("since", "until", "numbers"),
    [
        (date(2026, 10, 2), None, [2, 3]),
        (None, date(2026, 10, 2), [1, 2, 0]),
        (date(2026, 10, 3), date(2026, 10, 3), [3]),
        (date(2026, 10, 4), None, []),
        (date(1, 1, 1), date(9999, 12, 31), [1, 2, 3, 0]),
        (date.min, date.min, []),
        (None, None, [1, 2, 3, 0, 10]),
    ],
)
def test_date_bounds_are_inclusive_and_exclude_undated_articles(
    archive: Database, since: date | None, until: date | None, numbers: list[int]
) -> None:
    assert find(archive, "sanctions", since=since, until=until) == numbers


def test_dates_are_moscows(archive: Database) -> None:
    # 21:00 UTC on the 9th is midnight in Moscow.
    chosen: dict[str, Any] = {"include_duplicates": True, "since": date(2026, 10, 10)}
    assert find(archive, "brief", **chosen) == [9]
    assert find(archive, "brief", **(chosen | {"since": None, "until": date(2026, 10, 9)})) == [8]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
def test_a_limit_returns_the_first_hits(archive: Database, limit: int) -> None:
    assert find(archive, "sanctions", limit=limit) == [1, 2, 3, 0, 10][:limit]


def test_a_hit_names_the_part_where_it_was_found(archive: Database) -> None:
    first, second, third = ask(archive, "sanctions", limit=3)
    assert [hit.found_in for hit in (first, second, third)] == ["headline", "subtitle", None]
    assert [first.headline[start:end] for start, end in first.headline_marks if first.headline] == ["Sanctions"]
    assert (second.headline_marks, second.snippet, second.snippet_marks) == ((), "Vladimir Putin spoke.", ())
    assert [second.subtitle[start:end] for start, end in second.subtitle_marks if second.subtitle] == ["sanctions"]
    assert [third.snippet[start:end] for start, end in third.snippet_marks] == ["sanctioned"]


def test_a_separate_author_is_matched_as_a_phrase(archive: Database) -> None:
    def list_found(author: str) -> list[int]:
        hits = search_articles(archive, read_query("", author=author), SearchFilter(limit=20))
        return [number_of(hit) for hit in hits]

    assert list_found("Anna Ivanova") == list_found("ivanova") == [7]
    assert list_found("Ivanova Anna") == []


def test_a_phrase_is_found_late_in_a_long_text(database: Database) -> None:
    """PostgreSQL stores at most 256 positions of a word."""
    filler = "the end of the day " * (MAX_POSITIONS // 2 + 9)
    long = read(1, 1, f"{filler} the Kremlin {filler} of the Navy on the day", headline="Long")
    longer = read(2, 2, f"{'word ' * MAX_WORDS} unseen", headline="Longer")
    same = read(3, 3, f"{'same ' * (MAX_REPEATS + 1)} matter", headline="Same")
    with database.begin() as session:
        store_outcomes(session, [long, longer, same], run_id=None, now=START)
    assert find(database, '"the kremlin"') == find(database, '"of the navy"') == find(database, '"the day"') == [1]
    assert find(database, '"on the" "day the end"') == [1]
    assert find(database, '"the navy day"') == find(database, "unseen") == []
    assert find(database, '"word word"') == [2]
    assert find(database, '"same same"') == find(database, "matter") == find(database, '-"same matter" matter') == [3]


def test_no_text_is_too_long_or_too_odd_to_index(database: Database) -> None:
    texts = [" ".join(f"{number:x}" * 20 for number in range(40_000)), "я" * 300_000, "﷽ " * 40_000, "𝔘𠀀 " * 60_000]
    texts.append(" ".join(f"﷼{number}" * 20 for number in range(9_000)))
    outcomes = [read(number, number, text, headline="Odd") for number, text in enumerate(texts, 1)]
    with database.begin() as session:
        store_outcomes(session, outcomes, run_id=None, now=START)
    assert len(find(database, "odd")) == len(texts)


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],  # it is only read
)
@given(query=st.text(alphabet=st.sampled_from("ab oil-*\":ORNT ()'\\&|!<>%$;{}^+§«»")) | st.text())
def test_no_query_causes_a_database_error(archive: Database, query: str) -> None:
    try:
        read = read_query(query)
    except QueryEmpty:
        return
    search_articles(archive, read, SearchFilter(limit=5))


def test_a_query_of_very_many_words_is_answered(archive: Database) -> None:
    assert find(archive, "a " * 500) == [3, 0]
    assert find(archive, " OR ".join(f"w{number}" for number in range(120)) + " OR oil") == [4, 6]
    assert find(archive, "oil " + " ".join(f"-w{number}" for number in range(200))) == [4, 6]
