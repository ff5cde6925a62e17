"""Which texts share keys: an index of key -> text in the database that costs the same however large it is.

Keys are random numbers, so each new one falls on a page of its own in the index's tree, and that page is written again.
In a large tree that is a page of 4 kB a key. So new postings go to a small tree, the first level; when it holds the
postings of so many texts, all of them move to the next level at once, in its order: a page that is written then takes
many. Levels are asked together.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import delete, insert, literal, select
from sqlalchemy.orm import Session

from storage.batch import execute_in
from storage.tables import Posting

LEVEL_TEXTS = (16_384, 262_144)
"""Texts whose postings the first levels hold at most; the last level has no limit. The first is some 15 MB, which the
system's cache has at hand; each further one is so much larger that its pages take a dozen postings at a time."""

LEVELS = tuple(range(len(LEVEL_TEXTS) + 1))

MOST_HOLDERS = 100
"""A key that more texts have is a template's, or a paragraph's that stands everywhere: it tells nothing, and its list
grows no further."""

MOST_CANDIDATES = 64
"""So many texts are compared with a new one, those with the most shared keys first."""


def store_postings(session: Session, keys: Mapping[int, set[int]], *, new: Iterable[int]) -> dict[int, list[int]]:
    """Number of each text -> the texts that share keys with it, the likeliest first.

    Whatever is stored is asked, and the given ones among each other. The postings of the new ones are stored.
    """
    holders = _find_holders(session, set().union(*keys.values()))
    rows = []
    for wording_id in new:
        for key in keys[wording_id]:
            known = holders[key]
            known.append(wording_id)
            # One more than the most is stored: by that it is known.
            if len(known) <= MOST_HOLDERS + 1:
                rows.append({"level": 0, "key": key, "wording_id": wording_id})
    if rows:
        # Past the session, which would spend as much again on what only objects need.
        session.connection().execute(insert(Posting), rows)
    shared = {key: known for key, known in holders.items() if 1 < len(known) <= MOST_HOLDERS}
    return {wording_id: _rank(wording_id, own, shared) for wording_id, own in keys.items()}


def settle_postings(session: Session, count_before: int, count: int) -> None:
    """Move the postings of levels that are full, now that there are so many texts."""
    for level, most in enumerate(LEVEL_TEXTS):
        if count_before // most == count // most:
            return
        moved = select(literal(level + 1), Posting.key, Posting.wording_id).where(Posting.level == level)
        ordered = moved.order_by(Posting.key, Posting.wording_id)
        session.execute(insert(Posting).from_select(["level", "key", "wording_id"], ordered))
        session.execute(delete(Posting).where(Posting.level == level))


def _find_holders(session: Session, keys: set[int]) -> dict[int, list[int]]:
    holders: dict[int, list[int]] = defaultdict(list)
    statement = select(Posting.key, Posting.wording_id).where(Posting.level.in_(LEVELS))
    for key, wording_id in execute_in(session, statement, Posting.key, keys):
        holders[key].append(wording_id)
    return holders


def _rank(wording_id: int, keys: set[int], shared: Mapping[int, list[int]]) -> list[int]:
    counts = Counter(other for key in keys & shared.keys() for other in shared[key])
    del counts[wording_id]
    return sorted(counts, key=lambda other: (-counts[other], other))[:MOST_CANDIDATES]
