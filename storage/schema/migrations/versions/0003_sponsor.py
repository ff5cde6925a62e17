"""An article's sponsor, as a column of its versions."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = ("article", "revision")


def upgrade() -> None:
    """Add the column."""
    for table in TABLES:
        op.add_column(table, sa.Column("sponsor", sa.Text(), nullable=True))


def downgrade() -> None:
    """Drop the column; the sponsors' names can be reread from the captures."""
    for table in TABLES:
        op.drop_column(table, "sponsor")
