"""The report of reprocessing: what changes when stored captures are read with today's rules."""

from datetime import date, datetime
from enum import StrEnum

from schemas.model import Count, NonEmpty, Record
from schemas.report import RunReport


class Change(StrEnum):
    """How the result of today's rules differs from what the archive has for a capture."""

    UNCHANGED = "unchanged"
    ANNOTATED = "annotated"
    """The same article; only the sources of its values, its flags, its confidence or its rights differ."""
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"
    """It is stored as an article, but is no longer a valid one."""
    CURED = "cured"
    """It was quarantined or recorded as missing, and is now a valid article."""
    QUARANTINED = "quarantined"
    """It was not a valid article, and still is not."""
    UNREADABLE = "unreadable"
    """Its WARC record cannot be read."""


class FieldCount(Record):
    """The number of records in which a field changes."""

    changed: Count = 0
    won: Count = 0
    """Changed records in which it was empty before."""
    lost: Count = 0
    """Changed records in which it is empty now."""


class ChangedRecord(Record):
    """One record that changes."""

    id: NonEmpty
    """The record id, or the URL if it has none yet."""
    change: Change
    fields: tuple[str, ...] = ()
    words_before: Count = 0
    words_after: Count = 0
    reasons: tuple[str, ...] = ()
    """Why it is quarantined now."""


class ReprocessReport(Record):
    """What changes when captures are read with today's rules and, if it was applied, what was written."""

    since: date | None
    until: date | None
    """Range of publication days, both inclusive."""
    site: str | None = None
    """The publisher whose captures were read; None for all."""
    applied: bool
    started_at: datetime
    ended_at: datetime
    read_count: Count
    changes: dict[Change, Count]
    """Change -> number of captures. They add up to `read_count`."""
    fields: dict[str, FieldCount]
    """Field (the body included) -> its changes."""
    longer_count: Count
    shorter_count: Count
    """Changed records whose text now has more words, or fewer."""
    words_won: Count
    words_lost: Count
    reasons: dict[str, Count]
    """Name of the first reason -> records that are newly quarantined for it."""
    extractors: dict[str, Count]
    """Extractor of the stored records -> number of records."""
    examples: tuple[ChangedRecord, ...]
    """The first records that change, in the order of the WARC files."""
    problems: tuple[str, ...]
    run: RunReport | None = None
    """The report of the run that wrote the changes, if they were applied."""
