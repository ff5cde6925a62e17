"""The searchable text of articles, and its index. `storage.schema.migration` fills both from the stored articles."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

SQLITE_INDEX = (
    # The words were taken apart before: between two there is a space, and whatever is not ASCII belongs to a word.
    # No column sizes: nothing is ranked by them. The words stay in the table, whatever leaves it leaves the index.
    """
    CREATE VIRTUAL TABLE search_index USING fts5(
        document, content = 'search', content_rowid = 'number', tokenize = 'ascii', columnsize = 0
    )
    """,
    # 8 MB in place of 1: a batch of a thousand articles is written as one piece, and not as two that are to be merged.
    "INSERT INTO search_index (search_index, rank) VALUES ('hashsize', 8388608)",
    """
    CREATE TRIGGER search_deleted AFTER DELETE ON search BEGIN
        INSERT INTO search_index (search_index, rowid, document) VALUES ('delete', old.number, old.document);
    END
    """,
)


def upgrade() -> None:
    """Create the tables and the index."""
    op.create_table(
        "search",
        sa.Column("number", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_search"),
        sa.UniqueConstraint("article_id", name="uq_search_article_id"),
    )
    op.create_table(
        "search_word",
        sa.Column("stem", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("stem", "word", name="pk_search_word"),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE_INDEX:
            op.execute(statement)
    else:
        op.create_index("ix_search_document", "search", ["document"], postgresql_using="gin")


def downgrade() -> None:
    """Drop the tables and the index."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE search_index")
    op.drop_table("search_word")
    op.drop_table("search")
