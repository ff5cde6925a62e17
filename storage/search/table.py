"""The tables of the search.

The index over `search` stands in the migration alone: it is of another kind on each database.
"""

from sqlalchemy import Text, column, table
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from storage.schema.columns import RowId
from storage.schema.tables import MADE_FROM_OTHERS, Base

SQLITE_INDEX = "search_index"
"""SQLite's index, a virtual table with others behind it, whose names begin as its own."""

SQLITE_TRIGGER = "search_deleted"
"""Takes out of it what leaves the table."""

INDEX = table(SQLITE_INDEX, column(SQLITE_INDEX), column("rowid"), column("rank"), column("document"))

POSTGRESQL_INDEX = "ix_search_document"


class Searched(Base):
    """What of an article can be searched."""

    __tablename__ = "search"
    __table_args__ = ({"info": {MADE_FROM_OTHERS: True}},)

    number: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    """The newer the article, the larger (`storage.search.index`)."""
    article_id: Mapped[str] = mapped_column(unique=True)
    """No foreign key: a batch writes and withdraws articles first, and brings this in step at its end."""
    revision: Mapped[int]
    """Of the article, when this was written."""
    document: Mapped[str] = mapped_column(Text().with_variant(TSVECTOR(), "postgresql"))
    """Its words in their order (`storage.search.document`)."""


class SearchWord(Base):
    """A word that an article has or had, under the stem of all its forms."""

    __tablename__ = "search_word"
    __table_args__ = ({"sqlite_with_rowid": False},)

    stem: Mapped[str] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(primary_key=True)
