"""Group articles with the same or nearly the same text and choose each group's primary, in any order of arrival.

Near-duplicate pairs are maintained between distinct texts, independent of the articles that have them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from itertools import chain
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, aliased

from schemas.outcome import State
from storage.articles.terms import ReadTerms
from storage.bulk import insert_rows
from storage.ledger.unit_of_work import IN_COUNT, UnitOfWork, execute_in, select_in
from storage.near_duplicates.comparison import Relation, Shingled, is_near_duplicate, relate
from storage.near_duplicates.duplicate import Member, choose_primary, name_kind
from storage.near_duplicates.lsh_index import (
    ArticleText,
    NearDuplicatePair,
    compact_levels,
    remove_lsh_keys,
    store_lsh_keys,
)
from storage.schema.tables import Article, Base, Entry, Revision

CACHED_TEXTS = 128
"""Shingled texts in memory: twice the most candidates of one text, some MB."""

READ_PAIRS = 256
"""Pairs whose stored bodies are read at a time: a statement for each would take twice as long as comparing them."""

Neighbours = dict[int, set[int]]
"""Id of a text -> ids of its near-duplicates."""


def update_texts(session: Session, present: Collection[str], former: Mapping[str, str], terms: ReadTerms) -> set[int]:
    """Compare new texts with all others, and remove those that no article has any more.

    Takes the digests of the current texts, and the previous digests with the id of an article that had each.
    Returns the ids of the texts whose groups may have changed: current ones, and neighbours of removed ones.
    """
    still_used = set(select_in(session, select(Article.content_sha256).distinct(), Article.content_sha256, former))
    affected = _remove_texts(session, {digest: owner for digest, owner in former.items() if digest not in still_used})
    others = select_in(session, select(ArticleText.id), ArticleText.content_sha256, still_used - set(present))
    return affected | _add_texts(session, present, terms) | set(others)


def find_groups(session: Session, ids: Collection[int]) -> Iterator[list[str]]:
    """Yield the groups (connected components) of these texts, each as a list of digests."""
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
    """Return the neighbours of these texts, of their neighbours, and so on."""
    found: Neighbours = {}
    wanted = set(ids)
    while wanted:
        found |= {one: set() for one in wanted}
        pairs = execute_in(
            session, select(NearDuplicatePair.text_id, NearDuplicatePair.other_id), NearDuplicatePair.text_id, wanted
        )
        wanted = set()
        for one, other in pairs:
            found[one].add(other)
            wanted.add(other)
        wanted -= found.keys()
    return found


def _read_digests(session: Session, ids: Collection[int]) -> dict[int, str]:
    current = select(ArticleText.id, ArticleText.content_sha256).where(ArticleText.is_current)
    return {row[0]: row[1] for row in execute_in(session, current, ArticleText.id, ids)}


def _remove_texts(session: Session, former: Mapping[str, str]) -> set[int]:
    """Remove these texts' pairs and keys; return the ids of their former neighbours."""
    rows = execute_in(session, select(ArticleText.content_sha256, ArticleText.id), ArticleText.content_sha256, former)
    ids = {row[0]: row[1] for row in rows}
    versions = select(Revision.content_sha256, Revision.body).where(Revision.content_sha256.in_(ids))
    bodies = {row[0]: row[1] for row in execute_in(session, versions, Revision.article_id, set(former.values()))}
    others: set[int] = set()
    for digest, one in ids.items():
        neighbours = set(session.scalars(select(NearDuplicatePair.other_id).where(NearDuplicatePair.text_id == one)))
        for other in neighbours:
            session.execute(
                delete(NearDuplicatePair).where(NearDuplicatePair.text_id == other, NearDuplicatePair.other_id == one)
            )
        session.execute(delete(NearDuplicatePair).where(NearDuplicatePair.text_id == one))
        session.execute(update(ArticleText).where(ArticleText.id == one).values(is_current=False))
        if digest in bodies:
            # Otherwise unused texts would crowd out candidates.
            remove_lsh_keys(session, one, Shingled(bodies[digest]).list_keys())
        others |= neighbours
    return others - set(ids.values())


def _add_texts(session: Session, digests: Collection[str], terms: ReadTerms) -> set[int]:
    """Add these texts where they are new or return, and return the ids of all."""
    rows = execute_in(
        session,
        select(ArticleText.content_sha256, ArticleText.id, ArticleText.is_current),
        ArticleText.content_sha256,
        digests,
    )
    known = {digest: (text_id, is_current) for digest, text_id, is_current in rows}
    returning = {text_id: digest for digest, (text_id, is_current) in known.items() if not is_current}
    if returning:
        session.execute(update(ArticleText), [{"id": text_id, "is_current": True} for text_id in returning])
    count = session.scalar(select(func.max(ArticleText.id))) or 0
    new = dict(enumerate(sorted(set(digests) - known.keys()), count + 1))
    if new:
        _insert(session, ArticleText, [(number, digest, True) for number, digest in new.items()])
    fresh = list((returning | new).items())
    for start in range(0, len(fresh), IN_COUNT):
        _compare_texts(session, dict(fresh[start : start + IN_COUNT]), returning, terms)
    compact_levels(session, count, count + len(new))
    return {text_id for text_id, _ in known.values()} | new.keys()


def _insert(session: Session, table: type[ArticleText | NearDuplicatePair], rows: Sequence[tuple[Any, ...]]) -> None:
    columns = Base.metadata.tables[table.__tablename__]
    insert_rows(session.connection(), columns, columns.c.keys(), [rows])


def _compare_texts(session: Session, wanted: Mapping[int, str], returning: Collection[int], terms: ReadTerms) -> None:
    """Compare texts (id -> digest) with all stored texts and with each other.

    Returning texts may still have keys in the index, if their bodies were gone when they were removed.
    """
    unread = [digest for digest in wanted.values() if digest not in terms.bodies]
    rows = execute_in(session, select(Article.content_sha256, Article.body), Article.content_sha256, unread)
    by_digest = terms.bodies | {row[0]: row[1] for row in rows}
    bodies = {number: by_digest[digest] for number, digest in wanted.items()}
    keys = {
        number: terms.find_keys(digest) or Shingled(bodies[number]).list_keys() for number, digest in wanted.items()
    }
    for number in keys.keys() & set(returning):
        remove_lsh_keys(session, number, keys[number])
    candidates = store_lsh_keys(session, keys, new=wanted)
    pairs = set(_find_pairs(session, bodies, candidates))
    if pairs:
        both = sorted(pairs | {(other, one) for one, other in pairs})
        _insert(session, NearDuplicatePair, both)


def _find_pairs(
    session: Session, bodies: Mapping[int, str], candidates: Mapping[int, list[int]]
) -> Iterator[tuple[int, int]]:
    pairs = list(_list_pairs(candidates))
    for start in range(0, len(pairs), READ_PAIRS):
        part = pairs[start : start + READ_PAIRS]
        stored = _read_bodies(session, set(chain.from_iterable(part)) - bodies.keys())
        texts = lru_cache(CACHED_TEXTS)(partial(_shingle, bodies, stored))
        yield from ((one, other) for one, other in part if is_near_duplicate(texts(one), texts(other)))


def _list_pairs(candidates: Mapping[int, list[int]]) -> Iterator[tuple[int, int]]:
    """Yield each pair to compare once, in one direction."""
    compared: Neighbours = defaultdict(set)
    for number, others in candidates.items():
        for other in others:
            if number not in compared[other]:
                compared[number].add(other)
                yield number, other


def _shingle(bodies: Mapping[int, str], stored: Mapping[int, str], text_id: int) -> Shingled:
    return Shingled(bodies.get(text_id) or stored.get(text_id, ""))


def _read_bodies(session: Session, text_ids: Collection[int]) -> dict[int, str]:
    """Return these texts' bodies, without those that no article has any more."""
    # As one statement, it took PostgreSQL seconds while its statistics were older than the archive.
    owned = select(ArticleText.id, func.min(Article.id)).where(ArticleText.is_current).group_by(ArticleText.id)
    joined = owned.join(Article, Article.content_sha256 == ArticleText.content_sha256)
    owners = {row[1]: row[0] for row in execute_in(session, joined, ArticleText.id, text_ids)}
    rows = execute_in(session, select(Article.id, Article.body), Article.id, owners)
    return {owners[row[0]]: row[1] for row in rows}


MEMBER_COLUMNS = tuple(getattr(Article, name) for name in Member._fields)

ONE, OTHER = aliased(ArticleText), aliased(ArticleText)
NEIGHBOUR_DIGESTS = (
    select(ONE.content_sha256, OTHER.content_sha256)
    .join(NearDuplicatePair, NearDuplicatePair.text_id == ONE.id)
    .join(OTHER, OTHER.id == NearDuplicatePair.other_id)
)

Verdict = tuple[str | None, str | None, float | None]
"""`duplicate_of`, `duplicate_kind` and `similarity` of an article."""

NO_DUPLICATE: Verdict = (None, None, None)


def regroup(batch: UnitOfWork) -> set[str]:
    """Find the groups of all articles touched by this batch, and write which are duplicates of which.

    Returns the batch's new articles that are duplicates. Leaves nothing in the batch unwritten.
    """
    batch.write()
    if batch.parallel:
        batch.parallel.begin_merge()
    touched = batch.touched_ids
    groups = _find_member_groups(batch, touched)
    changes = [change for group in groups for change in _find_changed_verdicts(batch, group, touched)]
    _write(batch, changes)
    return {member.id for member, verdict in changes if member.id in batch.added_article_ids and verdict[0]}


def _find_member_groups(batch: UnitOfWork, touched: set[str]) -> Iterator[list[Member]]:
    rows = [(key, row["content_sha256"], row["word_count"]) for key, row in batch.new_articles.items()]
    statement = select(Article.id, Article.content_sha256, Article.word_count)
    others = touched - batch.new_articles.keys()
    rows += [(row[0], row[1], row[2]) for row in execute_in(batch.session, statement, Article.id, others)]
    # An article without words has no near-duplicates, even if it had some before.
    wordless = [row[0] for row in rows if not row[2]]
    for row in execute_in(batch.session, select(*MEMBER_COLUMNS), Article.id, wordless):
        yield [Member(*row)]
    former = {digest: article_id for article_id, digest in batch.former_texts.items() if digest}
    ids = update_texts(batch.session, {row[1] for row in rows if row[2]}, former, batch.terms)
    groups = list(_skip_settled(batch, list(find_groups(batch.session, ids))))
    members = _read_members(batch, {digest for group in groups for digest in group})
    yield from ([member for digest in group for member in members[digest]] for group in groups)


def _read_members(batch: UnitOfWork, digests: set[str]) -> Mapping[str, list[Member]]:
    found: dict[str, list[Member]] = defaultdict(list)
    statement = select(*MEMBER_COLUMNS).where(Article.word_count > 0)
    for row in execute_in(batch.session, statement, Article.content_sha256, digests):
        found[row[2]].append(Member(*row))
    return found


def _skip_settled(batch: UnitOfWork, groups: Sequence[list[str]]) -> Iterator[list[str]]:
    """Yield the groups except those of one article that is marked as no duplicate: nearly all in most batches."""
    alone = {group[0] for group in groups if len(group) == 1}
    verdicts: dict[str, list[Verdict]] = defaultdict(list)
    statement = select(Article.content_sha256, *MEMBER_COLUMNS[-3:]).where(Article.word_count > 0)
    for digest, *verdict in execute_in(batch.session, statement, Article.content_sha256, alone):
        verdicts[digest].append(tuple(verdict))
    yield from (group for group in groups if len(group) > 1 or verdicts[group[0]] != [NO_DUPLICATE])


def _find_changed_verdicts(
    batch: UnitOfWork, group: Sequence[Member], touched: set[str]
) -> Iterator[tuple[Member, Verdict]]:
    """Yield changed verdicts: the primary's near-duplicates are its duplicates; the others form a new group."""
    old_groups = _find_old_groups(batch, group, touched)
    while group:
        comparison = _PrimaryComparison(batch, choose_primary(group), touched, old_groups)
        verdicts = [(member, comparison.compare(member)) for member in group]
        yield from ((member, verdict) for member, verdict in verdicts if verdict and verdict != member[-3:])
        group = [member for member, verdict in verdicts if verdict is None]


def _find_old_groups(batch: UnitOfWork, group: Sequence[Member], touched: set[str]) -> dict[str, str]:
    """Map the digest of each text that only untouched articles have to a digest that represents its old group.

    Otherwise a series, whose episodes are similar but no duplicates, would be compared in all its pairs each time.
    """
    digests = {member.content_sha256 for member in group}
    digests -= {member.content_sha256 for member in group if member.id in touched}
    neighbours: dict[str, set[str]] = defaultdict(set)
    for digest, neighbour in execute_in(batch.session, NEIGHBOUR_DIGESTS, ONE.content_sha256, digests):
        neighbours[digest].add(neighbour)
    old_groups: dict[str, str] = {}
    for digest in digests:
        reached = {digest} - old_groups.keys()
        while reached:
            old_groups |= dict.fromkeys(reached, digest)
            reached = {neighbour for text in reached for neighbour in neighbours[text]} & digests - old_groups.keys()
    return old_groups


class _PrimaryComparison:
    """Compares a group's members with its primary; each text once."""

    def __init__(self, batch: UnitOfWork, primary: Member, touched: set[str], old_groups: Mapping[str, str]) -> None:
        self._batch = batch
        self._primary = primary
        self._touched = touched
        self._old_groups = old_groups
        self._relations: dict[str, Relation | None] = {}

    def compare(self, member: Member) -> Verdict | None:
        """Return the member's verdict; None if it is not a duplicate of the primary."""
        primary = self._primary
        if member is primary:
            return NO_DUPLICATE
        if member.duplicate_of == primary.id and self._touched.isdisjoint((member.id, primary.id)):
            return member[-3:]  # unchanged
        if self._was_compared(member):
            return None  # unchanged
        is_same = member.content_sha256 == primary.content_sha256
        relation = None if is_same else self._relate(member)
        if not is_same and relation is None:
            return None
        kind = name_kind(primary, member, relation)
        return (primary.id, kind.value, relation.similarity if relation else 1.0) if kind else None

    def _was_compared(self, member: Member) -> bool:
        """Whether both were in the same group before, and neither was a duplicate."""
        old_group = self._old_groups.get(member.content_sha256)
        is_alone = member.duplicate_of is None and self._primary.duplicate_of is None
        return is_alone and old_group is not None and old_group == self._old_groups.get(self._primary.content_sha256)

    def _relate(self, member: Member) -> Relation | None:
        """Return the relation to the primary's text; None if they are not near-duplicates."""
        digest = member.content_sha256
        if digest not in self._relations:
            text = self._read(member)
            self._relations[digest] = relate(self._text, text) if is_near_duplicate(self._text, text) else None
        return self._relations[digest]

    @cached_property
    def _text(self) -> Shingled:
        return self._read(self._primary)

    def _read(self, member: Member) -> Shingled:
        return Shingled(self._batch.session.scalars(select(Article.body).where(Article.id == member.id)).one())


def _lock(batch: UnitOfWork, members: Sequence[Member]) -> None:
    """Lock the articles with their entries, where others write at the same time."""
    if batch.parallel:
        entry_ids = {member.entry_id for member in members if member.entry_id is not None}
        batch.parallel.lock_more(select_in(batch.session, select(Entry.key), Entry.id, entry_ids))
        batch.parallel.lock_more(member.id for member in members)


def _write(batch: UnitOfWork, changes: Sequence[tuple[Member, Verdict]]) -> None:
    if not changes:
        return
    _lock(batch, [member for member, _ in changes])
    names = ("duplicate_of", "duplicate_kind", "similarity")
    rows = [{"id": member.id, **dict(zip(names, verdict, strict=True))} for member, verdict in changes]
    batch.session.execute(update(Article), rows)
    states: list[dict[str, Any]] = [
        {"id": member.entry_id, "state": State.DUPLICATE if verdict[0] else State.STORED}
        for member, verdict in changes
        if member.entry_id is not None
    ]
    if states:
        batch.session.execute(update(Entry), states)
    batch.session.expire_all()
