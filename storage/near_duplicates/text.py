"""Texts that are like each other, whichever articles have them: kept up to date, and found as groups."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from storage.ledger.unit_of_work import IN_COUNT, execute_in, select_in
from storage.near_duplicates.comparison import is_alike
from storage.near_duplicates.lsh_index import Likeness, Wording, remove_postings, settle_postings, store_postings
from storage.near_duplicates.shingle import Shingled
from storage.schema.tables import Article, Revision

CACHED_TEXTS = 128
"""Texts taken apart at a time: twice the most that one is compared with, some MB."""

Neighbours = dict[int, set[int]]
"""Number of a text -> those that are like it."""


def update_wordings(session: Session, present: Collection[str], former: Mapping[str, str]) -> set[int]:
    """Compare the texts that are new with all others, and forget those that no article has any more.

    Takes the digests of the texts that articles have, and of those that they had before with an article that had it;
    answers the numbers of the texts whose groups may be others now: those present, and the likes of the forgotten ones.
    """
    held = set(select_in(session, select(Article.content_sha256).distinct(), Article.content_sha256, former))
    left = _forget(session, {digest: owner for digest, owner in former.items() if digest not in held})
    _add(session, present)
    return left | set(select_in(session, select(Wording.id), Wording.content_sha256, {*present, *held}))


def find_groups(session: Session, ids: Collection[int]) -> Iterator[list[str]]:
    """The groups that these texts are in, as the digests of all of it: whatever is like a text is in its group."""
    neighbours = _read_neighbours(session, ids)
    digests = _read_digests(session, neighbours.keys())
    waiting = set(neighbours)
    while waiting:
        group: set[int] = set()
        reached = {waiting.pop()}
        while reached:
            group |= reached
            reached = {other for one in reached for other in neighbours[one]} - group
        waiting -= group
        yield [digests[one] for one in group if one in digests]


def _read_neighbours(session: Session, ids: Collection[int]) -> Neighbours:
    """Of these texts, of their neighbours, and so on."""
    found: Neighbours = {}
    wanted = set(ids)
    while wanted:
        found |= {one: set() for one in wanted}
        pairs = execute_in(session, select(Likeness.wording_id, Likeness.other_id), Likeness.wording_id, wanted)
        wanted = set()
        for one, other in pairs:
            found[one].add(other)
            wanted.add(other)
        wanted -= found.keys()
    return found


def _read_digests(session: Session, ids: Collection[int]) -> dict[int, str]:
    current = select(Wording.id, Wording.content_sha256).where(Wording.is_current)
    return {row[0]: row[1] for row in execute_in(session, current, Wording.id, ids)}


def _forget(session: Session, former: Mapping[str, str]) -> set[int]:
    """Answers the numbers of the texts that they were like."""
    rows = execute_in(session, select(Wording.content_sha256, Wording.id), Wording.content_sha256, former)
    ids = {row[0]: row[1] for row in rows}
    versions = select(Revision.content_sha256, Revision.body).where(Revision.content_sha256.in_(ids))
    bodies = {row[0]: row[1] for row in execute_in(session, versions, Revision.article_id, set(former.values()))}
    others: set[int] = set()
    for digest, one in ids.items():
        neighbours = set(session.scalars(select(Likeness.other_id).where(Likeness.wording_id == one)))
        for other in neighbours:
            session.execute(delete(Likeness).where(Likeness.wording_id == other, Likeness.other_id == one))
        session.execute(delete(Likeness).where(Likeness.wording_id == one))
        session.execute(update(Wording).where(Wording.id == one).values(is_current=False))
        if digest in bodies:
            # Else texts that nobody has would take the places of those that are to be compared.
            remove_postings(session, one, Shingled(bodies[digest]).list_keys())
        others |= neighbours
    return others - set(ids.values())


def _add(session: Session, digests: Collection[str]) -> None:
    rows = execute_in(
        session, select(Wording.content_sha256, Wording.id, Wording.is_current), Wording.content_sha256, digests
    )
    known = {digest: (wording_id, is_current) for digest, wording_id, is_current in rows}
    back = {wording_id: digest for digest, (wording_id, is_current) in known.items() if not is_current}
    if back:
        session.execute(update(Wording), [{"id": wording_id, "is_current": True} for wording_id in back])
    count = session.scalar(select(func.max(Wording.id))) or 0
    new = dict(enumerate(sorted(set(digests) - known.keys()), count + 1))
    if new:
        rows_new = [{"id": number, "content_sha256": digest, "is_current": True} for number, digest in new.items()]
        session.execute(insert(Wording), rows_new)
    fresh = list((back | new).items())
    for start in range(0, len(fresh), IN_COUNT):
        _compare(session, dict(fresh[start : start + IN_COUNT]), back)
    settle_postings(session, count, count + len(new))


def _compare(session: Session, wanted: Mapping[int, str], back: Collection[int]) -> None:
    """Compare some texts, digests by number, with all that are stored and with each other.

    Those that are back may still have postings, if their texts were not known any more when they were forgotten.
    """
    rows = execute_in(
        session,
        select(Article.content_sha256, Article.body),
        Article.content_sha256,
        list(wanted.values()),
    )
    by_digest = {row[0]: row[1] for row in rows}
    bodies = {number: by_digest[digest] for number, digest in wanted.items()}
    keys = {number: Shingled(body).list_keys() for number, body in bodies.items()}
    for number in keys.keys() & set(back):
        remove_postings(session, number, keys[number])
    candidates = store_postings(session, keys, new=wanted)
    pairs = set(_find_pairs(session, bodies, candidates))
    if pairs:
        both = sorted(pairs | {(other, one) for one, other in pairs})
        session.execute(insert(Likeness), [{"wording_id": one, "other_id": other} for one, other in both])


def _find_pairs(
    session: Session, bodies: Mapping[int, str], candidates: Mapping[int, list[int]]
) -> Iterator[tuple[int, int]]:
    @lru_cache(CACHED_TEXTS)
    def read(number: int) -> Shingled:
        return Shingled(bodies.get(number) or _read_body(session, number) or "")

    compared: Neighbours = defaultdict(set)
    for number, others in candidates.items():
        for other in others:
            if number not in compared[other]:
                compared[number].add(other)
                if is_alike(read(number), read(other)):
                    yield number, other


def _read_body(session: Session, wording_id: int) -> str | None:
    """None of a text that no article has any more."""
    statement = (
        select(Article.body)
        .join(Wording, Wording.content_sha256 == Article.content_sha256)
        .where(Wording.id == wording_id, Wording.is_current)
        .limit(1)
    )
    return session.scalar(statement)
