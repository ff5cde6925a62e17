"""How an article has changed: its versions, what sets two of them apart, and what an editor would call that."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from schemas.capture import CaptureRef
from schemas.model import NonEmpty, Record, UtcTime

Number = Annotated[int, Field(ge=1)]


class RevisionClass(StrEnum):
    """By what a version came about. The first version of an article has none."""

    TYPO = "typo"
    """A few slips of the pen were mended: letters, punctuation, capitals, spaces."""
    HEADLINE = "headline"
    """The headline or the subtitle is another one; of the body, slips at most are mended."""
    CORRECTION = "correction"
    """The publisher says in the text that it was corrected, clarified or updated."""
    SUBSTANTIVE = "substantive"
    """The text says something else."""
    REMOVED = "removed"
    """The publisher took the page away, as two looks confirmed; the content is the last that was seen."""
    RESTORED = "restored"
    """The page is there again, as it was."""
    METADATA = "metadata"
    """Authors, section, tags, dates, pictures or kind, and no word of the text."""
    REPROCESSED = "reprocessed"
    """The page is the same; today's rules read it otherwise."""


class Content(Record):
    """What is compared of two versions of an article, as it was read."""

    edition: str | None
    language: str | None
    kind: str
    headline: str | None
    subtitle: str | None
    authors: tuple[str, ...]
    agencies: tuple[str, ...]
    sponsor: str | None
    section: str | None
    tags: tuple[str, ...]
    published_at: datetime | None
    images: tuple[dict[str, str | None], ...]
    body: str


class Revision(Record):
    """One version of an article."""

    number: Number
    revision_class: RevisionClass | None
    """None for the first version."""
    revised_at: UtcTime
    """Of the capture that first showed it; of what reading again brought, when that was."""
    extractor: NonEmpty
    flags: tuple[str, ...]
    capture: CaptureRef
    """Where its text was read."""
    removed_capture: CaptureRef | None = None
    """The answer that confirmed the removal, while the page is not there."""


Piece = Literal["same", "removed", "added"]


class WordRun(Record):
    """Words in a row that a change leaves, takes away or adds."""

    op: Piece
    text: str


class ParagraphChange(Record):
    """One paragraph as it stands in two versions."""

    op: Literal["same", "changed", "removed", "added"]
    before: str | None = Field(serialization_alias="from")
    """None for one that was added."""
    after: str | None = Field(serialization_alias="to")
    """None for one that was removed."""
    words: tuple[WordRun, ...] = ()
    """Of a changed paragraph, in its order."""


class FieldChange(Record):
    """One field as it stands in two versions, as JSON has it."""

    before: JsonValue = Field(serialization_alias="from")
    after: JsonValue = Field(serialization_alias="to")


class Difference(Record):
    """What sets two versions of an article apart, in the order in which they are named."""

    id: NonEmpty
    before: Revision = Field(serialization_alias="from")
    after: Revision = Field(serialization_alias="to")
    fields: dict[str, FieldChange]
    """Without the body."""
    paragraphs: tuple[ParagraphChange, ...]
    """Of the whole body, unchanged ones too."""
