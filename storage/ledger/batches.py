"""Stores batches of outcomes, each in one transaction. One that cannot be stored does not hold up the others."""

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
from storage.ledger.unit_of_work import seen_of
from storage.outage import is_outage

logger = logging.getLogger(__name__)

ERROR_CHARS = 200
"""Of an error's words: the first sentence. What follows repeats the whole row."""


@dataclass(slots=True)
class StoredBatch:
    """What became of a batch."""

    counts: Counter[str] = field(default_factory=Counter)
    """As `store_outcomes` answers them."""
    problems: list[str] = field(default_factory=list)
    """A sentence for each outcome that could not be stored as it is."""


@dataclass(frozen=True, slots=True)
class Storage:
    """Where a run's outcomes go, and what is noted with them."""

    database: Database
    run_id: str | None
    plan: RevisitPlan = STANDARD_PLAN

    def store(
        self,
        outcomes: Sequence[Outcome],
        now: datetime,
        *,
        former: Sequence[Outcome] = (),
        finish: Callable[[Session], None] | None = None,
    ) -> StoredBatch:
        """Store outcomes and what `finish` writes, all in one transaction.

        `former` are of captures that are stored already, and come first; they are not counted. What cannot be stored is
        quarantined by itself, with the reason. Where nothing of a whole batch can, that is the batch's own error.
        """
        try:
            with self.database.begin() as session:
                self._write(session, former, now, is_again=True)
                stored = StoredBatch(self._write(session, outcomes, now))
                _finish(session, finish)
        except DatabaseLost:
            raise
        except Exception:
            logger.warning("a batch of %d could not be stored, and is stored one by one", len(outcomes), exc_info=True)
            return self._store_each(outcomes, now, former, finish)
        return stored

    def _store_each(
        self,
        outcomes: Sequence[Outcome],
        now: datetime,
        former: Sequence[Outcome],
        finish: Callable[[Session], None] | None,
    ) -> StoredBatch:
        stored = StoredBatch()
        first_error: Exception | None = None
        with self.database.begin() as session:
            for outcome in former:
                self._try(session, outcome, now, is_again=True)
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
        said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0][:ERROR_CHARS]
        reason = f"not-stored: {type(error).__name__}: {said}"
        seen = seen_of(outcome)
        what = f"{seen.url or seen.file_url} ({seen.ref.warc} at {seen.ref.offset})" if seen else repr(outcome)
        instead = _replace(outcome, reason)
        found = self._try(session, instead, now) if instead else Counter[str]()
        lies = "" if not isinstance(found, Exception) else "; nothing of it is in the database"
        stored.counts += found if isinstance(found, Counter) else Counter()
        stored.problems.append(f"{what} could not be stored: {said}{lies}")

    def _try(
        self, session: Session, outcome: Outcome, now: datetime, *, is_again: bool = False
    ) -> Counter[str] | Exception:
        """Store one; its error, with nothing of it written, where that fails."""
        try:
            with session.begin_nested():
                return self._write(session, [outcome], now, is_again=is_again)
        except Exception as error:
            if is_outage(error):
                raise
            session.expunge_all()  # whatever it is, it is this one's alone
            return error

    def _write(
        self, session: Session, outcomes: Sequence[Outcome], now: datetime, *, is_again: bool = False
    ) -> Counter[str]:
        if not outcomes:
            return Counter()
        return store_outcomes(session, outcomes, run_id=self.run_id, now=now, plan=self.plan, is_again=is_again)


def _finish(session: Session, finish: Callable[[Session], None] | None) -> None:
    if finish:
        finish(session)


def _replace(outcome: Outcome, reason: str) -> Outcome | None:
    """What is noted of a capture that cannot be stored as what it is; None where there is none."""
    if isinstance(outcome, ArticleRead | CaptureQuarantined):
        return CaptureQuarantined(seen=outcome.seen, identity=outcome.identity, reasons=(reason,))
    if isinstance(outcome, SourceRead | SourceBroken):
        return SourceBroken(seen=outcome.seen, reason=reason)
    seen = seen_of(outcome)
    return Kept(seen=seen) if seen else None
