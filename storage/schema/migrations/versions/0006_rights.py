"""Rights as seen: tdmrep.json as each run read it, and what each page's capture says about its use.

Captures made before have no rows until they are read again (`reprocess --apply`).
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "tdm_file",
        sa.Column("capture_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        _capture_key("tdm_file", "capture_id"),
        sa.PrimaryKeyConstraint("capture_id", name="pk_tdm_file"),
    )
    op.create_table(
        "rights",
        sa.Column("capture_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("stated", DOCUMENT, nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("robots_capture_id", ROW_ID, nullable=True),
        sa.Column("tdm_capture_id", ROW_ID, nullable=True),
        *(_capture_key("rights", name) for name in ("capture_id", "robots_capture_id", "tdm_capture_id")),
        sa.PrimaryKeyConstraint("capture_id", name="pk_rights"),
    )


def downgrade() -> None:
    """Drop the tables; what they hold can be reread from the captures."""
    op.drop_table("rights")
    op.drop_table("tdm_file")


def _capture_key(table: str, column: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], ["capture.id"], name=name, deferrable=True, initially="DEFERRED")
