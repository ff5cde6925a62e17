"""Releases: a folder of articles, their captures and their proofs, and the result of checking one."""

from enum import StrEnum

from schemas.failure import UsageFailure
from schemas.model import Count, NonEmpty, Record, Sha256, UtcTime
from schemas.rights import Rights

PARQUET_PATH = "data/articles.parquet"
JSONL_PATH = "data/articles.jsonl.gz"
PROVENANCE_PATH = "data/provenance.jsonl"
LEFT_OUT_PATH = "data/left-out.jsonl"
WACZ_PATH = "captures/captures.wacz"
COMPLETENESS_PATH = "completeness.json"
SUMS_PATH = "SHA256SUMS"


class CopiedCapture(Record):
    """A capture in the WACZ of a release."""

    url: str | None
    fetched_at: UtcTime
    payload_sha256: Sha256
    warc_record_id: str | None
    warc: NonEmpty
    offset: Count
    length: Count
    """As in `Provenance`."""


class Provenance(Record):
    """Where a row of a release was read from. One line of `provenance.jsonl` for each article, in the same order."""

    id: NonEmpty
    revision: Count
    content_sha256: Sha256
    """Digest of the article's body in UTF-8."""
    extractor: NonEmpty
    url: str | None
    """The captured URL; None for an imported text that has none."""
    fetched_at: UtcTime
    payload_sha256: Sha256
    """Digest of the record's payload: of the HTTP body as it was sent."""
    warc_record_id: str | None
    """`<urn:uuid:…>`; None if the capture is lost, or its record has none."""
    warc: str | None
    """The WARC file within the WACZ; None if the capture is lost."""
    offset: Count | None
    """Bytes from the start of that file to the record's gzip member."""
    length: Count | None
    """Bytes of that member."""
    lost: str | None
    """Why the capture could not be copied."""
    companions: tuple[CopiedCapture, ...]
    """Further captures that the text was read from: the posts of a live blog."""
    rights: Rights | None = None
    """What the capture says about its use, with its host's files at that time; None if unknown."""


class LeftOutReason(StrEnum):
    """Why something is not among the articles of a release."""

    DUPLICATE = "duplicate"
    MISSING = "missing"
    """Advertised by the publisher, but not stored."""
    REDACTED = "redacted"
    """Taken down: its id, when and why; nothing of its text."""
    TDM_RESERVED = "tdm-reserved"
    """Its text and data mining is reserved, and the release respects that."""
    RIGHTS_UNKNOWN = "rights-unknown"
    """It is not known whether it is, and the release respects that."""
    CONFIDENCE_LOW = "confidence-low"
    """The confidence in it is lower than the release wants."""
    CONFIDENCE_UNKNOWN = "confidence-unknown"
    """It has none, and the release wants one."""


class LeftOut(Record):
    """An article or a URL that a release does not have. One line of `left-out.jsonl`."""

    id: NonEmpty
    """The record id, or the URL if there is none."""
    url: str | None
    reason: LeftOutReason
    detail: str
    """The article that it duplicates, the ledger's state with its last error, the redaction's date and reason, or the
    confidence."""


class Released(Record):
    """The result of making a release."""

    path: NonEmpty
    article_count: Count
    capture_count: Count
    lost_count: Count
    """Articles whose capture could not be copied."""
    left_out_counts: dict[LeftOutReason, Count]
    bytes: Count
    sha256: Sha256
    """Digest of `SHA256SUMS`, and so of the whole release: with it, anyone can detect that a file was replaced."""


class ReleaseEmpty(UsageFailure):
    """No article matches, so there is nothing to release; the message is one line."""


class ReleaseUnreadable(UsageFailure):
    """The folder is not a release, or it cannot be read; the message is one line."""


class Verified(Record):
    """The result of checking a release."""

    path: NonEmpty
    file_count: Count
    article_count: Count
    capture_count: Count
    sha256: Sha256
    """Digest of `SHA256SUMS`, to compare with the one that its maker published."""
    reread_count: Count
    """Articles that were read again from their captures; 0 unless asked for."""
    problems: tuple[str, ...]
    """One sentence each; empty for a release that is as it was made."""
    notes: tuple[str, ...]
    """Captures that its maker could not copy; what could not be read again, or is read differently by another
    extractor."""
