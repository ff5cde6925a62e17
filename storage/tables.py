"""The tables. A migration in `migrations/versions` goes with every change here; a test compares the two."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, MetaData, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from schemas.address import SourceKind
from schemas.article import Kind
from schemas.outcome import State
from storage.column import Document, UtcDateTime, name_column

RowId = BigInteger().with_variant(Integer(), "sqlite")
"""Rows are numbered by the batch that writes them: nobody else writes then, and no row needs a statement of its own to
learn its number. On SQLite only this type is the table's own key."""


def _points_to(column: str) -> ForeignKey:
    """A foreign key that is checked at the end of the transaction: a batch writes its tables in any order."""
    return ForeignKey(column, deferrable=True, initially="DEFERRED")


class RunStatus(StrEnum):
    """How a run stands."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """It died; a later run found it still `running`."""


class Base(DeclarativeBase):
    """What all tables share: names for constraints, which migrations need, and how Python types are stored."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        str: Text(),
        datetime: UtcDateTime(),
        list[str]: Document,
        list[dict[str, Any]]: Document,
        dict[str, str]: Document,
        dict[str, Any]: Document,
        State: name_column(State),
        SourceKind: name_column(SourceKind),
        Kind: name_column(Kind),
        RunStatus: name_column(RunStatus),
    }


class Entry(Base):
    """The ledger: one row per (site, edition, article id), or per address where there is no id."""

    __tablename__ = "entry"
    __table_args__ = (
        Index("ix_entry_due", "site", "state", "next_try_at"),
        Index("ix_entry_month", "site", "published_on"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(unique=True)
    """The record id, or the address where it has none."""
    site: Mapped[str]
    edition: Mapped[str | None]
    record_id: Mapped[str | None]
    url: Mapped[str]
    """The current address, in its canonical spelling: the one to fetch."""
    url_at: Mapped[datetime]
    """Since when that is the current one: what was sighted before does not replace it."""
    state: Mapped[State]
    state_at: Mapped[datetime]
    """When it came into this state."""
    rule: Mapped[str | None]
    """Why it is `excluded`."""
    attempts: Mapped[int]
    """Fetches without an article since the last success, or since it was first blocked or set aside."""
    last_error: Mapped[str | None]
    next_try_at: Mapped[datetime | None]
    """Not due before; None for at once."""
    tried_at: Mapped[datetime | None]
    """When the newest fetch that is noted here ended."""
    missing_at: Mapped[datetime | None]
    """When the publisher first said that it is not there; None after any other answer."""
    first_seen_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    """The article's own time; before it is stored, what a source said."""
    published_on: Mapped[date | None]
    """The day of `published_at` in Moscow."""


class Alias(Base):
    """Every address ever seen, in the spelling in which it was identified, and whose it is."""

    __tablename__ = "alias"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    url: Mapped[str] = mapped_column(unique=True)
    entry_id: Mapped[int] = mapped_column(_points_to("entry.id"), index=True)
    first_seen_at: Mapped[datetime]


class Sighting(Base):
    """An address as one source advertised it. No foreign key: that each one has its entry is audited, not assumed."""

    __tablename__ = "sighting"
    __table_args__ = (UniqueConstraint("url", "source_url"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    url: Mapped[str]
    """In its canonical spelling, as in `alias`."""
    site: Mapped[str]
    source_url: Mapped[str]
    source_kind: Mapped[SourceKind]
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    title: Mapped[str | None]
    published_at: Mapped[datetime | None]


class Run(Base):
    """One run of the pipeline."""

    __tablename__ = "run"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    site: Mapped[str | None]
    started_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    status: Mapped[RunStatus]
    parameters: Mapped[dict[str, Any]]
    report: Mapped[dict[str, Any] | None] = mapped_column(Document)


class Capture(Base):
    """A response, or an imported file, in a WARC file."""

    __tablename__ = "capture"
    __table_args__ = (
        UniqueConstraint("warc", "offset"),
        # Whether a file was imported before is asked by its digest. Nobody asks that of what was fetched: those rows,
        # nearly all, are not in this index, and cost nothing when they are written.
        Index("ix_capture_imported", "sha256", sqlite_where=text("url IS NULL"), postgresql_where=text("url IS NULL")),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    warc: Mapped[str]
    offset: Mapped[int] = mapped_column(BigInteger)
    length: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    url: Mapped[str | None]
    status: Mapped[int]
    fetched_at: Mapped[datetime]
    media_type: Mapped[str]
    entry_id: Mapped[int | None] = mapped_column(_points_to("entry.id"), index=True)
    """Whose page it is; None for sources, robots.txt and texts without an address."""
    run_id: Mapped[str | None] = mapped_column(_points_to("run.id"), index=True)


class Article(Base):
    """An article as it stands now."""

    __tablename__ = "article"
    __table_args__ = (
        # The order of every listing and export: read from the index, never sorted.
        Index("ix_article_published", "published_at", "id"),
        Index("ix_article_day", "published_on"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    entry_id: Mapped[int | None] = mapped_column(_points_to("entry.id"), unique=True)
    """None for a text without an address."""
    entry: Mapped[Entry | None] = relationship(viewonly=True)
    site: Mapped[str]
    edition: Mapped[str | None]
    language: Mapped[str | None]
    url: Mapped[str | None]
    kind: Mapped[Kind]
    headline: Mapped[str | None]
    subtitle: Mapped[str | None]
    authors: Mapped[list[str]]
    agencies: Mapped[list[str]]
    section: Mapped[str | None]
    tags: Mapped[list[str]]
    published_at: Mapped[datetime | None]
    published_on: Mapped[date | None]
    """The day of `published_at` in Moscow."""
    modified_at: Mapped[datetime | None]
    first_seen_at: Mapped[datetime]
    fetched_at: Mapped[datetime]
    """Of the capture that this revision was read from: the first one that showed it."""
    checked_at: Mapped[datetime]
    """Of the newest capture that showed this revision: an older capture changes nothing."""
    body: Mapped[str]
    word_count: Mapped[int]
    images: Mapped[list[dict[str, Any]]]
    content_sha256: Mapped[str] = mapped_column(index=True)
    extractor: Mapped[str]
    sources: Mapped[dict[str, str]]
    flags: Mapped[list[str]]
    capture_id: Mapped[int] = mapped_column(_points_to("capture.id"), index=True)
    capture: Mapped[Capture] = relationship(viewonly=True)
    revision: Mapped[int]
    duplicate_of: Mapped[str | None] = mapped_column(index=True)
    """The id of an article that is no duplicate itself."""
    duplicate_kind: Mapped[str | None]
    similarity: Mapped[float | None]


class Quarantine(Base):
    """A capture that was set aside. It is open until its entry gets an article or is settled otherwise."""

    __tablename__ = "quarantine"
    __table_args__ = (Index("ix_quarantine_open", "resolved_at", "entry_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    entry_id: Mapped[int | None] = mapped_column(_points_to("entry.id"), index=True)
    """None for a text without an address."""
    entry: Mapped[Entry | None] = relationship(viewonly=True)
    capture_id: Mapped[int] = mapped_column(_points_to("capture.id"), index=True)
    capture: Mapped[Capture] = relationship(viewonly=True)
    url: Mapped[str | None]
    reasons: Mapped[list[str]]
    created_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]


class WarcFile(Base):
    """How far a WARC file is in the database."""

    __tablename__ = "warc_file"

    name: Mapped[str] = mapped_column(primary_key=True)
    loaded_bytes: Mapped[int] = mapped_column(BigInteger)
    """Every record before this position is stored."""
    cut_at: Mapped[int | None] = mapped_column(BigInteger)
    """Where an incomplete last record starts; None while there is none."""
