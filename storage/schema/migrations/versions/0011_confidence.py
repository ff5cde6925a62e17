"""The confidence in a record, as a column of its versions: null until the captures are read again."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = ("article", "revision")


def upgrade() -> None:
    """Add the column."""
    for table in TABLES:
        op.add_column(table, sa.Column("confidence", sa.Double(), nullable=True))


def downgrade() -> None:
    """Drop the column; the values can be reread from the captures."""
    for table in TABLES:
        op.drop_column(table, "confidence")
