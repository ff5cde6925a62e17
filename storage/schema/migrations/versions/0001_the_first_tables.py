"""The first tables."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
NAME = sa.String(length=16)

TABLES = (
    "entry",
    "run",
    "sighting",
    "warc_file",
    "validator",
    "listing",
    "lease",
    "wording",
    "posting_new",
    "posting_recent",
    "posting_settled",
    "likeness",
    "alias",
    "capture",
    "article",
    "revision",
    "quarantine",
    "robots",
)
"""In an order in which foreign keys refer to tables that exist already."""


def upgrade() -> None:
    """Create the tables."""
    _create_entry()
    _create_run()
    _create_sighting()
    _create_warc_file()
    _create_validator()
    _create_listing()
    _create_lease()
    _create_wording()
    _create_postings()
    _create_likeness()
    _create_alias()
    _create_capture()
    _create_article()
    _index_article()
    _create_revision()
    _create_quarantine()
    _create_robots()


def downgrade() -> None:
    """Drop all tables."""
    for name in reversed(TABLES):
        op.drop_table(name)


def _create_entry() -> None:
    op.create_table(
        "entry",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=True),
        sa.Column("record_id", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("url_at", MOMENT, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("state_at", MOMENT, nullable=False),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("next_try_at", MOMENT, nullable=True),
        sa.Column("tried_at", MOMENT, nullable=True),
        sa.Column("missing_at", MOMENT, nullable=True),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.Column("published_month", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_entry"),
        sa.UniqueConstraint("key", name="uq_entry_key"),
    )
    op.create_index("ix_entry_due", "entry", ["site", "next_try_at"], **_where("next_try_at IS NOT NULL"))
    op.create_index("ix_entry_month", "entry", ["site", "published_month"])
    op.create_index("ix_entry_state", "entry", ["site", "state"])


def _create_run() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("status", NAME, nullable=False),
        sa.Column("parameters", DOCUMENT, nullable=False),
        sa.Column("report", DOCUMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
    )
    op.create_index("ix_run_started_at", "run", ["started_at"])


def _create_sighting() -> None:
    op.create_table(
        "sighting",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=False),
        sa.Column("source_kind", NAME, nullable=False),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_sighting"),
    )
    op.create_index("ix_sighting_url", "sighting", ["url", "site"])


def _create_warc_file() -> None:
    op.create_table(
        "warc_file",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("loaded_bytes", sa.BigInteger(), nullable=False),
        sa.Column("cut_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_warc_file"),
    )


def _create_validator() -> None:
    op.create_table(
        "validator",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("source_site", sa.Text(), nullable=True),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("full_at", MOMENT, nullable=False),
        sa.Column("confirmed_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("url", name="pk_validator"),
    )
    op.create_index("ix_validator_source", "validator", ["source_site"], **_where("source_site IS NOT NULL"))


def _create_listing() -> None:
    op.create_table(
        "listing",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("walked_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("url", name="pk_listing"),
    )


def _create_lease() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("taken_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )


def _create_wording() -> None:
    op.create_table(
        "wording",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wording"),
        sa.UniqueConstraint("content_sha256", name="uq_wording_content_sha256"),
    )


def _create_postings() -> None:
    for name in ("posting_new", "posting_recent", "posting_settled"):
        op.create_table(
            name,
            sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
            sa.Column("wording_id", sa.BigInteger(), autoincrement=False, nullable=False),
            sa.PrimaryKeyConstraint("key", "wording_id", name=f"pk_{name}"),
            sqlite_with_rowid=False,
        )


def _create_likeness() -> None:
    op.create_table(
        "likeness",
        sa.Column("wording_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("other_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("wording_id", "other_id", name="pk_likeness"),
        sqlite_with_rowid=False,
    )


def _create_alias() -> None:
    op.create_table(
        "alias",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("entry_id", ROW_ID, nullable=False),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.Column("advertised_site", sa.Text(), nullable=True),
        _points_to("entry_id", "entry.id", "fk_alias_entry_id"),
        sa.PrimaryKeyConstraint("id", name="pk_alias"),
        sa.UniqueConstraint("url", name="uq_alias_url"),
    )
    op.create_index("ix_alias_entry_id", "alias", ["entry_id"])
    op.create_index(
        "ix_alias_advertised", "alias", ["advertised_site", "entry_id"], **_where("advertised_site IS NOT NULL")
    )


def _create_capture() -> None:
    op.create_table(
        "capture",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("warc", sa.Text(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("fetched_at", MOMENT, nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("entry_id", ROW_ID, nullable=True),
        sa.Column("run_id", sa.Text(), nullable=True),
        _points_to("entry_id", "entry.id", "fk_capture_entry_id"),
        _points_to("run_id", "run.id", "fk_capture_run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_capture"),
        sa.UniqueConstraint("warc", "offset", name="uq_capture_warc_offset"),
    )
    op.create_index("ix_capture_entry_id", "capture", ["entry_id"])
    op.create_index("ix_capture_imported", "capture", ["sha256"], **_where("url IS NULL"))
    op.create_index("ix_capture_run_id", "capture", ["run_id"])


def _create_article() -> None:
    op.create_table(
        "article",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("entry_id", ROW_ID, nullable=True),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("duplicate_of", sa.Text(), nullable=True),
        sa.Column("duplicate_kind", sa.Text(), nullable=True),
        sa.Column("similarity", sa.Double(), nullable=True),
        *_version_columns(),
        _points_to("capture_id", "capture.id", "fk_article_capture_id"),
        _points_to("removed_capture_id", "capture.id", "fk_article_removed_capture_id"),
        _points_to("entry_id", "entry.id", "fk_article_entry_id"),
        sa.PrimaryKeyConstraint("id", name="pk_article"),
        sa.UniqueConstraint("entry_id", name="uq_article_entry_id"),
    )


def _create_revision() -> None:
    op.create_table(
        "revision",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        *_version_columns(),
        _points_to("capture_id", "capture.id", "fk_revision_capture_id"),
        _points_to("removed_capture_id", "capture.id", "fk_revision_removed_capture_id"),
        sa.PrimaryKeyConstraint("article_id", "number", name="pk_revision"),
    )


def _version_columns() -> list[sa.Column[Any]]:
    """Return the columns of one version of an article, current or former."""
    return [
        sa.Column("edition", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("headline", sa.Text(), nullable=True),
        sa.Column("subtitle", sa.Text(), nullable=True),
        sa.Column("authors", DOCUMENT, nullable=False),
        sa.Column("agencies", DOCUMENT, nullable=False),
        sa.Column("section", sa.Text(), nullable=True),
        sa.Column("tags", DOCUMENT, nullable=False),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.Column("modified_at", MOMENT, nullable=True),
        sa.Column("fetched_at", MOMENT, nullable=False),
        sa.Column("checked_at", MOMENT, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("word_count", sa.Integer(), nullable=False),
        sa.Column("images", DOCUMENT, nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("extractor", sa.Text(), nullable=False),
        sa.Column("sources", DOCUMENT, nullable=False),
        sa.Column("flags", DOCUMENT, nullable=False),
        sa.Column("capture_id", ROW_ID, nullable=False),
        sa.Column("removed_capture_id", ROW_ID, nullable=True),
        sa.Column("revision_class", NAME, nullable=True),
        sa.Column("revised_at", MOMENT, nullable=True),
    ]


def _index_article() -> None:
    op.create_index("ix_article_capture_id", "article", ["capture_id"])
    op.create_index("ix_article_content_sha256", "article", ["content_sha256"])
    op.create_index("ix_article_day", "article", ["published_on"])
    op.create_index("ix_article_duplicate_of", "article", ["duplicate_of"])
    op.create_index("ix_article_fetched", "article", ["site", "fetched_at"])
    op.create_index("ix_article_published", "article", ["published_at", "id"])


def _create_quarantine() -> None:
    op.create_table(
        "quarantine",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("entry_id", ROW_ID, nullable=True),
        sa.Column("capture_id", ROW_ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("reasons", DOCUMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("resolved_at", MOMENT, nullable=True),
        _points_to("capture_id", "capture.id", "fk_quarantine_capture_id"),
        _points_to("entry_id", "entry.id", "fk_quarantine_entry_id"),
        sa.PrimaryKeyConstraint("id", name="pk_quarantine"),
    )
    op.create_index("ix_quarantine_capture_id", "quarantine", ["capture_id"])
    op.create_index("ix_quarantine_entry_id", "quarantine", ["entry_id"])
    op.create_index("ix_quarantine_open", "quarantine", ["resolved_at", "entry_id"])


def _create_robots() -> None:
    op.create_table(
        "robots",
        sa.Column("capture_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        _points_to("capture_id", "capture.id", "fk_robots_capture_id"),
        sa.PrimaryKeyConstraint("capture_id", name="pk_robots"),
    )


def _where(condition: str) -> dict[str, Any]:
    """Return the arguments of a partial index, for both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _points_to(column: str, target: str, name: str) -> sa.ForeignKeyConstraint:
    """Return a foreign key that is checked at the end of the transaction: a batch writes its tables in any order."""
    return sa.ForeignKeyConstraint([column], [target], name=name, deferrable=True, initially="DEFERRED")
