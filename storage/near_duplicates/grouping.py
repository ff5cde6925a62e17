"""Which articles have (nearly) one text, and who is whose duplicate: whatever the order in which they came."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import aliased

from schemas.outcome import State
from storage.ledger.unit_of_work import UnitOfWork, execute_in
from storage.near_duplicates.comparison import Relation, is_alike, relate
from storage.near_duplicates.duplicate import Member, choose_primary, name_kind
from storage.near_duplicates.lsh_index import Likeness, Wording
from storage.near_duplicates.shingle import Shingled
from storage.near_duplicates.text import find_groups, update_wordings
from storage.schema.tables import Article, Entry

MEMBER_COLUMNS = tuple(getattr(Article, name) for name in Member._fields)

ONE, OTHER = aliased(Wording), aliased(Wording)
LIKES = (
    select(ONE.content_sha256, OTHER.content_sha256)
    .join(Likeness, Likeness.wording_id == ONE.id)
    .join(OTHER, OTHER.id == Likeness.other_id)
)

Verdict = tuple[str | None, str | None, float | None]
"""`duplicate_of`, `duplicate_kind` and `similarity` of an article."""

NO_DUPLICATE: Verdict = (None, None, None)


def regroup(batch: UnitOfWork) -> set[str]:
    """Find the groups of all articles that this batch touched, and write who is whose duplicate.

    Answers those of the batch's new articles that are duplicates. The batch has nothing unwritten then.
    """
    batch.write()
    touched = batch.touched_ids
    groups = _find_groups(batch, touched)
    changes = [change for group in groups for change in _find_changes(batch, group, touched)]
    _write(batch, changes)
    return {member.id for member, verdict in changes if member.id in batch.added_article_ids and verdict[0]}


def _find_groups(batch: UnitOfWork, touched: set[str]) -> Iterator[list[Member]]:
    statement = select(Article.id, Article.content_sha256, Article.word_count)
    rows = list(execute_in(batch.session, statement, Article.id, touched))
    # What has no words is like nothing, also if it was before.
    wordless = [row[0] for row in rows if not row[2]]
    for row in execute_in(batch.session, select(*MEMBER_COLUMNS), Article.id, wordless):
        yield [Member(*row)]
    former = {digest: article_id for article_id, digest in batch.former_texts.items() if digest}
    ids = update_wordings(batch.session, {row[1] for row in rows if row[2]}, former)
    groups = list(find_groups(batch.session, ids))
    members = _read_members(batch, {digest for group in groups for digest in group})
    yield from ([member for digest in group for member in members[digest]] for group in groups)


def _read_members(batch: UnitOfWork, digests: set[str]) -> Mapping[str, list[Member]]:
    found: dict[str, list[Member]] = defaultdict(list)
    statement = select(*MEMBER_COLUMNS).where(Article.word_count > 0)
    for row in execute_in(batch.session, statement, Article.content_sha256, digests):
        found[row[2]].append(Member(*row))
    return found


def _find_changes(batch: UnitOfWork, group: Sequence[Member], touched: set[str]) -> Iterator[tuple[Member, Verdict]]:
    """What is like the primary is its duplicate. Of what is only like a duplicate of it, another is the primary."""
    parts = _find_parts(batch, group, touched)
    while group:
        judge = _Judge(batch, choose_primary(group), touched, parts)
        verdicts = [(member, judge.judge(member)) for member in group]
        yield from ((member, verdict) for member, verdict in verdicts if verdict and verdict != member[-3:])
        group = [member for member, verdict in verdicts if verdict is None]


def _find_parts(batch: UnitOfWork, group: Sequence[Member], touched: set[str]) -> dict[str, str]:
    """Digest of each text that only untouched articles have -> one that stands for all that it was in a group with.

    A series, whose episodes are like each other and no duplicates, would else be compared in all its pairs each time.
    """
    digests = {member.content_sha256 for member in group}
    digests -= {member.content_sha256 for member in group if member.id in touched}
    likes: dict[str, set[str]] = defaultdict(set)
    for digest, like in execute_in(batch.session, LIKES, ONE.content_sha256, digests):
        likes[digest].add(like)
    parts: dict[str, str] = {}
    for digest in digests:
        reached = {digest} - parts.keys()
        while reached:
            parts |= dict.fromkeys(reached, digest)
            reached = {like for text in reached for like in likes[text]} & digests - parts.keys()
    return parts


class _Judge:
    """How the members of a group differ from their primary. Each text is compared with it once."""

    def __init__(self, batch: UnitOfWork, primary: Member, touched: set[str], parts: Mapping[str, str]) -> None:
        self._batch = batch
        self._primary = primary
        self._touched = touched
        self._parts = parts
        self._relations: dict[str, Relation | None] = {}

    def judge(self, member: Member) -> Verdict | None:
        """None of a member that is no duplicate of the primary."""
        primary = self._primary
        if member is primary:
            return NO_DUPLICATE
        if member.duplicate_of == primary.id and self._touched.isdisjoint((member.id, primary.id)):
            return member[-3:]  # as before
        if self._was_judged(member):
            return None  # as before
        is_same = member.content_sha256 == primary.content_sha256
        relation = None if is_same else self._relate(member)
        if not is_same and relation is None:
            return None
        kind = name_kind(primary, member, relation)
        return (primary.id, kind.value, relation.similarity if relation else 1.0) if kind else None

    def _was_judged(self, member: Member) -> bool:
        """Whether both were in one group before, and are in it on their own."""
        part = self._parts.get(member.content_sha256)
        is_alone = member.duplicate_of is None and self._primary.duplicate_of is None
        return is_alone and part is not None and part == self._parts.get(self._primary.content_sha256)

    def _relate(self, member: Member) -> Relation | None:
        """None of a text that is not like the primary's."""
        digest = member.content_sha256
        if digest not in self._relations:
            text = self._read(member)
            self._relations[digest] = relate(self._text, text) if is_alike(self._text, text) else None
        return self._relations[digest]

    @cached_property
    def _text(self) -> Shingled:
        return self._read(self._primary)

    def _read(self, member: Member) -> Shingled:
        return Shingled(self._batch.session.scalars(select(Article.body).where(Article.id == member.id)).one())


def _write(batch: UnitOfWork, changes: Sequence[tuple[Member, Verdict]]) -> None:
    if not changes:
        return
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
