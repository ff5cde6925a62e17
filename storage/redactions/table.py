"""The tables of redactions: the database's copy of the file beside the WARC files."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from storage.schema.columns import points_to
from storage.schema.tables import Base


class RedactionRow(Base):
    """A redacted article: what its tombstone says."""

    __tablename__ = "redaction"

    id: Mapped[str] = mapped_column(primary_key=True)
    """The key of its ledger entry, or the id of a text without a URL."""
    reason: Mapped[str]
    redacted_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]
    """When its WARC records were overwritten; None while they are there."""
    is_scrubbed: Mapped[bool]
    """Whether the database's files were rewritten since its rows were deleted: see `storage.redactions.scrubbing`."""


class RedactedKey(Base):
    """A key by which a redacted article is recognized: see `schemas.redaction.Redaction.keys`.

    Several articles may have one: that of their text. It counts while one of them is redacted.
    """

    __tablename__ = "redacted_key"

    key: Mapped[str] = mapped_column(primary_key=True)
    redaction_id: Mapped[str] = mapped_column(points_to("redaction.id"), primary_key=True, index=True)
