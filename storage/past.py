"""What earlier runs said of how pages were read: what later ones are compared with."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.model import Record
from schemas.report import KindReading, RunReport
from storage.tables import Run

PAST_COUNT = 400
"""Runs that fetched a page, at most: two weeks of them, should there be one an hour."""


class PastReading(Record):
    """How an earlier run read."""

    since: date | None
    """The first publication day of a backfill's month."""
    reading: dict[str, KindReading]


def list_readings(session: Session, *, kind: str, site: str | None) -> list[PastReading]:
    """What the runs of one kind that fetched pages of a site read, the newest first."""
    statement = (
        select(Run.report["reading"], Run.report["since"].as_string())
        .where(Run.kind == kind, Run.site == site, Run.report["page_count"].as_integer() > 0)
        .order_by(Run.started_at.desc(), Run.id.desc())
        .limit(PAST_COUNT)
    )
    rows = session.execute(statement)
    # A report from before readings were counted has none.
    return [PastReading.model_validate({"since": since, "reading": found or {}}, strict=False) for found, since in rows]


def find_newest_noticing(session: Session) -> RunReport | None:
    """The report of the newest run that looked for what recurs; None where none did yet."""
    statement = (
        select(Run.report)
        .where(Run.report["leak_rate"].as_float().is_not(None))
        .order_by(Run.started_at.desc(), Run.id.desc())
        .limit(1)
    )
    report = session.scalar(statement)
    return RunReport.model_validate(report, strict=False) if report else None
