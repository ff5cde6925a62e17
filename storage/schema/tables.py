"""The tables. Every change here needs a migration in `migrations/versions`; a test compares the two.

The tables of search and near-duplicates are in `storage.search.table` and `storage.near_duplicates.lsh_index`.
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
"""Key in a table's `info`: its rows are derived from other tables, in a form that differs by database."""


class RunStatus(StrEnum):
    """The status of a run."""

    RUNNING = "running"
    COMPLETED = "completed"
    DEGRADED = "degraded"
    """It did its work, but some sources could not be read."""
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """The run died; a later run found it still `running`."""


SUCCESSFUL = frozenset({RunStatus.COMPLETED, RunStatus.DEGRADED})
"""Statuses of runs that did their work; a degraded one was reported when it ended."""


class Base(DeclarativeBase):
    """Base of all tables: names of constraints, which migrations need, and column types by Python type."""

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
    """A ledger entry: one per (site, edition, article id), or per URL if it has no id."""

    __tablename__ = "entry"
    __table_args__ = (
        # Most entries have their article and are never due again, so they are not in this index.
        Index("ix_entry_due", "site", "next_try_at", **where("next_try_at IS NOT NULL")),
        Index("ix_entry_state", "site", "state"),
        Index("ix_entry_month", "site", "published_month"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(unique=True)
    """The record id, or the URL if there is none."""
    site: Mapped[str]
    edition: Mapped[str | None]
    record_id: Mapped[str | None]
    url: Mapped[str]
    """The current canonical URL: the one to fetch."""
    url_at: Mapped[datetime]
    """Since when that URL is current: an earlier sighting does not replace it."""
    state: Mapped[State]
    state_at: Mapped[datetime]
    """When it entered this state."""
    rule: Mapped[str | None]
    """Why it is `excluded`."""
    attempts: Mapped[int]
    """Fetches without an article since the last success, or since it was first blocked or quarantined."""
    last_error: Mapped[str | None]
    next_try_at: Mapped[datetime | None]
    """When it is due, in any state; None for never."""
    tried_at: Mapped[datetime | None]
    """When the newest recorded fetch ended."""
    missing_at: Mapped[datetime | None]
    """When the publisher first responded that the page does not exist; None after any other response."""
    first_seen_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    """The article's publication time; before it is stored, a source's."""
    published_on: Mapped[date | None]
    """The day of `published_at` in the site's time zone, or that of the article's page if the site has no profile.

    While that is unknown, the day in the URL."""
    published_month: Mapped[str | None]
    """`YYYY-MM` of `published_on`; while that is unknown, the month of the sitemap that listed it."""


class Alias(Base):
    """A URL ever seen, canonical, and the entry it belongs to."""

    __tablename__ = "alias"
    __table_args__ = (
        # For counts of the advertised URLs by state and month, in the order of their entries.
        Index("ix_alias_advertised", "advertised_site", "entry_id", **where("advertised_site IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    url: Mapped[str] = mapped_column(unique=True)
    entry_id: Mapped[int] = mapped_column(points_to("entry.id"), index=True)
    first_seen_at: Mapped[datetime]
    advertised_site: Mapped[str | None]
    """The site that a source advertised it for; None if no source did (a redirect led there, …)."""


class Sighting(Base):
    """A URL as one source advertised it, with its title and date there; when those change, another row is added.

    No foreign key: that each URL has an entry is audited, not assumed.
    """

    __tablename__ = "sighting"
    __table_args__ = (
        # Includes the site, so that a site's URLs are counted from the index alone.
        Index("ix_sighting_url", "url", "site"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    url: Mapped[str]
    """Canonical, as in `alias`."""
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
        # Finds an imported file by its digest. Fetched captures, nearly all rows, are never looked up so: they are not
        # in this index and add no cost to writes.
        Index("ix_capture_imported", "sha256", **where("url IS NULL")),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    warc: Mapped[str]
    offset: Mapped[int] = mapped_column(BigInteger)
    length: Mapped[int] = mapped_column(BigInteger)
    """Compressed bytes; 0 once the record was found to be missing or altered in the file."""
    sha256: Mapped[str]
    url: Mapped[str | None]
    status: Mapped[int]
    fetched_at: Mapped[datetime]
    media_type: Mapped[str]
    entry_id: Mapped[int | None] = mapped_column(points_to("entry.id"), index=True)
    """The entry whose page it is; None for sources, robots.txt and texts without a URL."""
    run_id: Mapped[str | None] = mapped_column(points_to("run.id"), index=True)

    @hybrid_property
    def is_lost(self) -> bool:
        """Whether its record is known to be missing or damaged, so that it cannot be read."""
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
    published_offset: Mapped[str | None]
    """The offset that the page gives with it: `+09:00`."""
    modified_at: Mapped[datetime | None]
    """As stated by the publisher in the newest capture that shows this version."""
    fetched_at: Mapped[datetime]
    """When the first capture that shows this version, from which it was read, was fetched."""
    checked_at: Mapped[datetime]
    """When the newest capture that shows this version was fetched: an older capture changes nothing."""
    body: Mapped[str]
    word_count: Mapped[int]
    images: Mapped[list[dict[str, Any]]]
    content_sha256: Mapped[str]
    extractor: Mapped[str]
    sources: Mapped[dict[str, str]]
    flags: Mapped[list[str]]
    confidence: Mapped[float | None] = mapped_column(Double)
    """None for what was not read from a page, or was read before there was one."""
    capture_id: Mapped[int] = mapped_column(points_to("capture.id"))
    removed_capture_id: Mapped[int | None] = mapped_column(points_to("capture.id"))
    """The capture that confirmed its removal, while the page is missing."""
    revision_class: Mapped[RevisionClass | None]
    """The kind of change that made this version; None for the first."""
    revised_at: Mapped[datetime | None]
    """When that change was found; None for the first."""


class Article(Version, Base):
    """An article's current version."""

    __tablename__ = "article"
    __table_args__ = (
        # The order of every listing and export: read from the index, never sorted.
        Index("ix_article_published", "published_at", "id"),
        Index("ix_article_day", "published_on"),
        Index("ix_article_content_sha256", "content_sha256"),
        Index("ix_article_capture_id", "capture_id"),
        # A site's newest fetched articles, which each run searches for recurring blocks.
        Index("ix_article_fetched", "site", "fetched_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    entry_id: Mapped[int | None] = mapped_column(points_to("entry.id"), unique=True)
    """None for a text without a URL."""
    entry: Mapped[Entry | None] = relationship(viewonly=True)
    site: Mapped[str]
    published_on: Mapped[date | None]
    """The day of `published_at` in the site's time zone; if it has no profile, at `published_offset`, else in UTC."""
    first_seen_at: Mapped[datetime]
    capture: Mapped[Capture] = relationship(viewonly=True, foreign_keys="Article.capture_id")
    removed_capture: Mapped[Capture | None] = relationship(viewonly=True, foreign_keys="Article.removed_capture_id")
    revision: Mapped[int]
    """The number of this version, from 1; the table `revision` has the earlier ones."""
    duplicate_of: Mapped[str | None] = mapped_column(index=True)
    """The id of an article that is no duplicate itself."""
    duplicate_kind: Mapped[str | None]
    similarity: Mapped[float | None] = mapped_column(Double)


class Revision(Version, Base):
    """An article's version before its current one, or before it was withdrawn."""

    __tablename__ = "revision"

    article_id: Mapped[str] = mapped_column(primary_key=True)
    """No foreign key: an article withdrawn by later rules leaves its versions here."""
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    capture: Mapped[Capture] = relationship(viewonly=True, foreign_keys="Revision.capture_id")
    removed_capture: Mapped[Capture | None] = relationship(viewonly=True, foreign_keys="Revision.removed_capture_id")


class Quarantine(Base):
    """A quarantined capture. The row is open until its entry gets an article or is settled otherwise."""

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
    """Validators for conditional requests of a URL, from its last full response, which is stored."""

    __tablename__ = "validator"
    __table_args__ = (Index("ix_validator_source", "source_site", **where("source_site IS NOT NULL")),)

    url: Mapped[str] = mapped_column(primary_key=True)
    """The requested URL, as in `capture`."""
    source_site: Mapped[str | None]
    """The site of a feed, sitemap or listing; None for a page."""
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    full_at: Mapped[datetime]
    """When the full response was fetched."""
    confirmed_count: Mapped[int]
    """How many "not modified" responses came since then."""


class Listing(Base):
    """A section's listing, identified by its first page."""

    __tablename__ = "listing"

    url: Mapped[str] = mapped_column(primary_key=True)
    walked_at: Mapped[datetime]
    """When it was last read to its end, or to the URLs known before; an interrupted reading does not count."""


class Robots(Base):
    """A host's robots.txt as a run read it: its capture, and the part of its text that applies."""

    __tablename__ = "robots"

    capture_id: Mapped[int] = mapped_column(points_to("capture.id"), primary_key=True, autoincrement=False)
    capture: Mapped[Capture] = relationship(viewonly=True)
    text: Mapped[str]


class TdmFile(Base):
    """A host's tdmrep.json as a run read it; its text is empty if there was none."""

    __tablename__ = "tdm_file"

    capture_id: Mapped[int] = mapped_column(points_to("capture.id"), primary_key=True, autoincrement=False)
    capture: Mapped[Capture] = relationship(viewonly=True)
    text: Mapped[str]


class RightsRow(Base):
    """What a page's capture says about its use. A capture without a row has not been read for that."""

    __tablename__ = "rights"

    capture_id: Mapped[int] = mapped_column(points_to("capture.id"), primary_key=True, autoincrement=False)
    stated: Mapped[dict[str, Any]]
    """`schemas.rights.StatedRights`: what the response says by itself."""
    terms: Mapped[str]
    """The words by which articles are selected (`schemas.rights.list_terms`), each between spaces."""
    robots_capture_id: Mapped[int | None] = mapped_column(points_to("capture.id"))
    """Its host's robots.txt at that time."""
    tdm_capture_id: Mapped[int | None] = mapped_column(points_to("capture.id"))
    """Its host's tdmrep.json at that time."""


class LeaseRow(Base):
    """A lease: who holds it, and until when unless it is renewed."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str]
    """No foreign key: a run may acquire its lease before its row exists."""
    host: Mapped[str]
    pid: Mapped[int]
    taken_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class WarcFile(Base):
    """How far a WARC file is loaded."""

    __tablename__ = "warc_file"

    name: Mapped[str] = mapped_column(primary_key=True)
    loaded_bytes: Mapped[int] = mapped_column(BigInteger)
    """Position (bytes) before which every record is stored."""
    cut_at: Mapped[int | None] = mapped_column(BigInteger)
    """Where an incomplete last record starts (bytes); None if there is none."""
