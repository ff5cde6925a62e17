"""Which texts share keys: an index of key -> text in the database that costs the same however large it is.

Keys are random numbers, so each new one falls on a page of its own in the index's tree, and that page is written again.
In a large tree that is a page of 4 kB a key. So new postings go to a small tree, the first level; when it holds the
postings of so many texts, all of them move to the next level at once, in its order: a page that is written then takes
many.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise

from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session

from storage.tables import NewPosting, Posting, RecentPosting, SettledPosting

LEVELS: tuple[type[Posting], ...] = (NewPosting, RecentPosting, SettledPosting)
LEVEL_TEXTS = (4_096, 65_536)
"""Texts whose postings the first levels hold at most; the last level has no limit. The first is some 3 MB, which lies
in the cache of the connection; each further one is so much larger that a page takes several postings at a time."""

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


ASKED_COUNT = 1_000
"""Keys in a statement: 20 kB of it."""


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
                rows.append({"key": key, "wording_id": wording_id})
    if rows:
        # Past the session, which would spend as much again on what only objects need.
        session.connection().execute(insert(NewPosting), rows)
    shared = {key: known[: MOST_HOLDERS + 1] for key, known in holders.items() if len(known) > 1}
    return {wording_id: _rank(wording_id, own, shared) for wording_id, own in keys.items()}


def settle_postings(session: Session, count_before: int, count: int) -> None:
    """Move the postings of levels that are full, now that there are so many texts."""
    for (level, following), most in zip(pairwise(LEVELS), LEVEL_TEXTS, strict=True):
        if count_before // most == count // most:
            return
        moved = select(level.key, level.wording_id).order_by(level.key, level.wording_id)
        session.execute(insert(following).from_select(["key", "wording_id"], moved))
        session.execute(delete(level))  # without a condition: SQLite empties the table at once


def _find_holders(session: Session, keys: set[int]) -> dict[int, list[int]]:
    holders: dict[int, list[int]] = defaultdict(list)
    ordered = sorted(keys)
    for start in range(0, len(ordered), ASKED_COUNT):
        # Written into the statement: to bind a variable for each number costs more than to look it up.
        is_asked = text(f"key IN ({','.join(map(str, ordered[start : start + ASKED_COUNT]))})")
        for level in reversed(LEVELS):  # the oldest texts first
            for key, wording_id in session.execute(select(level.key, level.wording_id).where(is_asked)):
                holders[key].append(wording_id)
    return holders


def _rank(wording_id: int, keys: set[int], shared: Mapping[int, list[int]]) -> list[int]:
    lists = [shared[key] for key in keys & shared.keys()]
    counts = Counter(other for holders in lists for other in holders)
    telling = {other for holders in lists if len(holders) <= MOST_HOLDERS for other in holders}
    del counts[wording_id]
    telling.discard(wording_id)
    ranked = sorted(counts, key=lambda other: (-counts[other], other))
    common = [other for other in ranked if other not in telling and counts[other] >= LEAST_COMMON]
    return [other for other in ranked if other in telling][:MOST_CANDIDATES] + common[:MOST_COMMON]
