"""The runs over time: durations, outcomes, and how pages were read."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.model import Count, Record
from schemas.report import KindReading
from storage.reports.audit import filter_site
from storage.schema.tables import RunRow, RunStatus

RUN_COUNT = 500
"""The newest runs that plots show: three weeks of hourly ones. Their reports are 5 kB each."""


class RunSummary(Record):
    """What plots show of a run that has ended."""

    id: str
    kind: str
    site: str | None
    started_at: datetime
    ended_at: datetime
    status: RunStatus
    outcomes: dict[str, Count] = {}
    reading: dict[str, KindReading] = {}
    problems: tuple[str, ...] = ()
    leak_rate: float | None = None

    @property
    def seconds(self) -> float:
        """How long it took."""
        return max((self.ended_at - self.started_at).total_seconds(), 0)


def list_summaries(session: Session, site: str | None = None, limit: int = RUN_COUNT) -> list[RunSummary]:
    """Return the newest runs that have ended, oldest first."""
    columns = [RunRow.report[name] for name in ("outcomes", "reading", "problems", "leak_rate")]
    own = (RunRow.id, RunRow.kind, RunRow.site, RunRow.started_at, RunRow.ended_at, RunRow.status)
    statement = select(*own, *columns).where(RunRow.ended_at.is_not(None))
    newest = statement.order_by(RunRow.started_at.desc(), RunRow.id.desc()).limit(limit)
    return [
        RunSummary(
            id=run_id,
            kind=kind,
            site=of_site,
            started_at=started_at,
            ended_at=ended_at,
            status=status,
            outcomes=outcomes or {},
            reading={name: KindReading.model_validate(one) for name, one in (reading or {}).items()},
            problems=tuple(problems or ()),
            leak_rate=leak_rate,
        )
        for run_id, kind, of_site, started_at, ended_at, status, outcomes, reading, problems, leak_rate in reversed(
            session.execute(filter_site(newest, RunRow.site, site)).all()  # type: ignore[arg-type] # may be None
        )
    ]
