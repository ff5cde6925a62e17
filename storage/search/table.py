"""The tables of the search index.

The index over `search` is defined only in the migration, because it differs between the databases.
"""

from sqlalchemy import Text, column, table
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from storage.schema.columns import RowId
from storage.schema.tables import MADE_FROM_OTHERS, Base

SQLITE_INDEX = "search_index"
"""SQLite's index, a virtual table; the names of its shadow tables begin with this."""

SQLITE_TRIGGER = "search_deleted"
"""SQLite's trigger that removes deleted rows from the index."""

INDEX = table(SQLITE_INDEX, column(SQLITE_INDEX), column("rowid"), column("rank"), column("document"))

POSTGRESQL_INDEX = "ix_search_document"


class Searched(Base):
    """The searchable words of an article."""

    __tablename__ = "search"
    __table_args__ = ({"info": {MADE_FROM_OTHERS: True}},)

    number: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    """Larger for newer articles (`storage.search.index`)."""
    article_id: Mapped[str] = mapped_column(unique=True)
    """Not a foreign key: a batch writes and withdraws articles first, and updates this table at its end."""
    revision: Mapped[int]
    """The article's revision that was indexed."""
    document: Mapped[str] = mapped_column(Text().with_variant(TSVECTOR(), "postgresql"))
    """The words in order (`storage.search.document`)."""


class SearchWord(Base):
    """A word that an article has or had, by the stem that its forms share."""

    __tablename__ = "search_word"
    __table_args__ = ({"sqlite_with_rowid": False},)

    stem: Mapped[str] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(primary_key=True)
