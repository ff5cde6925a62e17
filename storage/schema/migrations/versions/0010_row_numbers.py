"""Sequences of row numbers on PostgreSQL, where several transactions store outcomes at the same time."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = ("alias", "capture", "entry", "quarantine", "sighting")


def upgrade() -> None:
    """Create the sequences. Their values follow the tables when they are used."""
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"CREATE SEQUENCE {table}_id_seq OWNED BY {table}.id")


def downgrade() -> None:
    """Drop the sequences."""
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"DROP SEQUENCE {table}_id_seq")
