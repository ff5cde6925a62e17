"""Keeps the values by which hits are filtered and counted up to date, in a reader's process.

Which articles the index has is looked up when there is a new capture, and the values of new ones are read. After a
`reprocess` or a repair, which change articles without new captures, all values are read. A small archive's next answer
waits for that; a large one's is made of the values that are there, and has the new ones within seconds. In any archive,
what is redacted is taken out before the next answer. Whatever else has changed is seen when all values are read again,
after some minutes. The hits themselves are always read from the database.
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Select, Text, cast, func, select, type_coerce
from sqlalchemy.orm import Session

from storage.bulk import stream_rows
from storage.engine import Database, DatabaseLost
from storage.ledger.unit_of_work import execute_in
from storage.locks import find_capture_floor
from storage.redactions.state import RedactionState, read_redaction_state
from storage.schema.tables import Article, Capture, RunRow
from storage.search.columns import MANY, SINGLE, Columns, build_columns
from storage.search.number_array import read_numbers
from storage.search.table import Searched

logger = logging.getLogger(__name__)

BLOCK_COUNT = 1_000
"""Rows read at a time."""

MIN_AGE_SECONDS = 2
AGE_FACTOR = 30
"""How many times as long as an update took its values are used: updates take a thirtieth of a core at most."""

MAX_AGE_FACTOR = 10
"""Values that are this many times as old as they may be are not used any more: the next answer waits for an update."""

FULL_AGE_SECONDS = 120
FULL_AGE_FACTOR = 100
"""The same for values that are all read again."""

SMALL_COUNT = 10_000
"""Articles of an archive whose values are always updated before an answer: that takes some hundredths of a second."""

REREADING_KINDS = ("reprocess", "repair")
"""Kinds of run that change articles without new captures."""

RECENT_RUN_COUNT = 20
"""Runs among which such a run is looked for. Others begin after it has ended, and there are few in a minute."""


class State(NamedTuple):
    """What tells whether the archive has changed: cheap to read, as each answer asks for it."""

    capture_id: int
    """Every capture up to this id is there. New and changed articles have new captures."""
    newest_id: int
    """The highest id of a capture. Where several write at the same time, lower ones may still be to come."""
    reread_at: datetime | None
    """When the last run ended that changes articles without new captures."""
    redacted: RedactionState


class Kept(NamedTuple):
    """Values, and the state of the archive when they were read."""

    columns: Columns
    state: State
    stale_at: float
    unusable_at: float


class ColumnCache:
    """Keeps the values of a database."""

    def __init__(
        self,
        database: Database,
        min_age_seconds: float = MIN_AGE_SECONDS,
        age_factor: float = AGE_FACTOR,
        full_age_seconds: float = FULL_AGE_SECONDS,
        small_count: int = SMALL_COUNT,
    ) -> None:
        self._database = database
        self._min_age_seconds = min_age_seconds
        self._age_factor = age_factor
        self._full_age_seconds = full_age_seconds
        self._small_count = small_count
        self._full_at = math.inf
        """When all values are to be read again."""
        self._reading = threading.Lock()
        """Held while all values are read."""
        self._updating = threading.Lock()
        """Held while values are replaced by newer ones."""
        self._kept: Kept | None = None

    def get(self) -> Columns:
        """Return the values: nothing of what is redacted, the rest as old as it may be."""
        if time.monotonic() > self._full_at:
            self.begin_reading()
        kept = self._kept or self._read_first()
        state = read_state(self._database)
        if self._must_wait(kept, state):
            with self._updating:
                kept = self._kept or kept
                # Another thread may have updated them meanwhile.
                return (self._update(kept) if self._must_wait(kept, state) else kept).columns
        if state != kept.state and time.monotonic() > kept.stale_at:
            self._begin(self._updating, lambda: self._update(self._kept or kept))
        return kept.columns

    def _must_wait(self, kept: Kept, state: State) -> bool:
        """Whether values must be updated before they are used."""
        is_small = len(kept.columns.numbers) <= self._small_count
        is_old = state != kept.state and (is_small or time.monotonic() > kept.unusable_at)
        return is_old or state.redacted != kept.state.redacted

    def begin_reading(self) -> None:
        """Read all values in a thread, unless they are being read."""
        self._begin(self._reading, self._read)

    def _begin(self, lock: threading.Lock, work: Callable[[], object]) -> None:
        """Do work in a thread that holds a lock, unless another one does."""

        def run() -> None:
            try:
                work()
            except DatabaseLost as error:  # the next request tries again, and reports it to its reader
                logger.warning("the values for searches cannot be read: %s", error)
            finally:
                lock.release()

        if lock.acquire(blocking=False):
            threading.Thread(target=run, name="columns", daemon=True).start()

    def _read_first(self) -> Kept:
        with self._reading:
            return self._kept or self._read()

    def _read(self) -> Kept:
        """Read all values. They may miss a redaction that was made meanwhile: the next answer updates them."""
        started = time.monotonic()
        state = read_state(self._database)
        with self._database.read_snapshot() as session:
            columns = read_columns(session)
        seconds = time.monotonic() - started
        with self._updating:
            self._full_at = time.monotonic() + max(self._full_age_seconds, FULL_AGE_FACTOR * seconds)
            return self._keep(columns, state, seconds=0)

    def _update(self, kept: Kept) -> Kept:
        """Replace the values by newer ones."""
        started = time.monotonic()
        state = read_state(self._database)
        with self._database.read_snapshot() as session:
            if state.reread_at == kept.state.reread_at:
                columns = update_columns(session, kept.columns, kept.state.capture_id)
            else:
                columns = read_columns(session)
        return self._keep(columns, state, time.monotonic() - started)

    def _keep(self, columns: Columns, state: State, seconds: float) -> Kept:
        age_seconds = max(self._min_age_seconds, self._age_factor * seconds)
        now = time.monotonic()
        self._kept = Kept(columns, state, now + age_seconds, now + MAX_AGE_FACTOR * age_seconds)
        return self._kept


def read_state(database: Database) -> State:
    """Read what tells whether the archive has changed; a snapshot that begins after this has all that it tells of."""
    newest = select(func.coalesce(func.max(Capture.id), 0)).scalar_subquery()
    runs = select(RunRow.kind, RunRow.ended_at).order_by(RunRow.started_at.desc()).limit(RECENT_RUN_COUNT).subquery()
    reread_at = select(func.max(runs.c.ended_at)).where(runs.c.kind.in_(REREADING_KINDS)).scalar_subquery()
    with database.read() as session:
        newest_id, ended_at = session.execute(select(newest, reread_at)).one()
        floor = find_capture_floor(session.connection())
        redacted = read_redaction_state(session)
    return State(newest_id if floor is None else min(floor, newest_id), newest_id, ended_at, redacted)


def read_columns(session: Session) -> Columns:
    """Read the values of all articles that are in the search index."""
    rows = stream_rows(session.connection(), _select_values().order_by(Searched.number), BLOCK_COUNT)
    return build_columns(row for part in rows for row in part)


def update_columns(session: Session, columns: Columns, capture_id: int) -> Columns:
    """Return the values of the articles that are in the index now; those of new and changed ones are read."""
    joined = select(Searched.number).join(Article, Article.id == Searched.article_id)
    present = read_numbers(session, Searched.number, select(Searched.number))
    changed = read_numbers(session, Searched.number, joined.where(Article.capture_id > capture_id))
    duplicates = read_numbers(session, Searched.number, joined.where(Article.duplicate_of.is_not(None)))
    wanted = np.union1d(np.setdiff1d(present, columns.numbers), changed)
    rows = execute_in(session, _select_values(), Searched.number, wanted.tolist())
    others = build_columns(sorted(rows, key=lambda row: row[0]), columns.vocabularies)
    are_kept = np.isin(columns.numbers, present) & ~np.isin(columns.numbers, others.numbers)
    updated = columns.update(are_kept, others)
    updated.are_primaries = np.isin(updated.numbers, duplicates, invert=True)
    return updated


def _select_values() -> Select[Any]:
    lists = [cast(getattr(Article, column), Text) for columns in MANY.values() for column in columns]
    singles = [type_coerce(getattr(Article, name), Text) for name in SINGLE]
    is_duplicate = Article.duplicate_of.is_not(None)
    columns = select(Searched.number, Article.published_on, is_duplicate, Article.confidence, *singles, *lists)
    return columns.join(Article, Article.id == Searched.article_id)
