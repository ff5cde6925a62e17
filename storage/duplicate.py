"""Which of the articles with one text is the primary, and how the others differ from it: by what they are alone."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from schemas.duplicate import DuplicateKind
from storage.likeness import PART_SHARE, Relation

FULL_SHARE = 0.95
"""An article with less than this of the longest one's words is no full one: another may have a paragraph more."""

ARCHIVE_MARK = ":archive/"
"""In the record id of an article under `/archive/SLUG`."""


class Member(NamedTuple):
    """An article, as far as it matters for its group."""

    id: str
    entry_id: int | None
    content_sha256: str
    word_count: int
    headline: str | None
    agencies: list[str]
    published_at: datetime | None
    duplicate_of: str | None
    duplicate_kind: str | None
    similarity: float | None

    @property
    def is_archive(self) -> bool:
        """It is old stock, whose address tells no day."""
        return ARCHIVE_MARK in self.id


def choose_primary(group: Collection[Member]) -> Member:
    """The one that the others are duplicates of, whatever the order in which they came.

    Pages before texts without an address, of these full ones before parts, dated addresses before `/archive/` ones;
    then the first published, those without a time last, then by id.
    """
    pages = [member for member in group if member.entry_id is not None] or group
    longest = max(member.word_count for member in pages)
    return min((member for member in pages if member.word_count >= FULL_SHARE * longest), key=_rank)


def _rank(member: Member) -> tuple[Any, ...]:
    at = member.published_at
    return member.is_archive, at is None, at, member.id


def name_kind(one: Member, other: Member, relation: Relation | None) -> DuplicateKind:
    """How two articles of one group differ; without a relation their texts are the same."""
    is_agency = one.headline != other.headline and not set(one.agencies).isdisjoint(other.agencies)
    if one.is_archive != other.is_archive:
        return DuplicateKind.ARCHIVE_COPY
    if relation is None:
        return DuplicateKind.SYNDICATED if is_agency else DuplicateKind.EXACT
    if relation.is_part:
        shorter, longer = (one, other) if relation.is_shorter else (other, one)
        return DuplicateKind.TRUNCATED if _is_truncated(shorter, longer, relation) else DuplicateKind.UPDATE
    return DuplicateKind.SYNDICATED if relation.is_rewritten or is_agency else DuplicateKind.NEAR


def _is_truncated(shorter: Member, longer: Member, relation: Relation) -> bool:
    """Whether a part was cut out of the longer text, or that has grown from it."""
    before, after = shorter.published_at, longer.published_at
    if relation.is_cut:
        return True
    if before and after and before != after:
        return before > after
    return relation.length_share < PART_SHARE
