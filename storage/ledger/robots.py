"""robots.txt as each run saw it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from schemas.capture import SUCCESS_STATUSES, CaptureRef
from schemas.model import Record
from storage.articles.article import as_ref
from storage.schema.tables import Capture, Robots


class RobotsRecord(Record):
    """One fetch of a host's robots.txt."""

    run_id: str | None
    url: str | None
    status: int
    fetched_at: datetime
    text: str
    """As far as it counts; empty where there was none."""
    capture: CaptureRef


def list_robots(session: Session, run_id: str) -> list[RobotsRecord]:
    """Those that a run fetched, in the order in which they were stored."""
    rows = (
        select(Robots)
        .join(Capture, Capture.id == Robots.capture_id)
        .where(Capture.run_id == run_id)
        .order_by(Robots.capture_id)
        .options(joinedload(Robots.capture))
    )
    return [_as_record(row) for row in session.scalars(rows)]


def list_newest_texts(session: Session) -> dict[str, str]:
    """Address of each robots.txt -> what it said when it was last there."""
    rows = (
        select(Capture.url, Robots.text)
        .join(Capture, Capture.id == Robots.capture_id)
        .where(Capture.status.in_(SUCCESS_STATUSES))
        .order_by(Capture.fetched_at)
    )
    return {url: text for url, text in session.execute(rows) if url}


def _as_record(row: Robots) -> RobotsRecord:
    return RobotsRecord(
        run_id=row.capture.run_id,
        url=row.capture.url,
        status=row.capture.status,
        fetched_at=row.capture.fetched_at,
        text=row.text,
        capture=as_ref(row.capture),
    )
