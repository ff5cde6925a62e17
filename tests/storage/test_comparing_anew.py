"""A damaged LSH index is detected and rebuilt."""

from collections.abc import Sequence

import pytest
from sqlalchemy import Delete, delete, select, update

from storage.engine import Database
from storage.integrity.near_duplicate import audit_near_duplicates, rebuild_near_duplicates
from storage.near_duplicates import lsh_index
from storage.near_duplicates.lsh_index import LEVELS, ArticleText, NearDuplicatePair
from storage.schema.tables import Article
from tests.storage.sample import at, identify, read
from tests.storage.test_duplicate import change_words, list_duplicates, list_stored, store

COUNT = 40

KEYS = tuple(delete(level) for level in LEVELS)
ALL = (delete(ArticleText), delete(NearDuplicatePair), *KEYS)

Compared = tuple[set[tuple[int, str]], set[tuple[str, str]]]


def make_text(number: int) -> str:
    return "\n\n".join(" ".join(f"word{number}x{paragraph}x{place}" for place in range(25)) for paragraph in range(6))


def list_compared(database: Database) -> Compared:
    """Return the keys of each text, and the near-duplicate pairs, by digest."""
    with database.read() as session:
        digests = {
            row.id: row.content_sha256 for row in session.execute(select(ArticleText.id, ArticleText.content_sha256))
        }
        keys = {
            (key, digests[one]) for level in LEVELS for key, one in session.execute(select(level.key, level.text_id))
        }
        likes = session.execute(select(NearDuplicatePair.text_id, NearDuplicatePair.other_id))
        return keys, {(digests[one], digests[other]) for one, other in likes}


def test_texts_with_only_common_keys_are_not_reported_as_lost(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lsh_index, "MAX_TEXTS_PER_KEY", 3)
    variants = [read(number, number, make_text(1).replace("0 ", f"0{'!' * number} ")) for number in range(8)]
    assert len({one.article.content_sha256 for one in variants}) == 8
    store(database, *variants)
    keys, _ = list_compared(database)
    assert len({digest for _, digest in keys}) == 4
    with database.read() as session:
        assert audit_near_duplicates(session) == []
    # Those that had them become others; nobody notes the keys of those that had none.
    store(database, *(read(20 + number, number, make_text(20 + number), hours=1) for number in range(2)))
    with database.read() as session:
        assert audit_near_duplicates(session) == []


SOME_KEYS = [delete(level).where(level.key % 5 == 0) for level in LEVELS]


@pytest.mark.parametrize(
    ("statements", "says"),
    [
        pytest.param(
            [delete(ArticleText).where(ArticleText.id % 2 == 0)], "missing from the LSH index", id="some texts"
        ),
        pytest.param([delete(ArticleText)], "missing from the LSH index", id="all texts"),
        pytest.param(KEYS, "missing from the LSH index", id="all keys"),
        pytest.param(SOME_KEYS, "missing from the LSH index", id="some keys of each text"),
        pytest.param(
            [delete(level).where(level.text_id == 7) for level in LEVELS], "missing from the LSH index", id="one's keys"
        ),
        pytest.param(ALL, "missing from the LSH index", id="everything"),
        pytest.param(
            [delete(NearDuplicatePair)], "without a stored near-duplicate pair to their primary", id="which are alike"
        ),
        pytest.param(
            [delete(NearDuplicatePair).where(NearDuplicatePair.text_id < NearDuplicatePair.other_id)],
            "in one direction",
            id="one direction",
        ),
    ],
)
def test_a_damaged_lsh_index_is_rebuilt(database: Database, statements: Sequence[Delete], says: str) -> None:
    texts = [read(number, number, make_text(number)) for number in range(COUNT)]
    copies = [
        read(COUNT + number, COUNT + number, change_words(0.05)(make_text(number))) for number in range(0, COUNT, 4)
    ]
    short = read(2 * COUNT, 2 * COUNT, "A caption.")
    before = list_duplicates(store(database, *texts, *copies, short))
    assert sum(primary is not None for primary, *_ in before.values()) == len(copies)
    compared = list_compared(database)
    with database.read() as session:
        assert audit_near_duplicates(session) == []

    with database.begin() as session:
        for statement in statements:
            session.execute(statement)
    with database.begin() as session:
        assert says in " ".join(audit_near_duplicates(session))
        rebuild_near_duplicates(session, at(200))
        assert audit_near_duplicates(session) == []
    assert list_compared(database) == compared
    assert list_duplicates(list_stored(database)) == before
    late = read(99, 99, change_words(0.05)(make_text(2)), hours=9)
    assert list_duplicates(store(database, late))[late.article.id][0] == identify(2).key


def test_duplicates_are_recomputed_whatever_was_stored(database: Database) -> None:
    texts = [read(number, number, make_text(number // 2)) for number in range(10)]
    before = list_duplicates(store(database, *texts))
    with database.begin() as session:
        session.execute(update(Article).values(duplicate_of=None, duplicate_kind=None, similarity=None))
        rebuild_near_duplicates(session, at(200))
    assert list_duplicates(list_stored(database)) == before
