"""How an article is the duplicate of another one, and what shows it."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.model import Count, NonEmpty, Record


class DuplicateKind(StrEnum):
    """How two articles with (nearly) one text differ; it holds in both directions."""

    EXACT = "exact"
    NEAR = "near"
    """The same text with small edits."""
    SYNDICATED = "syndicated"
    """The same agency text under another headline, or with another intro."""
    UPDATE = "update"
    """The same, and further paragraphs."""
    TRUNCATED = "truncated"
    """A part of it."""
    ARCHIVE_COPY = "archive-copy"
    """The same story under `/archive/SLUG` and under a dated URL."""


class Explanation(Record):
    """Why an article is a duplicate."""

    duplicate_of: NonEmpty
    """The id of the matched record."""
    kind: DuplicateKind
    similarity: Annotated[float, Field(ge=0, le=1)]
    """Jaccard similarity of the sets of word 3-grams."""
    shared_paragraphs: tuple[str, ...]
    """As they stand in the duplicate, in its order."""
    shared_word_count: Count
    """Words of these."""
    word_count: Count
    """Words of the duplicate."""
