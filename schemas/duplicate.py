"""The kinds of duplicates, and the evidence for one."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.model import Count, NonEmpty, Record


class DuplicateKind(StrEnum):
    """How two articles with (nearly) the same text differ. The kind is symmetric."""

    EXACT = "exact"
    NEAR = "near"
    """The same text with small edits."""
    SYNDICATED = "syndicated"
    """The same agency text with another headline or another intro."""
    UPDATE = "update"
    """The same text with further paragraphs."""
    TRUNCATED = "truncated"
    """A part of the text."""
    ARCHIVE_COPY = "archive-copy"
    """The same story under `/archive/SLUG` and under a dated URL."""


KIND_MEANINGS = {
    DuplicateKind.EXACT: "the same text as",
    DuplicateKind.NEAR: "the same text, with small edits, as",
    DuplicateKind.SYNDICATED: "the same text, under another headline or with another intro, as",
    DuplicateKind.UPDATE: "an earlier or later version of the text of",
    DuplicateKind.TRUNCATED: "part of the text of",
    DuplicateKind.ARCHIVE_COPY: "the archive's copy, or the original, of",
}
"""What a duplicate is, before the id of the article that it duplicates."""


class Explanation(Record):
    """Why an article is a duplicate."""

    duplicate_of: NonEmpty
    """The id of the matched record."""
    kind: DuplicateKind
    similarity: Annotated[float, Field(ge=0, le=1)]
    """Jaccard similarity of the sets of word 3-grams."""
    shared_paragraphs: tuple[str, ...]
    """With the wording and in the order of the duplicate."""
    shared_word_count: Count
    """Words of the shared paragraphs."""
    word_count: Count
    """Words of the duplicate."""
