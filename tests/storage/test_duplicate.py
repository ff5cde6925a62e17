import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from benchmarks.planted import CASES, measure_case, meets_targets, store_unrelated
from replica.site import Site
from schemas.article import ArticleRecord
from schemas.outcome import ArticleRead, Outcome
from storage.articles.selection import ArticleFilter, iterate_articles
from storage.engine import Database, open_database
from storage.ledger.outcome import store_outcomes
from storage.near_duplicates import lsh_index
from storage.near_duplicates.duplicate import find_explanation
from storage.near_duplicates.lsh_index import LshKeyLevel0, store_lsh_keys
from storage.schema.tables import Base, Entry
from tests.storage.sample import HOST, SITE, at, identify, identify_url, quarantine, read, read_text, see, write

SEEDS = [path.read_text().strip() for path in sorted((Path(__file__).parents[2] / "seeds" / "expected").glob("*.txt"))]
STORIES = [article.expected["body"] for article in Site(60, duplicate_share=0, near_duplicate_share=0).articles[5:]]
TEXTS = SEEDS + [body for body in STORIES[:30] if len(body.split()) > 200]
OTHERS = "\n\n".join(STORIES[30:]).split("\n\n")
OTHER = max(OTHERS, key=len)

Edit = Callable[[str], str]
Stored = dict[str, ArticleRecord]


def change_words(share: float) -> Edit:
    def change(body: str) -> str:
        paragraphs = [paragraph.split() for paragraph in body.split("\n\n")]
        places = [(paragraph, place) for paragraph in paragraphs for place in range(len(paragraph))]
        for paragraph, place in random.Random(body).sample(places, round(share * len(places))):
            paragraph[place] = "instead"
        return "\n\n".join(map(" ".join, paragraphs))

    return change


def add_paragraph(body: str) -> str:
    return f"{body}\n\n{OTHER}"


def replace_intro(body: str) -> str:
    intro = random.Random(body).choice([text for text in OTHERS if 15 < len(text.split()) < 60])
    return "\n\n".join([intro, *body.split("\n\n")[1:]])


def halve(body: str) -> str:
    """Truncate within a paragraph, as in an incompletely loaded page."""
    words = body[: len(body) // 2].rsplit(" ", 8)
    return words[0]


def store(database: Database, *outcomes: Outcome) -> Stored:
    with database.begin() as session:
        store_outcomes(session, outcomes, run_id=None, now=at(100))
    return list_stored(database)


def list_stored(database: Database) -> Stored:
    with database.read() as session:
        return {one.id: one for one in iterate_articles(session, ArticleFilter(include_duplicates=True))}


def list_duplicates(stored: Stored) -> dict[str, tuple[Any, ...]]:
    return {key: (one.duplicate_of, one.duplicate_kind, one.similarity) for key, one in stored.items()}


def read_archived(offset: int, body: str) -> ArticleRead:
    identity = identify_url(f"/archive/story-{offset}").model_copy(update={"id": f"{SITE}:en:archive/story-{offset}"})
    seen = see(offset, f"{HOST}/archive/story-{offset}")
    return ArticleRead(seen=seen, identity=identity, article=write(identity, seen, body))


@pytest.fixture(scope="module")
def unrelated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database of three hundred unrelated articles, which tests must not modify."""
    opened = open_database(f"sqlite:///{tmp_path_factory.mktemp('unrelated') / 'archive.db'}")
    assert store_unrelated(opened, 300) == 0
    yield opened
    opened.close()


@pytest.mark.parametrize("name", CASES)
def test_planted_pairs_are_found_and_named(unrelated: Database, name: str) -> None:
    score = measure_case(unrelated, name, 12)
    assert meets_targets(name, score), score
    assert score.false_count == 0


RUSSIAN = (
    "Президент России Владимир Путин заявил в среду, что переговоры о прекращении огня продолжатся, несмотря на "
    "разногласия сторон.\n\n«Мы готовы обсуждать все вопросы, — сказал он журналистам в Кремле. — Но условия должны "
    "быть приняты обеими сторонами, и никто не вправе диктовать их другим».\n\nВ министерстве иностранных дел "
    "уточнили, что следующая встреча пройдёт в конце месяца в Женеве, куда прибудут делегации шести стран."
)
AFP, REUTERS = {"agencies": ("AFP",)}, {"agencies": ("Reuters",)}


@pytest.mark.parametrize(
    ("body", "other", "special", "kind"),
    [
        (TEXTS[0], TEXTS[0], {"headline": "Another"}, "syndicated"),
        (TEXTS[0], TEXTS[0], {"headline": "Another"} | REUTERS, "exact"),
        (TEXTS[0], TEXTS[0], {"headline": "Another", "agencies": ()}, "exact"),
        (TEXTS[0], TEXTS[0], {}, "exact"),
        (TEXTS[0], change_words(0.05)(TEXTS[0]), AFP, "near"),
        (RUSSIAN, RUSSIAN.replace("в среду", "в четверг"), {}, "near"),
        (RUSSIAN, RUSSIAN.replace("\n\n", " ").upper(), {}, "near"),
        (RUSSIAN, RUSSIAN.replace("В министерстве", "Позднее в министерстве"), {}, "near"),
        ("Gallery", "Gallery", {}, "exact"),
        ("Gallery", "gallery.", {}, None),
        ("A photograph of the old town.", "A photograph of the new town.", {}, None),
        ("* * *", "* * *", {}, "exact"),
        ("* * *", "— — —", {}, None),
        ("", "", {}, None),
    ],
)
def test_the_kind_follows_from_texts_and_metadata(
    database: Database, body: str, other: str, special: dict[str, Any], kind: str | None
) -> None:
    stored = store(database, read(1, 1, body), read(2, 2, other, **special))
    assert [stored[identify(number).key].duplicate_kind for number in (1, 2)].count(kind) == (2 if kind is None else 1)


def test_an_archive_copy_is_not_the_primary(database: Database) -> None:
    stored = store(database, read_archived(1, TEXTS[0]), read(2, 2, change_words(0.05)(TEXTS[0])))
    assert {one.duplicate_kind for one in stored.values()} == {None, "archive-copy"}
    assert stored[identify(2).key].duplicate_of is None


def test_unrelated_articles_are_not_grouped(database: Database) -> None:
    outcomes = [read(number, number, body) for number, body in enumerate([*SEEDS, *STORIES])]
    assert not [key for key, one in store(database, *outcomes).items() if one.duplicate_of]


GROUP: list[Outcome] = [
    read(1, 1, TEXTS[0], published_at=at(1)),
    read(2, 2, TEXTS[0], published_at=None),
    read(3, 3, change_words(0.05)(TEXTS[0]), published_at=at(-1)),
    read(4, 4, add_paragraph(TEXTS[0]), published_at=at(2)),
    read(5, 5, halve(TEXTS[0]), published_at=at(-2), headline="Another"),
    read(6, 6, TEXTS[1]),
    read_archived(7, TEXTS[0]),
    read_text(8, TEXTS[0]),
    read_text(9, TEXTS[1]),
    read(10, 10, ""),
]


@settings(
    max_examples=10,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],  # emptied for each example
)
@given(outcomes=st.permutations(GROUP), size=st.integers(1, 10))
def test_groups_and_primaries_do_not_depend_on_the_order(
    database: Database, outcomes: list[Outcome], size: int
) -> None:
    def fill(outcomes: list[Outcome], size: int) -> dict[str, tuple[Any, ...]]:
        with database.begin() as session:
            for table in reversed(Base.metadata.sorted_tables):
                session.execute(table.delete())
        for start in range(0, len(outcomes), size):
            store(database, *outcomes[start : start + size])
        return list_duplicates(list_stored(database))

    assert fill(outcomes, size) == fill(GROUP, len(GROUP))


def test_a_revision_leaves_its_group_and_comes_back(database: Database) -> None:
    near = change_words(0.05)(TEXTS[0])
    before = list_duplicates(store(database, read(1, 1, TEXTS[0]), read(2, 2, near, published_at=at(9))))
    assert before[identify(2).key][0] == identify(1).key
    gone = store(database, read(3, 1, TEXTS[1], hours=1))
    assert not [one for one in gone.values() if one.duplicate_of]
    assert list_duplicates(store(database, read(4, 1, TEXTS[0], hours=2))) == before
    empty = store(database, read(5, 2, "", hours=3))
    assert not [one for one in empty.values() if one.duplicate_of]


def test_two_groups_become_one_and_two_again(database: Database) -> None:
    pages = [read(number, number, TEXTS[number // 3], published_at=at(number)) for number in (1, 2, 3, 4)]
    before = list_duplicates(store(database, *pages))
    assert {key: one[0] for key, one in before.items() if one[0]} == {
        identify(2).key: identify(1).key,
        identify(4).key: identify(3).key,
    }
    both = store(database, read(5, 5, f"{TEXTS[0]}\n\n{TEXTS[1]}", published_at=at(9)))
    assert {one.duplicate_of for one in both.values()} == {None, identify(5).key}
    after = list_duplicates(store(database, read(6, 5, TEXTS[2], hours=1)))
    assert {key: one for key, one in after.items() if key != identify(5).key} == before


def test_similarity_to_a_duplicate_alone_does_not_make_a_duplicate_of_its_primary(database: Database) -> None:
    half = len(TEXTS[0].split("\n\n")) // 2
    first, second = ("\n\n".join(part) for part in (TEXTS[0].split("\n\n")[:half], TEXTS[0].split("\n\n")[half:]))
    stored = store(database, read(1, 1, first), read(2, 2, second), read_text(3, TEXTS[0]))
    pages = [stored.pop(identify(number).key) for number in (1, 2)]
    assert [page.duplicate_of for page in pages] == [None, None]
    assert [(one.duplicate_of, one.duplicate_kind) for one in stored.values()] == [(longest(pages).id, "truncated")]


def longest(pages: list[ArticleRecord]) -> ArticleRecord:
    return max(pages, key=lambda page: page.word_count)


@pytest.mark.parametrize("copy", [TEXTS[0], change_words(0.05)(TEXTS[0])], ids=["exact", "near"])
def test_a_withdrawn_primary_is_replaced(database: Database, copy: str) -> None:
    pages = [read(1, 1, TEXTS[0]), read(2, 2, copy, published_at=at(1)), read(3, 3, copy, published_at=at(2))]
    assert [one.duplicate_of for one in store(database, *pages).values()].count(identify(1).key) == 2
    with database.begin() as session:
        store_outcomes(session, [quarantine(1, 1)], run_id=None, now=at(101), is_reread=True)
    stored = list_stored(database)
    assert {key: one.duplicate_of for key, one in stored.items()} == {
        identify(2).key: None,
        identify(3).key: identify(2).key,
    }
    with database.read() as session:
        states = session.scalars(select(Entry.state).order_by(Entry.key)).all()
    assert states == ["quarantined", "stored", "duplicate"]


def test_an_edited_primary_updates_its_duplicates(database: Database) -> None:
    store(database, read(1, 1, TEXTS[0]), read(2, 2, TEXTS[0], published_at=at(9)))
    stored = store(database, read(3, 1, change_words(0.05)(TEXTS[0]), hours=1))
    duplicate = stored[identify(2).key]
    assert (duplicate.duplicate_of, duplicate.duplicate_kind) == (identify(1).key, "near")
    assert duplicate.similarity is not None
    assert 0.6 < duplicate.similarity < 1


@pytest.mark.parametrize("count", [60, 70, 101])
def test_former_texts_do_not_crowd_out_candidates(database: Database, count: int) -> None:
    paragraphs = TEXTS[0].split("\n\n")
    for number in range(count):
        body = "\n\n".join([*paragraphs, f"In its version of minute {number} this live report ends here."])
        store(database, read(number, 1, body, hours=number))
    store(database, read(1_000, 2, TEXTS[0], hours=1))
    with database.read() as session:
        assert {one.duplicate_of for one in iterate_articles(session, ArticleFilter(include_duplicates=True))} == {
            None,
            identify(1).key,
        }


def test_a_common_key_alone_makes_no_candidate(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lsh_index, "MAX_TEXTS_PER_KEY", 5)
    keys = {number: {1, 100 + number // 2} for number in range(20)}
    with database.begin() as session:
        first = {number: keys[number] for number in range(4)}
        assert store_lsh_keys(session, first, new=first) == {0: [1, 2, 3], 1: [0, 2, 3], 2: [3, 0, 1], 3: [2, 0, 1]}
        others = {number: keys[number] for number in range(4, 20)}
        assert all(found == [number ^ 1] for number, found in store_lsh_keys(session, others, new=others).items())
        assert store_lsh_keys(session, keys, new=()) == {number: [number ^ 1] for number in keys}
        count = session.scalar(select(func.count()).where(LshKeyLevel0.key == 1))
    assert count == 6


def test_a_ubiquitous_paragraph_makes_no_group(database: Database) -> None:
    parts = [f"{STORIES[number % len(STORIES)]}" for number in range(len(STORIES))]
    outcomes = [read(number, number, f"{OTHER}\n\n{body}") for number, body in enumerate(parts)]
    assert not [one for one in store(database, *outcomes).values() if one.duplicate_of]


def test_an_explanation_lists_the_shared_paragraphs(database: Database) -> None:
    store(database, read(1, 1, TEXTS[0]), read(2, 2, replace_intro(TEXTS[0]), published_at=at(9)))
    with database.read() as session:
        found = find_explanation(session, identify(2).key) or find_explanation(session, identify(1).key)
        assert find_explanation(session, "nothing") is None
    assert found
    assert found.kind == "syndicated"
    assert set(found.shared_paragraphs) == set(TEXTS[0].split("\n\n")[1:])
