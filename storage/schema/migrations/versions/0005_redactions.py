"""Redactions, and the keys by which redacted articles are recognized; both are also in a file beside the WARC files."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables; the next command that writes fills them from the file."""
    op.create_table(
        "redaction",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("redacted_at", MOMENT, nullable=False),
        sa.Column("erased_at", MOMENT, nullable=True),
        sa.Column("is_scrubbed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_redaction"),
    )
    op.create_table(
        "redacted_key",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("redaction_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["redaction_id"],
            ["redaction.id"],
            name="fk_redacted_key_redaction_id",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.PrimaryKeyConstraint("key", "redaction_id", name="pk_redacted_key"),
    )
    op.create_index("ix_redacted_key_redaction_id", "redacted_key", ["redaction_id"])


def downgrade() -> None:
    """Drop the tables; the file stays."""
    op.drop_table("redacted_key")
    op.drop_table("redaction")
