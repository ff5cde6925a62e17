"""Which texts share keys: an index of key -> text in the database that costs little more when it is large.

Keys are random numbers, so each new one falls on a page of its own in the index's tree, and that page is written again.
In a large tree that is a page of 4 kB a key. So new postings go to a small tree, the first level, and from there to the
next one together with all that follow them closely: a page that is written then takes many. They move a slice of the
keys at a time, one slice after the other, so that no batch has to move a whole level.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain, pairwise, repeat

from sqlalchemy import BigInteger, Connection, CursorResult, delete, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from storage.bulk import insert_rows
from storage.near_duplicates.comparison import KEY_BITS
from storage.schema.columns import RowId
from storage.schema.tables import Base


class Wording(Base):
    """A text that articles have, whatever the number of them: those of one digest are compared once.

    A row stays when no article has the text any more, for the text may come back.
    """

    __tablename__ = "wording"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    content_sha256: Mapped[str] = mapped_column(unique=True)
    is_current: Mapped[bool]
    """An article has it."""


class Posting:
    """A key by which like texts are found, and a text that has it, in the table of its level.

    The levels are those of `storage.near_duplicates.lsh_index`.
    """

    __tablename__: str
    __table_args__ = ({"sqlite_with_rowid": False},)

    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    wording_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class NewPosting(Posting, Base):
    """Where a posting begins."""

    __tablename__ = "posting_new"


class RecentPosting(Posting, Base):
    """Where it goes with some thousand others."""

    __tablename__ = "posting_recent"


class SettledPosting(Posting, Base):
    """Where it stays."""

    __tablename__ = "posting_settled"


class Likeness(Base):
    """Two texts that are like each other; each pair stands here in both directions."""

    __tablename__ = "likeness"
    __table_args__ = ({"sqlite_with_rowid": False},)

    wording_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    other_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


LEVELS: tuple[type[Posting], ...] = (NewPosting, RecentPosting, SettledPosting)
STEP_TEXTS = (256, 4_096)
"""Texts after which the first levels give a slice to the next: each keeps the postings of so many times the slices. The
first is some 3 MB, which lies in the cache of the connection; each further one is so much larger that a page takes
several postings at a time."""

SLICE_COUNT = 16
"""Of each level, by the upper bits of the keys."""

MOST_HOLDERS = 100
"""A key that more texts have is a template's, or a paragraph's that stands everywhere: its list grows no further, and
by itself it tells nothing."""

LEAST_COMMON = 5
"""Keys that texts must share if all of those are everybody's: so many bands agree in texts that are nearly the same,
and a message that stands everywhere has fewer long paragraphs."""

MOST_COMMON = 8
"""Candidates of such a kind: any one of a family leads to all of it."""

MOST_CANDIDATES = 64
"""So many texts are compared with a new one, those with the most shared keys first."""

ASK = {
    # In this order: each key is looked up among the postings, and not the other way round.
    "sqlite": "SELECT held.key, wording_id FROM json_each(?) AS asked CROSS JOIN {} AS held ON held.key = value",
    "postgresql": "SELECT key, wording_id FROM {} WHERE key = ANY(%s)",
}


def store_postings(session: Session, keys: Mapping[int, set[int]], *, new: Iterable[int]) -> dict[int, list[int]]:
    """Number of each text -> the texts that share keys with it, the likeliest first.

    Whatever is stored is asked, and the given ones among each other. The postings of the new ones are stored.
    """
    holders = _find_holders(session.connection(), set().union(*keys.values()))
    counts = Counter(chain.from_iterable(keys.values()))
    shared = {key for key, count in counts.items() if count > 1} | holders.keys()
    rows: list[tuple[int, int]] = []
    for wording_id in new:
        own = keys[wording_id]
        rows.extend(zip(own - shared, repeat(wording_id)))
        for key in own & shared:
            known = holders[key]
            known.append(wording_id)
            # One more than the most is stored: by that it is known.
            if len(known) <= MOST_HOLDERS + 1:
                rows.append((key, wording_id))
    insert_rows(session.connection(), Base.metadata.tables[NewPosting.__tablename__], ("key", "wording_id"), [rows])
    several = {key: known[: MOST_HOLDERS + 1] for key, known in holders.items() if len(known) > 1}
    return {wording_id: _rank(wording_id, own, several) for wording_id, own in keys.items()}


def find_held(session: Session, keys: set[int]) -> set[int]:
    """Those of these keys that lead to some text: to which, too many that have it make no difference."""
    return set(_find_holders(session.connection(), keys))


def remove_postings(session: Session, wording_id: int, keys: Iterable[int]) -> None:
    """Forget that this text has these keys, on whatever level that is noted."""
    for level in LEVELS:
        is_own = (level.wording_id == wording_id) & level.key.in_(keys)
        session.connection().execute(delete(level).where(is_own))


def settle_postings(session: Session, count_before: int, count: int) -> None:
    """Move what is due to the next levels, now that there are so many texts."""
    for (level, following), step in zip(pairwise(LEVELS), STEP_TEXTS, strict=True):
        for place in range(count_before // step + 1, count // step + 1):
            _move(session.connection(), level, following, place % SLICE_COUNT)


def _move(connection: Connection, level: type[Posting], following: type[Posting], place: int) -> None:
    width = (1 << KEY_BITS) // SLICE_COUNT
    in_slice = level.key.between(place * width, (place + 1) * width - 1)
    moved = select(level.key, level.wording_id).where(in_slice).order_by(level.key, level.wording_id)
    connection.execute(insert(following).from_select(["key", "wording_id"], moved))
    connection.execute(delete(level).where(in_slice))


def _find_holders(connection: Connection, keys: set[int]) -> dict[int, list[int]]:
    holders: dict[int, list[int]] = defaultdict(list)
    ordered = sorted(keys)
    for level in reversed(LEVELS):  # the oldest texts first
        for key, wording_id in _ask(connection, level, ordered):
            holders[key].append(wording_id)
    return holders


def _ask(connection: Connection, level: type[Posting], keys: list[int]) -> CursorResult[tuple[int, int]]:
    """The postings of these keys, which are one value: to bind each of them costs more than to look it up."""
    if connection.dialect.name == "postgresql":
        return connection.exec_driver_sql(ASK["postgresql"].format(level.__tablename__), (keys,))
    return connection.exec_driver_sql(ASK["sqlite"].format(level.__tablename__), (json.dumps(keys),))


def _rank(wording_id: int, keys: set[int], shared: Mapping[int, list[int]]) -> list[int]:
    lists = [shared[key] for key in keys & shared.keys()]
    counts = Counter(other for holders in lists for other in holders)
    telling = {other for holders in lists if len(holders) <= MOST_HOLDERS for other in holders}
    del counts[wording_id]
    telling.discard(wording_id)
    ranked = sorted(counts, key=lambda other: (-counts[other], other))
    common = [other for other in ranked if other not in telling and counts[other] >= LEAST_COMMON]
    return [other for other in ranked if other in telling][:MOST_CANDIDATES] + common[:MOST_COMMON]
