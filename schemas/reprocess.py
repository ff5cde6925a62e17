"""What reading everything again finds."""

from datetime import date, datetime
from enum import StrEnum

from schemas.model import Count, NonEmpty, Record
from schemas.report import RunReport


class Change(StrEnum):
    """What today's rules make of a capture, beside what the archive has of it."""

    UNCHANGED = "unchanged"
    ANNOTATED = "annotated"
    """The same article; only where its values come from, or what is remarkable about them, is told differently."""
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"
    """It is stored as an article, and is no valid one."""
    CURED = "cured"
    """It was quarantined or taken for missing, and is a valid article."""
    QUARANTINED = "quarantined"
    """It was no valid article, and is none."""
    UNREADABLE = "unreadable"
    """Its WARC record cannot be read."""


class FieldCount(Record):
    """In how many records a field changes."""

    changed: Count = 0
    won: Count = 0
    """It was empty before; these are among the changed."""
    lost: Count = 0
    """It is empty now; these too."""


class ChangedRecord(Record):
    """One record that changes."""

    id: NonEmpty
    """The record's id, or the URL where it has none yet."""
    change: Change
    fields: tuple[str, ...] = ()
    words_before: Count = 0
    words_after: Count = 0
    reasons: tuple[str, ...] = ()
    """Why it is quarantined now."""


class ReprocessReport(Record):
    """What changes when everything is read again with today's rules; and, when it was applied, what was written."""

    since: date | None
    until: date | None
    """Publication days, both inclusive."""
    applied: bool
    started_at: datetime
    ended_at: datetime
    read_count: Count
    changes: dict[Change, Count]
    """How each capture ended; they add up to `read_count`."""
    fields: dict[str, FieldCount]
    """Of the changed records; the body is one of them."""
    longer_count: Count
    shorter_count: Count
    """Changed records whose text has more words now, or fewer."""
    words_won: Count
    words_lost: Count
    reasons: dict[str, Count]
    """Name of the first reason -> records that are newly quarantined for it."""
    extractors: dict[str, Count]
    """What the stored records were read by -> how many."""
    examples: tuple[ChangedRecord, ...]
    """The first of those that change, in the order of the WARC files."""
    problems: tuple[str, ...]
    run: RunReport | None = None
    """Of the run that wrote it, when it was applied."""
