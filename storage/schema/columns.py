"""What columns are made of, on SQLite and on PostgreSQL alike: types, foreign keys, conditions of indexes."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Enum, ForeignKey, Integer, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

Document = JSON().with_variant(JSONB(), "postgresql")
"""A list or mapping of plain values."""

RowId = BigInteger().with_variant(Integer(), "sqlite")
"""Rows are numbered by the batch that writes them: nobody else writes then, and no row needs a statement of its own to
learn its number. On SQLite only this type is the table's own key."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored in UTC. SQLite has no zones: it gets the bare UTC time, and the zone is put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; a time without a zone is a mistake of the caller."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone")
        at = value.astimezone(UTC)
        return at.replace(tzinfo=None) if dialect.name == "sqlite" else at

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - given
        """Aware, in UTC: PostgreSQL answers in the zone of its session."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


StoredTime = DateTime(timezone=True).with_variant(String(), "sqlite")
"""What lies in such a column, as the driver gives it: for whoever reads many."""


def name_column(kind: type[StrEnum]) -> Enum:
    """A column of an enumeration's values as plain text: a new member needs no migration."""
    return Enum(
        kind, native_enum=False, length=16, values_callable=lambda members: [member.value for member in members]
    )


def where(condition: str) -> dict[str, Any]:
    """The arguments of an index that has only some of the rows, for both databases."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def points_to(column: str) -> ForeignKey:
    """A foreign key that is checked at the end of the transaction: a batch writes its tables in any order."""
    return ForeignKey(column, deferrable=True, initially="DEFERRED")
