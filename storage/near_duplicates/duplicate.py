"""Which of the articles with one text is the primary, which of the others are its duplicates, and how they differ."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.duplicate import DuplicateKind, Explanation
from storage.near_duplicates.comparison import (
    LEAST_CONTAINMENT,
    Relation,
    Shingled,
    find_shared_paragraphs,
    split_words,
)
from storage.schema.tables import Article


def find_explanation(session: Session, article_id: str) -> Explanation | None:
    """What shows that this article is a duplicate; None of one that is none, or of an unknown id."""
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


FULL_SHARE = 0.95
"""An article with less than this of the longest one's words is no full one: another may have a paragraph more."""

PART_SHARE = 2 / 3
"""Of two articles of one time (or of unknown times), one with fewer of the other's words than this is a part of it."""

QUOTED_SHARE = 0.4
"""A text with less than this of another one's words, and all of it in there, is quoted there, or an item of a digest:
three of a week have .33 each, a statement in an analysis had .24. Halves that end with a paragraph have .4 and more."""

FEWEST_WORDS = 50
"""Fewer words than this (of a gallery, a video, an announcement) are what a series says each time."""

GROWING_TIME = timedelta(hours=12)
"""A story grows within the day on which it broke; a digest that begins with it comes at the end of the day or week."""

INTRO_CONTAINMENT = 0.75
"""So much of the shorter text has to be in the longer one too, if the intro and the headline are others, and no agency
is named by both. Two stories on one matter were seen to share .68 of their words: all but the news."""

TEMPLATE_CONTAINMENT = 0.9
"""Or so much, if what differs stands elsewhere: two episodes of a series with one opening and one end share .78."""

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
    images: list[dict[str, Any]]
    published_at: datetime | None
    duplicate_of: str | None
    duplicate_kind: str | None
    similarity: float | None

    @property
    def is_archive(self) -> bool:
        """It is old stock, whose URL tells no day."""
        return ARCHIVE_MARK in self.id

    @property
    def image_urls(self) -> set[str]:
        """The URLs of its pictures, as far as they are known."""
        return {image["url"] for image in self.images if image.get("url")}


def choose_primary(group: Collection[Member]) -> Member:
    """The one that the others are duplicates of, whatever the order in which they came.

    Pages before texts without a URL, of these full ones before parts, dated URLs before `/archive/` ones;
    then the first published, those without a time last, then by id.
    """
    pages = [member for member in group if member.entry_id is not None] or group
    longest = max(member.word_count for member in pages)
    return min((member for member in pages if member.word_count >= FULL_SHARE * longest), key=_rank)


def _rank(member: Member) -> tuple[Any, ...]:
    at = member.published_at
    return member.is_archive, at is None, at, member.id


class Pair(NamedTuple):
    """What two articles have in common beside their text: the same whichever comes first."""

    one: Member
    other: Member

    @property
    def is_archive_copy(self) -> bool:
        """Only one of them is old stock."""
        return self.one.is_archive != self.other.is_archive

    @property
    def is_agency(self) -> bool:
        """Both have the text from the same agency."""
        return not set(self.one.agencies).isdisjoint(self.other.agencies)

    @property
    def has_same_headline(self) -> bool:
        """Case and punctuation make no difference."""
        return self._has_headlines and self._words(self.one) == self._words(self.other)

    @property
    def has_other_headline(self) -> bool:
        """A text without a headline might have any."""
        return self._has_headlines and not self.has_same_headline

    @property
    def has_same_pictures(self) -> bool:
        """And has some."""
        return bool(self.one.image_urls) and self.one.image_urls == self.other.image_urls

    @property
    def _has_headlines(self) -> bool:
        return bool(self.one.headline and self.other.headline)

    @staticmethod
    def _words(member: Member) -> list[str]:
        return split_words(member.headline or "")


def name_kind(one: Member, other: Member, relation: Relation | None) -> DuplicateKind | None:
    """How two articles with like texts differ, None if they are no duplicates; without a relation it is one text.

    The answer is the same for the same two, whichever comes first.
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
    """Whether all that they are is one thing, and not only a few words that stand under many."""
    is_long = min(pair.one.word_count, pair.other.word_count) >= FEWEST_WORDS
    return is_long or pair.is_archive_copy or pair.has_same_pictures or not pair.has_other_headline


def _is_one_text(pair: Pair, relation: Relation) -> bool:
    """Whether they are one story, and not two with a quotation, a background or a template in common."""
    if relation.length_share < QUOTED_SHARE and not _is_copy_of_start(pair, relation):
        return False
    return not relation.is_rewritten or relation.containment >= _find_least_containment(pair, relation)


def _is_copy_of_start(pair: Pair, relation: Relation) -> bool:
    """Whether the short one was cut off the long one, or is its first version: a digest is younger than its items."""
    if pair.has_same_headline or pair.is_archive_copy:
        return True
    shorter, longer = _order(pair, relation)
    before, after = shorter.published_at, longer.published_at
    is_older = before is not None and after is not None and after - before > GROWING_TIME
    return relation.has_same_start and (relation.is_cut or pair.is_agency or not is_older)


def _find_least_containment(pair: Pair, relation: Relation) -> float:
    """How much two articles with passages of their own must share."""
    if pair.is_agency or pair.has_same_headline:
        return LEAST_CONTAINMENT
    return INTRO_CONTAINMENT if relation.is_intro else TEMPLATE_CONTAINMENT


def _is_truncated(pair: Pair, relation: Relation) -> bool:
    """Whether a part was cut out of the longer text, or that has grown from it."""
    shorter, longer = _order(pair, relation)
    before, after = shorter.published_at, longer.published_at
    if relation.is_cut:
        return True
    if before and after and before != after:
        return before > after
    return relation.length_share < PART_SHARE


def _order(pair: Pair, relation: Relation) -> tuple[Member, Member]:
    """The article with the shorter text, the one with the longer."""
    return (pair.one, pair.other) if relation.is_shorter else (pair.other, pair.one)
