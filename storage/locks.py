"""The keys of PostgreSQL's advisory locks, by which writers wait for each other. SQLite has one writer at a time."""

from collections.abc import Iterable
from hashlib import blake2b

from sqlalchemy import Connection

WRITER_LOCK = 0x6272_6F61_6473
"""The writers' lock: any key that no other program on this database uses ("broads" in ASCII)."""

MERGE_LOCK = WRITER_LOCK + 1
"""Held by the one writer that compares its articles with all others."""

NUMBER_LOCK = WRITER_LOCK + 2
"""Held for an instant, while row numbers are reserved."""

FLOOR_LOCKS = 0x6272_6F << 40
"""The first of the keys that tell which captures may still be to come: the lowest 40 bits are the floor."""

FIND_CAPTURE_FLOOR_SQL = f"""
    SELECT min((classid::bigint << 32 | objid::bigint) - {FLOOR_LOCKS}) FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND classid::bigint >> 8 = {FLOOR_LOCKS >> 40}
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""  # noqa: S608 - constants

HOLD_CAPTURE_FLOOR_SQL = f"""
    SELECT pg_advisory_xact_lock_shared(
        {FLOOR_LOCKS} + greatest(last_value, (SELECT coalesce(max(id), 0) FROM capture))
    ) FROM capture_id_seq
"""  # noqa: S608 - constants


def list_keys(names: Iterable[str]) -> list[int]:
    """Return the keys of these names, sorted; all are negative, so that they differ from the others."""
    digests = (blake2b(name.encode(), digest_size=8).digest() for name in names)
    return sorted({-1 - (int.from_bytes(digest) >> 1) for digest in digests})


def find_capture_floor(connection: Connection) -> int | None:
    """Return a number below that of every capture that writers at work may still add; None if none is at work.

    A writer may commit after another whose numbers are higher. One that is not at work yet takes numbers above every
    capture that is there, so none is missed by a reader that reads the newest capture, then this, and then begins the
    snapshot in which it reads the captures up to both.
    """
    if connection.dialect.name != "postgresql":
        return None
    found: int | None = connection.exec_driver_sql(FIND_CAPTURE_FLOOR_SQL).scalar()
    return found
