"""The tables. A migration in `migrations/versions` goes with every change here; a test compares the two.

Those of search and of near-duplicates are in `storage.search.table` and `storage.near_duplicates.lsh_index`.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Double, Index, MetaData, Text, UniqueConstraint
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from schemas.article import Kind
from schemas.outcome import State
from schemas.revision import RevisionClass
from schemas.url import SourceKind
from storage.schema.columns import Document, RowId, UtcDateTime, name_column, points_to, where

MADE_FROM_OTHERS = "made_from_others"
"""Marks, in its `info`, a table whose rows are made from those of others, and are of another kind on each database."""


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
        RevisionClass: name_column(RevisionClass),
        RunStatus: name_column(RunStatus),
    }


class Entry(Base):
    """The ledger: one row per (site, edition, article id), or per URL where there is no id."""

    __tablename__ = "entry"
    __table_args__ = (
        # Most entries have their article and are never due again: they are not in this index.
        Index("ix_entry_due", "site", "next_try_at", **where("next_try_at IS NOT NULL")),
        Index("ix_entry_state", "site", "state"),
        Index("ix_entry_month", "site", "published_month"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(unique=True)
    """The record id, or the URL where it has none."""
    site: Mapped[str]
    edition: Mapped[str | None]
    record_id: Mapped[str | None]
    url: Mapped[str]
    """The current URL, in its canonical spelling: the one to fetch."""
    url_at: Mapped[datetime]
    """Since when that is the current one: what was sighted before does not replace it."""
    state: Mapped[State]
    state_at: Mapped[datetime]
    """When it came into this state."""
    rule: Mapped[str | None]
    """Why it is `excluded`."""
    attempts: Mapped[int]
    """Fetches without an article since the last success, or since it was first blocked or quarantined."""
    last_error: Mapped[str | None]
    next_try_at: Mapped[datetime | None]
    """When it is due, whatever its state; None for never."""
    tried_at: Mapped[datetime | None]
    """When the newest fetch that is noted here ended."""
    missing_at: Mapped[datetime | None]
    """When the publisher first said that it is not there; None after any other answer."""
    first_seen_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    """The article's own time; before it is stored, what a source said."""
    published_on: Mapped[date | None]
    """The day of `published_at` in Moscow; while that is not known, the day that the URL names."""
    published_month: Mapped[str | None]
    """`YYYY-MM` of `published_on`; while that is not known, of the monthly sitemap that it stood in."""


class Alias(Base):
    """Every URL ever seen, in the spelling in which it was identified, and whose it is."""

    __tablename__ = "alias"
    __table_args__ = (
        # What counts the advertised URLs by state and month: in the order of their entries.
        Index("ix_alias_advertised", "advertised_site", "entry_id", **where("advertised_site IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    url: Mapped[str] = mapped_column(unique=True)
    entry_id: Mapped[int] = mapped_column(points_to("entry.id"), index=True)
    first_seen_at: Mapped[datetime]
    advertised_site: Mapped[str | None]
    """The site that it was advertised as one of; None for what no source advertised (a redirect led there, …)."""


class Sighting(Base):
    """A URL as one source advertised it, with what that said of it: when it says something else, a further row.

    No foreign key: that each one has its entry is audited, not assumed.
    """

    __tablename__ = "sighting"
    __table_args__ = (
        # The site is in it to count the URLs of one from the index alone.
        Index("ix_sighting_url", "url", "site"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    url: Mapped[str]
    """In its canonical spelling, as in `alias`."""
    site: Mapped[str]
    """The same for all sightings of a URL."""
    source_url: Mapped[str]
    source_kind: Mapped[SourceKind]
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    title: Mapped[str | None]
    published_at: Mapped[datetime | None]


class RunRow(Base):
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
        Index("ix_capture_imported", "sha256", **where("url IS NULL")),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    warc: Mapped[str]
    offset: Mapped[int] = mapped_column(BigInteger)
    length: Mapped[int] = mapped_column(BigInteger)
    """0 since it was found that its record is not in the file as it was stored."""
    sha256: Mapped[str]
    url: Mapped[str | None]
    status: Mapped[int]
    fetched_at: Mapped[datetime]
    media_type: Mapped[str]
    entry_id: Mapped[int | None] = mapped_column(points_to("entry.id"), index=True)
    """Whose page it is; None for sources, robots.txt and texts without a URL."""
    run_id: Mapped[str | None] = mapped_column(points_to("run.id"), index=True)

    @hybrid_property
    def is_lost(self) -> bool:
        """Whether it is known that it is not there, and nothing can be read from it."""
        return self.length == 0


class Version:
    """The columns of one version of an article, present or former."""

    edition: Mapped[str | None]
    language: Mapped[str | None]
    url: Mapped[str | None]
    kind: Mapped[Kind]
    headline: Mapped[str | None]
    subtitle: Mapped[str | None]
    authors: Mapped[list[str]]
    agencies: Mapped[list[str]]
    sponsor: Mapped[str | None]
    section: Mapped[str | None]
    tags: Mapped[list[str]]
    published_at: Mapped[datetime | None]
    modified_at: Mapped[datetime | None]
    """By the publisher's word, as the newest capture that showed this version has it."""
    fetched_at: Mapped[datetime]
    """Of the capture that this version was read from: the first one that showed it."""
    checked_at: Mapped[datetime]
    """Of the newest capture that showed this version: an older capture changes nothing."""
    body: Mapped[str]
    word_count: Mapped[int]
    images: Mapped[list[dict[str, Any]]]
    content_sha256: Mapped[str]
    extractor: Mapped[str]
    sources: Mapped[dict[str, str]]
    flags: Mapped[list[str]]
    capture_id: Mapped[int] = mapped_column(points_to("capture.id"))
    removed_capture_id: Mapped[int | None] = mapped_column(points_to("capture.id"))
    """The answer that confirmed its removal, while the page is not there."""
    revision_class: Mapped[RevisionClass | None]
    """By what it came about; None for the first."""
    revised_at: Mapped[datetime | None]
    """When; None for the first."""


class Article(Version, Base):
    """An article as it stands now."""

    __tablename__ = "article"
    __table_args__ = (
        # The order of every listing and export: read from the index, never sorted.
        Index("ix_article_published", "published_at", "id"),
        Index("ix_article_day", "published_on"),
        Index("ix_article_content_sha256", "content_sha256"),
        Index("ix_article_capture_id", "capture_id"),
        # A site's newest fetched ones, which each run looks through for what recurs.
        Index("ix_article_fetched", "site", "fetched_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    entry_id: Mapped[int | None] = mapped_column(points_to("entry.id"), unique=True)
    """None for a text without a URL."""
    entry: Mapped[Entry | None] = relationship(viewonly=True)
    site: Mapped[str]
    published_on: Mapped[date | None]
    """The day of `published_at` in Moscow."""
    first_seen_at: Mapped[datetime]
    capture: Mapped[Capture] = relationship(viewonly=True, foreign_keys="Article.capture_id")
    removed_capture: Mapped[Capture | None] = relationship(viewonly=True, foreign_keys="Article.removed_capture_id")
    revision: Mapped[int]
    """The number of this version, from 1; `revision` has those before it."""
    duplicate_of: Mapped[str | None] = mapped_column(index=True)
    """The id of an article that is no duplicate itself."""
    duplicate_kind: Mapped[str | None]
    similarity: Mapped[float | None] = mapped_column(Double)


class Revision(Version, Base):
    """A version that an article had before the present one, or before it was withdrawn."""

    __tablename__ = "revision"

    article_id: Mapped[str] = mapped_column(primary_key=True)
    """No foreign key: an article that is quarantined by later rules leaves its versions here."""
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    capture: Mapped[Capture] = relationship(viewonly=True, foreign_keys="Revision.capture_id")
    removed_capture: Mapped[Capture | None] = relationship(viewonly=True, foreign_keys="Revision.removed_capture_id")


class Quarantine(Base):
    """A capture that was quarantined. It is open until its entry gets an article or is settled otherwise."""

    __tablename__ = "quarantine"
    __table_args__ = (Index("ix_quarantine_open", "resolved_at", "entry_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    entry_id: Mapped[int | None] = mapped_column(points_to("entry.id"), index=True)
    """None for a text without a URL."""
    entry: Mapped[Entry | None] = relationship(viewonly=True)
    capture_id: Mapped[int] = mapped_column(points_to("capture.id"), index=True)
    capture: Mapped[Capture] = relationship(viewonly=True)
    url: Mapped[str | None]
    reasons: Mapped[list[str]]
    created_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]


class Validator(Base):
    """By what the server of a URL tells whether it has changed since its last full answer, which was stored."""

    __tablename__ = "validator"
    __table_args__ = (Index("ix_validator_source", "source_site", **where("source_site IS NOT NULL")),)

    url: Mapped[str] = mapped_column(primary_key=True)
    """The URL that was asked, as in `capture`."""
    source_site: Mapped[str | None]
    """The site that it is a feed, a sitemap or a listing of; None for a page."""
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    full_at: Mapped[datetime]
    """When the full answer came that these belong to."""
    confirmed_count: Mapped[int]
    """Answers "not modified" since then."""


class Listing(Base):
    """A section's listing, named by its first page."""

    __tablename__ = "listing"

    url: Mapped[str] = mapped_column(primary_key=True)
    walked_at: Mapped[datetime]
    """When it was last read to its end, or to where all was known: a reading that was cut short does not count."""


class Robots(Base):
    """A host's robots.txt as a run saw it: its capture, and what counts of its text."""

    __tablename__ = "robots"

    capture_id: Mapped[int] = mapped_column(points_to("capture.id"), primary_key=True, autoincrement=False)
    capture: Mapped[Capture] = relationship(viewonly=True)
    text: Mapped[str]


class LeaseRow(Base):
    """Who may work on something alone, and until when, unless the lease is renewed."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str]
    """No foreign key: a run may take its lease before it is noted."""
    host: Mapped[str]
    pid: Mapped[int]
    taken_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class WarcFile(Base):
    """How far a WARC file is in the database."""

    __tablename__ = "warc_file"

    name: Mapped[str] = mapped_column(primary_key=True)
    loaded_bytes: Mapped[int] = mapped_column(BigInteger)
    """Every record before this position is stored."""
    cut_at: Mapped[int | None] = mapped_column(BigInteger)
    """Where an incomplete last record starts; None while there is none."""
