"""Which articles have one text, and which of them is the primary: whatever the order in which they came."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select, update

from schemas.outcome import State
from storage.batch import Batch, execute_in
from storage.tables import Article, Entry


class Member(NamedTuple):
    """An article, as far as it matters for its group."""

    id: str
    entry_id: int | None
    content_sha256: str
    published_at: datetime | None
    duplicate_of: str | None
    duplicate_kind: str | None
    similarity: float | None


MEMBER_COLUMNS = tuple(getattr(Article, name) for name in Member._fields)


def regroup(batch: Batch) -> set[str]:
    """Find the groups of all articles whose text this batch added or changed, and write who is whose duplicate.

    Answers those of the batch's new articles that are duplicates. The batch has nothing unwritten then.
    """
    batch.write()
    found: set[str] = set()
    for group in _find_groups(batch):
        primary = choose_primary(group)
        _write(batch, changed := list(_find_changes(group, primary)))
        found |= {member.id for member, _ in changed if member.id in batch.added_article_ids}
    return found


def choose_primary(group: Collection[Member]) -> Member:
    """The one that the others are duplicates of: pages before texts without an address, then the first published."""
    return min(group, key=_rank)


def _rank(member: Member) -> tuple[Any, ...]:
    at = member.published_at
    return member.entry_id is None, at is None, at, member.id


def _find_groups(batch: Batch) -> Iterator[list[Member]]:
    ids = batch.former_texts.keys()
    statement = select(Article.content_sha256).where(Article.word_count > 0)
    hashes = {row[0] for row in execute_in(batch.session, statement, Article.id, ids)}
    hashes |= {former for former in batch.former_texts.values() if former}
    groups: dict[str, list[Member]] = defaultdict(list)
    rows = select(*MEMBER_COLUMNS).where(Article.word_count > 0)
    for row in execute_in(batch.session, rows, Article.content_sha256, hashes):
        groups[row[2]].append(Member(*row))
    yield from groups.values()


def _find_changes(group: Iterable[Member], primary: Member) -> Iterator[tuple[Member, dict[str, Any]]]:
    for member in group:
        is_primary = member.id == primary.id
        wanted = (None, None, None) if is_primary else (primary.id, "exact", 1.0)
        if wanted != (member.duplicate_of, member.duplicate_kind, member.similarity):
            yield member, dict(zip(("duplicate_of", "duplicate_kind", "similarity"), wanted, strict=True))


def _write(batch: Batch, changes: Sequence[tuple[Member, dict[str, Any]]]) -> None:
    if not changes:
        return
    batch.session.execute(update(Article), [{"id": member.id} | columns for member, columns in changes])
    states = (
        {"id": member.entry_id, "state": State.DUPLICATE if columns["duplicate_of"] else State.STORED}
        for member, columns in changes
        if member.entry_id is not None
    )
    if rows := list(states):
        batch.session.execute(update(Entry), rows)
    batch.session.expire_all()
