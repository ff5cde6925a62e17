"""Several transactions that store outcomes at the same time, on PostgreSQL.

Each of them holds until it ends:

1. the writers' lock, shared. Whatever else changes the database has it alone.
2. a lock for each thing that it may change, by name: the key of an entry, the id of an article, a URL, the digest of a
   file without a URL. They are taken at once and in order, so no two writers wait for each other.
3. from the time when its articles are compared with all others, the merge lock, which one writer has at a time. That
   one waits for nothing any more: what it cannot lock at once, it does not change.

A transaction that finds more to change than it has locked is rolled back, and repeated with the writers' lock alone.
"""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy.orm import Session

from schemas.outcome import ArticleRead, Outcome, Redirected, RobotsRead, Seen, SourceRead, TdmFileRead
from schemas.url import Identity
from storage.locks import HOLD_CAPTURE_FLOOR_SQL, MERGE_LOCK, NUMBER_LOCK, list_keys

MAX_NAMES = 1_024
"""PostgreSQL has room for 6,400 locks by default, for all connections. A batch of 256 articles has 512 names."""

FIRST_ID_COUNT, MAX_ID_COUNT, ID_COUNT_GROWTH = 16, 256, 4
"""How many row numbers are reserved first, at most at a time, and how many times as many each further time: what is
not used is lost, and a request takes as long as inserting a row."""

ALONE = (SourceRead, RobotsRead, TdmFileRead)
"""Outcomes that are stored alone: a source names thousands of URLs, a host's file concerns all captures after it."""

RESERVE_SQL = """
    SELECT setval('{table}_id_seq', greatest(last_value, (SELECT coalesce(max(id), 0) FROM {table})) + %s)
    FROM {table}_id_seq
"""
"""Numbers are the sequence's from here on, and from the table where others have written without it."""


class WritersCollided(Exception):  # noqa: N818 - states a fact, as all of ours
    """Another transaction may be changing what this one is about to: it must be repeated alone."""


def can_be_parallel(outcomes: Sequence[Outcome]) -> bool:
    """Whether these outcomes may be stored while others store theirs."""
    # None at all would not wait for the merge lock, which also protects what is written at the end of a batch.
    is_alone = any(isinstance(one, ALONE) for one in outcomes)
    return bool(outcomes) and not is_alone and len(_list_names(outcomes)) <= MAX_NAMES


class ParallelWriter:
    """The locks of one such transaction."""

    def __init__(self, session: Session, outcomes: Sequence[Outcome]) -> None:
        """Lock what the outcomes name; wait for those who are changing it."""
        self._connection = session.connection()
        self._connection.exec_driver_sql(HOLD_CAPTURE_FLOOR_SQL)
        self._names = _list_names(outcomes)
        statement = "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key"
        self._connection.exec_driver_sql(statement, (list_keys(self._names),))

    def audit(self, names: Iterable[str]) -> None:
        """Check that all of these are locked.

        Raises:
            WritersCollided: one is not.
        """
        if others := set(names) - self._names:
            raise WritersCollided(f"{len(others)} are not locked, {min(others)} among them")

    def begin_merge(self) -> None:
        """Wait until no other writer compares articles; from here on, what others have committed stays as it is."""
        self._connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MERGE_LOCK})")

    def lock_more(self, names: Iterable[str]) -> None:
        """Lock these too, without waiting.

        Raises:
            WritersCollided: another writer holds one of them.
        """
        wanted = set(names) - self._names
        statement = "SELECT bool_and(pg_try_advisory_xact_lock(key)) FROM unnest(%s::bigint[]) AS key"
        if wanted and not self._connection.exec_driver_sql(statement, (list_keys(wanted),)).scalar():
            raise WritersCollided(f"another writer holds one of {len(wanted)}, such as {min(wanted)}")
        self._names |= wanted

    def iterate_ids(self, table: str) -> Iterator[int]:
        """Yield numbers for new rows of a table, which no other transaction gets."""
        count = FIRST_ID_COUNT
        while True:
            yield from self._reserve(table, count)
            count = min(count * ID_COUNT_GROWTH, MAX_ID_COUNT)

    def _reserve(self, table: str, count: int) -> range:
        # A rollback to the savepoint releases the lock; a sequence keeps its value.
        with self._connection.begin_nested() as savepoint:
            self._connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({NUMBER_LOCK})")
            last: int = self._connection.exec_driver_sql(RESERVE_SQL.format(table=table), (count,)).scalar_one()
            savepoint.rollback()
        return range(last - count + 1, last + 1)


def _list_names(outcomes: Sequence[Outcome]) -> set[str]:
    return {name for outcome in outcomes for name in _iterate_names(outcome) if name}


def _iterate_names(outcome: Outcome) -> Iterator[str | None]:
    identity: Identity | None = getattr(outcome, "identity", None)
    targets = [outcome.target] if isinstance(outcome, Redirected) else []
    for one in filter(None, (identity, *targets)):
        yield from (one.key, one.url)
    if isinstance(outcome, ArticleRead):
        yield from (outcome.article.id, outcome.article.url, *outcome.aliases)
    seen: Seen | None = getattr(outcome, "seen", None)
    if seen:
        yield seen.url
        if seen.url is None or identity is None:
            yield seen.ref.sha256
