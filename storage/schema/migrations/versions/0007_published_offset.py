"""The offset of an article's time of publication, as a column of its versions."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = ("article", "revision")


def upgrade() -> None:
    """Add the column."""
    for table in TABLES:
        op.add_column(table, sa.Column("published_offset", sa.Text(), nullable=True))


def downgrade() -> None:
    """Drop the column; the offsets can be reread from the captures."""
    for table in TABLES:
        op.drop_column(table, "published_offset")
