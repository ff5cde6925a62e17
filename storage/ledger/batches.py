"""Stores batches of outcomes, each in one transaction. An outcome that cannot be stored does not block the others.

On PostgreSQL, a batch is first tried while others are being stored, then alone, then outcome by outcome.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from schemas.outcome import ArticleRead, CaptureQuarantined, Kept, Outcome, SourceBroken, SourceRead
from schemas.schedule import STANDARD_PLAN, RevisitPlan
from storage.engine import Database, DatabaseLost
from storage.ledger.outcome import store_outcomes
from storage.ledger.parallel import can_be_parallel
from storage.ledger.unit_of_work import seen_of
from storage.outage import is_collision, is_outage

logger = logging.getLogger(__name__)

ERROR_CHARS = 200
"""Length limit of a quoted error: its first sentence. What follows repeats the whole row."""


@dataclass(slots=True)
class StoredBatch:
    """The result of storing a batch."""

    counts: Counter[str] = field(default_factory=Counter)
    """As `store_outcomes` returns them."""
    problems: list[str] = field(default_factory=list)
    """A sentence for each outcome that could not be stored."""


@dataclass(frozen=True, slots=True)
class Storage:
    """Where a run's outcomes are stored, with its id and revisit plan."""

    database: Database
    run_id: str | None
    plan: RevisitPlan = STANDARD_PLAN

    def store(
        self,
        outcomes: Sequence[Outcome],
        now: datetime,
        *,
        reread: Sequence[Outcome] = (),
        finish: Callable[[Session], None] | None = None,
    ) -> StoredBatch:
        """Store outcomes and what `finish` writes, all in one transaction.

        `reread` are outcomes of captures that are stored already; they come first and are not counted. An outcome that
        cannot be stored is quarantined with the reason. If none of several outcomes can, the first error is raised.
        """
        if not reread and self.database.engine.dialect.name == "postgresql" and can_be_parallel(outcomes):
            stored = self._store_in_parallel(outcomes, now, finish)
            if stored is not None:
                return stored
        try:
            with self.database.begin() as session:
                self._write(session, reread, now, is_reread=True)
                stored = StoredBatch(self._write(session, outcomes, now))
                _finish(session, finish)
        except DatabaseLost:
            raise
        except Exception:
            logger.warning("a batch of %d could not be stored, and is stored one by one", len(outcomes), exc_info=True)
            return self._store_each(outcomes, now, reread, finish)
        return stored

    def _store_in_parallel(
        self, outcomes: Sequence[Outcome], now: datetime, finish: Callable[[Session], None] | None
    ) -> StoredBatch | None:
        """Store a batch while others are being stored; None if it has to be stored alone."""
        try:
            with self.database.begin(is_parallel=True) as session:
                stored = StoredBatch(self._write(session, outcomes, now, is_parallel=True))
                _finish(session, finish)
        except DatabaseLost as error:
            if not is_collision(error):
                raise
            logger.info("a batch of %d met another one, and is stored alone: %s", len(outcomes), error)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is found again where it is not another writer's
            logger.info("a batch of %d is stored alone: %s", len(outcomes), str(error).partition("\n")[0])
        else:
            return stored
        return None

    def _store_each(
        self,
        outcomes: Sequence[Outcome],
        now: datetime,
        reread: Sequence[Outcome],
        finish: Callable[[Session], None] | None,
    ) -> StoredBatch:
        stored = StoredBatch()
        first_error: Exception | None = None
        with self.database.begin() as session:
            for outcome in reread:
                self._try(session, outcome, now, is_reread=True)
            for outcome in outcomes:
                found = self._try(session, outcome, now)
                if not isinstance(found, Exception):
                    stored.counts += found
                    continue
                first_error = first_error or found
                self._quarantine(session, outcome, now, found, stored)
            if first_error and len(stored.problems) == len(outcomes) > 1:
                raise first_error
            _finish(session, finish)
        return stored

    def _quarantine(
        self, session: Session, outcome: Outcome, now: datetime, error: Exception, stored: StoredBatch
    ) -> None:
        message = str(getattr(error, "orig", None) or error).strip().partition("\n")[0][:ERROR_CHARS]
        reason = f"not-stored: {type(error).__name__}: {message}"
        seen = seen_of(outcome)
        what = f"{seen.url or seen.file_url} ({seen.ref.warc} at {seen.ref.offset})" if seen else repr(outcome)
        replacement = _replace(outcome, reason)
        found = self._try(session, replacement, now) if replacement else Counter[str]()
        suffix = "" if not isinstance(found, Exception) else "; nothing of it is in the database"
        stored.counts += found if isinstance(found, Counter) else Counter()
        stored.problems.append(f"{what} could not be stored: {message}{suffix}")

    def _try(
        self, session: Session, outcome: Outcome, now: datetime, *, is_reread: bool = False
    ) -> Counter[str] | Exception:
        """Store one outcome and return its counts; if that fails, undo it and return the error."""
        try:
            with session.begin_nested():
                return self._write(session, [outcome], now, is_reread=is_reread)
        except Exception as error:
            if is_outage(error):
                raise
            session.expunge_all()  # the error concerns this outcome only
            return error

    def _write(
        self,
        session: Session,
        outcomes: Sequence[Outcome],
        now: datetime,
        *,
        is_reread: bool = False,
        is_parallel: bool = False,
    ) -> Counter[str]:
        if not outcomes:
            return Counter()
        return store_outcomes(
            session,
            outcomes,
            run_id=self.run_id,
            now=now,
            plan=self.plan,
            is_reread=is_reread,
            is_parallel=is_parallel,
        )


def _finish(session: Session, finish: Callable[[Session], None] | None) -> None:
    if finish:
        finish(session)


def _replace(outcome: Outcome, reason: str) -> Outcome | None:
    """Return a substitute for an outcome that cannot be stored; None if it has no capture."""
    if isinstance(outcome, ArticleRead | CaptureQuarantined):
        return CaptureQuarantined(seen=outcome.seen, identity=outcome.identity, reasons=(reason,))
    if isinstance(outcome, SourceRead | SourceBroken):
        return SourceBroken(seen=outcome.seen, reason=reason)
    seen = seen_of(outcome)
    return Kept(seen=seen) if seen else None
