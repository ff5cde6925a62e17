"""The revisions of an article, their classes, and the differences between two of them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from schemas.capture import CaptureRef
from schemas.model import NonEmpty, Record, UtcTime

Number = Annotated[int, Field(ge=1)]


class RevisionClass(StrEnum):
    """What kind of change made a version. The first version of an article has no class."""

    TYPO = "typo"
    """A few typos were fixed: letters, punctuation, capitals, spaces."""
    HEADLINE = "headline"
    """The headline or the subtitle has changed, and the body by typos at most."""
    CORRECTION = "correction"
    """The publisher says in the text that it was corrected, clarified or updated."""
    SUBSTANTIVE = "substantive"
    """The text has a different meaning."""
    REMOVED = "removed"
    """The publisher removed the page, as two fetches confirmed; the content is the last that was captured."""
    RESTORED = "restored"
    """The page is back, unchanged."""
    METADATA = "metadata"
    """Authors, section, tags, dates, pictures or kind have changed, but not the text."""
    REPROCESSED = "reprocessed"
    """The page is the same, but today's rules read it differently."""


class Content(Record):
    """The content of a version that is compared with other versions."""

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
    """The time of the capture that first showed it, or the time of reprocessing if that made it."""
    extractor: NonEmpty
    flags: tuple[str, ...]
    capture: CaptureRef
    """The capture that its text was read from."""
    removed_capture: CaptureRef | None = None
    """The response that confirmed the removal, as long as the page is missing."""


Piece = Literal["same", "removed", "added"]


class WordRun(Record):
    """Consecutive words that a change keeps, removes or adds."""

    op: Piece
    text: str


class ParagraphChange(Record):
    """One paragraph in two versions."""

    op: Literal["same", "changed", "removed", "added"]
    before: str | None = Field(serialization_alias="from")
    """None if it was added."""
    after: str | None = Field(serialization_alias="to")
    """None if it was removed."""
    words: tuple[WordRun, ...] = ()
    """The words of a changed paragraph, in order."""


class FieldChange(Record):
    """One field in two versions, as JSON values."""

    before: JsonValue = Field(serialization_alias="from")
    after: JsonValue = Field(serialization_alias="to")


class Difference(Record):
    """The difference between two versions of an article, from `before` to `after`."""

    id: NonEmpty
    before: Revision = Field(serialization_alias="from")
    after: Revision = Field(serialization_alias="to")
    fields: dict[str, FieldChange]
    """Changed fields, except the body."""
    paragraphs: tuple[ParagraphChange, ...]
    """All paragraphs of the body, including unchanged ones."""
