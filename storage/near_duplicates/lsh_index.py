"""The LSH index: finds texts that share keys, in the database, at a cost per text that hardly grows with the index.

Keys are random numbers, so each insert dirties a different page of the index's B-tree: 4 kB a key in a large tree. The
index is therefore a log-structured merge tree. New keys go to a small tree, level 0, and move on to the next level in
sorted slices, so that one page written there takes many keys. One slice is moved at a time: no batch has to move a
whole level.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from itertools import chain, pairwise, repeat

from sqlalchemy import BigInteger, Connection, delete, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from storage.bulk import insert_rows
from storage.near_duplicates.comparison import KEY_BITS
from storage.schema.columns import RowId
from storage.schema.tables import Base


class ArticleText(Base):
    """A distinct body of one or more articles: articles with the same digest share it, and it is compared once.

    The row stays when no article has the text any more, because the text may come back.
    """

    __tablename__ = "article_text"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    content_sha256: Mapped[str] = mapped_column(unique=True)
    is_current: Mapped[bool]
    """Whether an article has this text now."""


class LshKey:
    """A key (a MinHash band or a paragraph) and a text that has it; each level is a table."""

    __tablename__: str
    __table_args__ = ({"sqlite_with_rowid": False},)

    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    text_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class LshKeyLevel0(LshKey, Base):
    """Level 0: new keys."""

    __tablename__ = "lsh_key_level_0"


class LshKeyLevel1(LshKey, Base):
    """Level 1: the keys of the last few thousand texts."""

    __tablename__ = "lsh_key_level_1"


class LshKeyLevel2(LshKey, Base):
    """Level 2: all older keys."""

    __tablename__ = "lsh_key_level_2"


class NearDuplicatePair(Base):
    """Two texts that are near-duplicates; each pair is stored in both directions."""

    __tablename__ = "near_duplicate_pair"
    __table_args__ = ({"sqlite_with_rowid": False},)

    text_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    other_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


LEVELS: tuple[type[LshKey], ...] = (LshKeyLevel0, LshKeyLevel1, LshKeyLevel2)
STEP_TEXTS = (256, 4_096)
"""Number of texts after which a level moves a slice to the next; a level holds the keys of `SLICE_COUNT` times as
many. Level 0 is some 3 MB and fits the connection's cache; level 1 is so much larger that a page takes several keys
at a time."""

SLICE_COUNT = 16
"""Slices of each level, by the upper bits of the keys."""

MAX_TEXTS_PER_KEY = 100
"""A key shared by more texts belongs to a template or a ubiquitous paragraph: its list stops growing, and alone it
identifies no candidate."""

MIN_COMMON_KEYS = 5
"""Keys that texts must share if all of these are common: this many bands agree in nearly equal texts, and a
ubiquitous message has fewer long paragraphs."""

MAX_COMMON_CANDIDATES = 8
"""Maximum number of such candidates: any member of a group leads to all of it."""

MAX_CANDIDATES = 64
"""Maximum number of texts compared with a new one, those with the most shared keys first."""

LOOKUP_SQL = {
    # CROSS JOIN fixes the order: each key is looked up in the level, not the other way round.
    "sqlite": "SELECT held.key, text_id FROM json_each(?) AS asked CROSS JOIN {} AS held ON held.key = value",
    "postgresql": "SELECT key, text_id FROM {} WHERE key = ANY(%s::bigint[])",
}


def store_lsh_keys(
    session: Session, keys: Mapping[int, AbstractSet[int]], *, new: Iterable[int]
) -> dict[int, list[int]]:
    """Store keys and return, for each text id, the ids of the texts that share keys with it, the likeliest first.

    The given texts are compared with all stored keys and with each other; the keys of the `new` ones are stored.
    """
    counts = Counter(chain.from_iterable(keys.values()))
    texts_by_key = _find_texts_by_key(session.connection(), counts.keys())
    shared = {key for key, count in counts.items() if count > 1} | texts_by_key.keys()
    rows: list[tuple[int, int]] = []
    for text_id in new:
        own_keys = keys[text_id]
        rows.extend(zip(own_keys - shared, repeat(text_id)))
        for key in own_keys & shared:
            known = texts_by_key[key]
            known.append(text_id)
            # One more than the maximum is stored, to mark the key as common.
            if len(known) <= MAX_TEXTS_PER_KEY + 1:
                rows.append((key, text_id))
    insert_rows(session.connection(), Base.metadata.tables[LshKeyLevel0.__tablename__], ("key", "text_id"), [rows])
    several = {key: known[: MAX_TEXTS_PER_KEY + 1] for key, known in texts_by_key.items() if len(known) > 1}
    return {text_id: _rank(text_id, own_keys, several) for text_id, own_keys in keys.items()}


def find_known_keys(session: Session, keys: set[int]) -> set[int]:
    """Return those of these keys that are stored for any text."""
    return set(_find_texts_by_key(session.connection(), keys))


def remove_lsh_keys(session: Session, text_id: int, keys: Iterable[int]) -> None:
    """Delete this text's keys from all levels."""
    for level in LEVELS:
        is_own = (level.text_id == text_id) & level.key.in_(keys)
        session.connection().execute(delete(level).where(is_own))


def compact_levels(session: Session, count_before: int, count: int) -> None:
    """Move the slices that are due to the next levels, after the number of texts has grown to `count`."""
    for (level, following), step in zip(pairwise(LEVELS), STEP_TEXTS, strict=True):
        for slice_number in range(count_before // step + 1, count // step + 1):
            _move_slice(session.connection(), level, following, slice_number % SLICE_COUNT)


def _move_slice(connection: Connection, level: type[LshKey], following: type[LshKey], slice_number: int) -> None:
    width = (1 << KEY_BITS) // SLICE_COUNT
    in_slice = level.key.between(slice_number * width, (slice_number + 1) * width - 1)
    moved = select(level.key, level.text_id).where(in_slice).order_by(level.key, level.text_id)
    connection.execute(insert(following).from_select(["key", "text_id"], moved))
    connection.execute(delete(level).where(in_slice))


def _find_texts_by_key(connection: Connection, keys: AbstractSet[int]) -> dict[int, list[int]]:
    texts_by_key: dict[int, list[int]] = defaultdict(list)
    # Bound as one value, in each database's notation: binding each key costs more than looking it up.
    asked = ",".join(map(str, sorted(keys)))
    asked = f"[{asked}]" if connection.dialect.name == "sqlite" else f"{{{asked}}}"
    for level in reversed(LEVELS):  # the oldest texts first
        statement = LOOKUP_SQL[connection.dialect.name].format(level.__tablename__)
        for key, text_id in connection.exec_driver_sql(statement, (asked,)):
            texts_by_key[key].append(text_id)
    return texts_by_key


def _rank(text_id: int, keys: AbstractSet[int], shared: Mapping[int, list[int]]) -> list[int]:
    lists = [shared[key] for key in keys & shared.keys()]
    counts = Counter(other for text_ids in lists for other in text_ids)
    distinctive = {other for text_ids in lists if len(text_ids) <= MAX_TEXTS_PER_KEY for other in text_ids}
    del counts[text_id]
    distinctive.discard(text_id)
    ranked = sorted(counts, key=lambda other: (-counts[other], other))
    common = [other for other in ranked if other not in distinctive and counts[other] >= MIN_COMMON_KEYS]
    return [other for other in ranked if other in distinctive][:MAX_CANDIDATES] + common[:MAX_COMMON_CANDIDATES]
