"""The tables by which like texts are found."""

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from storage.column import RowId
from storage.tables import Base


class Wording(Base):
    """A text that articles have, whatever the number of them: those of one digest are compared once.

    A row stays when no article has the text any more, for the text may come back.
    """

    __tablename__ = "wording"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    content_sha256: Mapped[str] = mapped_column(unique=True)
    is_current: Mapped[bool]
    """An article has it."""


class Posting:
    """A key by which like texts are found, and a text that has it, in the table of its level.

    The levels are those of `storage.likeness.posting`.
    """

    __tablename__: str
    __table_args__ = ({"sqlite_with_rowid": False},)

    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    wording_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class NewPosting(Posting, Base):
    """Where a posting begins."""

    __tablename__ = "posting_new"


class RecentPosting(Posting, Base):
    """Where it goes with some thousand others."""

    __tablename__ = "posting_recent"


class SettledPosting(Posting, Base):
    """Where it stays."""

    __tablename__ = "posting_settled"


class Likeness(Base):
    """Two texts that are like each other; each pair stands here in both directions."""

    __tablename__ = "likeness"
    __table_args__ = ({"sqlite_with_rowid": False},)

    wording_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    other_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
