"""Column types, foreign keys and partial-index conditions that work on both SQLite and PostgreSQL."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Enum, ForeignKey, Integer, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

Document = JSON().with_variant(JSONB(), "postgresql")
"""A list or mapping of JSON values."""

RowId = BigInteger().with_variant(Integer(), "sqlite")
"""An id assigned by the batch that writes the row, so that no row needs a separate statement to learn its id. Ids have
gaps on PostgreSQL, and a higher one may be committed first. On SQLite, only `INTEGER` makes the column an alias of the
rowid."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, stored in UTC. SQLite has no time zones: it stores a naive UTC time, and reading adds the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC.

        Raises:
            ValueError: the time has no zone, which is a bug in the caller.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone")
        at = value.astimezone(UTC)
        return at.replace(tzinfo=None) if dialect.name == "sqlite" else at

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - given
        """Return an aware time in UTC: PostgreSQL returns times in its session's zone."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


StoredTime = DateTime(timezone=True).with_variant(String(), "sqlite")
"""The column of a `UtcDateTime` without conversion, for reading many values."""


def name_column(kind: type[StrEnum]) -> Enum:
    """Return a column type that stores an enumeration's values as text: a new member needs no migration."""
    return Enum(
        kind, native_enum=False, length=16, values_callable=lambda members: [member.value for member in members]
    )


def where(condition: str) -> dict[str, Any]:
    """Return the arguments of a partial index, for both databases."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def points_to(column: str) -> ForeignKey:
    """Return a foreign key that is checked at the end of the transaction: a batch writes its tables in any order."""
    return ForeignKey(column, deferrable=True, initially="DEFERRED")
