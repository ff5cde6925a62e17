"""Who paid for an article, as a column of its versions."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = ("article", "revision")


def upgrade() -> None:
    """Forward."""
    for table in TABLES:
        op.add_column(table, sa.Column("sponsor", sa.Text(), nullable=True))


def downgrade() -> None:
    """Back; the names of sponsors are lost, and read again from the captures."""
    for table in TABLES:
        op.drop_column(table, "sponsor")
