"""Redactions: articles that were taken down, and the decisions of which they are made."""

from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar

from schemas.capture import CaptureRef
from schemas.model import Count, NonEmpty, Record, UtcTime
from schemas.url import Identity

Item = TypeVar("Item")

REDACTED = "redacted"
"""The rule of an excluded ledger entry whose article was taken down."""

DIGEST_PREFIX = "sha256:"
"""Begins the key of an imported file, or of a row of a table, that has no URL: the digest of its bytes follows."""


class Action(StrEnum):
    """What a decision does."""

    REDACT = "redact"
    ERASE = "erase"
    """Also overwrite the WARC records."""
    UNDO = "undo"


class Tombstone(Record):
    """What stays of a redacted article."""

    id: NonEmpty
    """The record id, or the URL if there is none."""
    reason: NonEmpty
    redacted_at: UtcTime
    erased_at: UtcTime | None = None
    """When its WARC records were overwritten; None while they are there."""


class Redaction(Tombstone):
    """A redaction with everything by which the article is recognized, but nothing of its text."""

    identity: Identity | None = None
    """None for a text without a URL."""
    urls: tuple[NonEmpty, ...] = ()
    """All of its URLs in the ledger."""
    keys: tuple[NonEmpty, ...] = ()
    """Its record id, the ids that its texts have without a URL (`text:…`), and the digests of imported files."""
    records: tuple[CaptureRef, ...] = ()
    """The WARC records to overwrite."""

    @property
    def tombstone(self) -> Tombstone:
        """The redaction without the means of recognition."""
        return Tombstone.model_validate(self.model_dump(include=set(Tombstone.model_fields)))


class Decision(Record):
    """One line of the file of redactions."""

    id: NonEmpty
    action: Action
    at: UtcTime
    reason: NonEmpty | None = None
    identity: Identity | None = None
    urls: tuple[NonEmpty, ...] = ()
    keys: tuple[NonEmpty, ...] = ()
    records: tuple[CaptureRef, ...] = ()


def combine_decisions(decisions: Iterable[Decision]) -> dict[str, Redaction]:
    """Return id -> redaction that is in force after these decisions, which are in order of time."""
    found: dict[str, Redaction] = {}
    for one in decisions:
        before = found.get(one.id)
        if one.action is Action.UNDO:
            found.pop(one.id, None)
        elif one.action is Action.ERASE and before:
            found[one.id] = before.model_copy(
                update={"erased_at": one.at, "records": _join(before.records, one.records)}
            )
        elif one.action is Action.REDACT:
            found[one.id] = Redaction(
                id=one.id,
                reason=before.reason if before else one.reason or REDACTED,
                redacted_at=before.redacted_at if before else one.at,
                erased_at=before.erased_at if before else None,
                identity=one.identity,
                urls=_join(before.urls if before else (), one.urls),
                keys=_join(before.keys if before else (), one.keys),
                records=before.records if before else (),
            )
    return found


def _join(before: tuple[Item, ...], after: tuple[Item, ...]) -> tuple[Item, ...]:
    return tuple(dict.fromkeys((*before, *after)))


class Removal(Record):
    """What a redaction takes out of the archive; of a dry run, what it would take out."""

    tombstone: Tombstone
    was_redacted: bool = False
    """Whether it was redacted before; its reason and date stay."""
    article_ids: tuple[NonEmpty, ...]
    """The article, and texts without a URL that are the same word for word."""
    revision_count: Count
    """Former versions."""
    capture_count: Count
    """WARC records of its pages, posts and imported files that are not overwritten yet."""
    duplicates: tuple[NonEmpty, ...]
    """Other publications of the text, which stay."""
    source_count: Count
    """WARC records of feeds and listings that quote its headline, summary or text, and are not overwritten yet."""


class RedactionReport(Record):
    """The result of `redact`."""

    is_dry_run: bool
    removals: tuple[Removal, ...]
    erased_count: Count = 0
    """WARC records that were overwritten."""
    problems: tuple[NonEmpty, ...] = ()
    """What may still be found, and where."""
