"""Choose the primary of a group of articles, decide which of the others are its duplicates, and name the kind."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.duplicate import DuplicateKind, Explanation
from storage.near_duplicates.comparison import (
    MIN_CONTAINMENT,
    Relation,
    Shingled,
    find_shared_paragraphs,
    split_words,
)
from storage.schema.tables import Article


def find_explanation(session: Session, article_id: str) -> Explanation | None:
    """Return the evidence that this article is a duplicate; None if it is not one, or the id is unknown."""
    row = session.get(Article, article_id)
    if row is None or row.duplicate_of is None or row.duplicate_kind is None:
        return None
    body = session.scalars(select(Article.body).where(Article.id == row.duplicate_of)).one()
    shared = find_shared_paragraphs(Shingled(row.body), Shingled(body))
    return Explanation(
        duplicate_of=row.duplicate_of,
        kind=DuplicateKind(row.duplicate_kind),
        similarity=row.similarity or 0.0,
        shared_paragraphs=shared,
        shared_word_count=sum(len(paragraph.split()) for paragraph in shared),
        word_count=row.word_count,
    )


MIN_FULL_SHARE = 0.95
"""Share of the longest article's words that a full article has; the longest may have an extra paragraph."""

MAX_TRUNCATED_SHARE = 2 / 3
"""Below this share of the other's words, one of two articles with the same or unknown times is truncated."""

MAX_QUOTED_SHARE = 0.4
"""Below this share of another text's words, a text contained in it is a quotation or an item of a digest: three items
of a weekly digest have .33 each, a statement in an analysis had .24. Halves cut after a paragraph have .4 or more."""

FEWEST_WORDS = 50
"""Fewer words (of a gallery, a video, an announcement) may be a series' standard text."""

MAX_GROWTH_TIME = timedelta(hours=12)
"""A story grows within the day it broke; a digest that begins with it appears at the end of the day or week."""

MIN_INTRO_CONTAINMENT = 0.75
"""Minimum containment if intro and headline differ and the articles name no common agency. Two stories on one topic
were seen to share .68 of their words: all but the news."""

MIN_TEMPLATE_CONTAINMENT = 0.9
"""Minimum containment if the difference is elsewhere: two episodes with the same opening and end share .78."""

ARCHIVE_MARK = ":archive/"
"""In the record id of an article under `/archive/SLUG`."""


class Member(NamedTuple):
    """The columns of an article that matter for its group."""

    id: str
    entry_id: int | None
    content_sha256: str
    word_count: int
    headline: str | None
    agencies: list[str]
    images: list[dict[str, Any]]
    published_at: datetime | None
    duplicate_of: str | None
    duplicate_kind: str | None
    similarity: float | None

    @property
    def is_archive(self) -> bool:
        """Whether it is an old archive article, whose URL has no date."""
        return ARCHIVE_MARK in self.id

    @property
    def image_urls(self) -> set[str]:
        """The known URLs of its pictures."""
        return {image["url"] for image in self.images if image.get("url")}


def choose_primary(group: Collection[Member]) -> Member:
    """Choose the article that the others are duplicates of, in any order of arrival.

    Pages come before texts without a URL, full texts before partial ones, dated URLs before `/archive/` ones;
    then the earliest published (without a time last), then the smallest id.
    """
    pages = [member for member in group if member.entry_id is not None] or group
    longest = max(member.word_count for member in pages)
    return min((member for member in pages if member.word_count >= MIN_FULL_SHARE * longest), key=_rank)


def _rank(member: Member) -> tuple[Any, ...]:
    at = member.published_at
    return member.is_archive, at is None, at, member.id


class Pair(NamedTuple):
    """What two articles have in common besides their text; symmetric."""

    one: Member
    other: Member

    @property
    def is_archive_copy(self) -> bool:
        """Whether exactly one of them is an old archive article."""
        return self.one.is_archive != self.other.is_archive

    @property
    def is_agency(self) -> bool:
        """Whether both name the same agency."""
        return not set(self.one.agencies).isdisjoint(self.other.agencies)

    @property
    def has_same_headline(self) -> bool:
        """Whether both have the same headline, ignoring case and punctuation."""
        return self._has_headlines and self._words(self.one) == self._words(self.other)

    @property
    def has_other_headline(self) -> bool:
        """Whether the headlines differ; a missing headline differs from none."""
        return self._has_headlines and not self.has_same_headline

    @property
    def has_same_pictures(self) -> bool:
        """Whether both have the same pictures, and at least one."""
        return bool(self.one.image_urls) and self.one.image_urls == self.other.image_urls

    @property
    def _has_headlines(self) -> bool:
        return bool(self.one.headline and self.other.headline)

    @staticmethod
    def _words(member: Member) -> list[str]:
        return split_words(member.headline or "")


def name_kind(one: Member, other: Member, relation: Relation | None) -> DuplicateKind | None:
    """Return how two similar articles differ; None if they are not duplicates. Equal texts have no relation.

    The result is symmetric.
    """
    pair = Pair(one, other)
    if not _is_one_item(pair) or (relation and not _is_one_text(pair, relation)):
        return None
    if pair.is_archive_copy:
        return DuplicateKind.ARCHIVE_COPY
    if pair.is_agency and pair.has_other_headline:
        return DuplicateKind.SYNDICATED
    return _name_change(pair, relation) if relation else DuplicateKind.EXACT


def _name_change(pair: Pair, relation: Relation) -> DuplicateKind:
    if relation.is_part:
        return DuplicateKind.TRUNCATED if _is_truncated(pair, relation) else DuplicateKind.UPDATE
    return DuplicateKind.SYNDICATED if relation.is_rewritten else DuplicateKind.NEAR


def _is_one_item(pair: Pair) -> bool:
    """Whether they are one item, and not two that share a few words of standard text."""
    is_long = min(pair.one.word_count, pair.other.word_count) >= FEWEST_WORDS
    return is_long or pair.is_archive_copy or pair.has_same_pictures or not pair.has_other_headline


def _is_one_text(pair: Pair, relation: Relation) -> bool:
    """Whether they are one story, and not two that share a quotation, background paragraphs or a template."""
    if relation.length_share < MAX_QUOTED_SHARE and not _is_copy_of_start(pair, relation):
        return False
    return not relation.is_rewritten or relation.containment >= _find_min_containment(pair, relation)


def _is_copy_of_start(pair: Pair, relation: Relation) -> bool:
    """Whether the short text was cut from the long one, or is its first version; a digest is later than its items."""
    if pair.has_same_headline or pair.is_archive_copy:
        return True
    shorter, longer = _order(pair, relation)
    before, after = shorter.published_at, longer.published_at
    is_older = before is not None and after is not None and after - before > MAX_GROWTH_TIME
    return relation.has_same_start and (relation.is_cut or pair.is_agency or not is_older)


def _find_min_containment(pair: Pair, relation: Relation) -> float:
    """Return the minimum containment of two articles that each have unique text."""
    if pair.is_agency or pair.has_same_headline:
        return MIN_CONTAINMENT
    return MIN_INTRO_CONTAINMENT if relation.is_intro else MIN_TEMPLATE_CONTAINMENT


def _is_truncated(pair: Pair, relation: Relation) -> bool:
    """Whether the shorter text was cut from the longer one; otherwise the longer one grew from it."""
    shorter, longer = _order(pair, relation)
    before, after = shorter.published_at, longer.published_at
    if relation.is_cut:
        return True
    if before and after and before != after:
        return before > after
    return relation.length_share < MAX_TRUNCATED_SHARE


def _order(pair: Pair, relation: Relation) -> tuple[Member, Member]:
    """Return the article with the shorter text, then the one with the longer."""
    return (pair.one, pair.other) if relation.is_shorter else (pair.other, pair.one)
