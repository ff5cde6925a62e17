"""Rename the near-duplicate tables to the field's terms; their rows do not change."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

LEVELS = {
    "posting_new": "lsh_key_level_0",
    "posting_recent": "lsh_key_level_1",
    "posting_settled": "lsh_key_level_2",
}
PAIRS = {"likeness": "near_duplicate_pair"}
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Rename the tables, and their column `wording_id` to `text_id`."""
    for old, new in (LEVELS | PAIRS).items():
        _rename(old, new, "wording_id", "text_id")
    _move_texts("wording", "article_text")


def downgrade() -> None:
    """Restore the former names of the tables and the column."""
    for old, new in (LEVELS | PAIRS).items():
        _rename(new, old, "text_id", "wording_id")
    _move_texts("article_text", "wording")


def _rename(old: str, new: str, old_column: str, new_column: str) -> None:
    op.rename_table(old, new)
    op.alter_column(new, old_column, new_column_name=new_column)
    if op.get_bind().dialect.name == "postgresql":  # in SQLite, a primary key's name stands in its table alone
        op.execute(f"ALTER TABLE {new} RENAME CONSTRAINT pk_{old} TO pk_{new}")


def _move_texts(old: str, new: str) -> None:
    """Copy the rows to a new table: SQLite cannot rename the constraint on `content_sha256`."""
    op.create_table(
        new,
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{new}"),
        sa.UniqueConstraint("content_sha256", name=f"uq_{new}_content_sha256"),
    )
    op.execute(f"INSERT INTO {new} SELECT id, content_sha256, is_current FROM {old}")  # noqa: S608 - names of ours
    op.drop_table(old)
