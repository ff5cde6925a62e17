"""Runs: start and end, parameters and report of each."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schemas.model import Record
from schemas.report import RunReport
from storage.runs.lease import is_unexpired
from storage.schema.tables import LeaseRow, RunRow, RunStatus

LISTED_COUNT = 10
"""Default length of a listing."""


class RunRecord(Record):
    """One run."""

    id: str
    kind: str
    site: str | None
    started_at: datetime
    ended_at: datetime | None
    status: RunStatus
    parameters: dict[str, Any]
    report: RunReport | None


def open_run(
    session: Session, *, kind: str, site: str | None, started_at: datetime, parameters: Mapping[str, Any] | None = None
) -> str:
    """Record that a run begins; return its id, which sorts by time. Parameters must be JSON values."""
    run_id = f"{started_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    session.add(
        RunRow(
            id=run_id,
            kind=kind,
            site=site,
            started_at=started_at,
            status=RunStatus.RUNNING,
            parameters=dict(parameters or {}),
        )
    )
    session.flush()
    return run_id


def close_run(
    session: Session, run_id: str, *, status: RunStatus, ended_at: datetime, report: RunReport | None = None
) -> None:
    """Record how a run ended.

    Raises:
        KeyError: there is no such run.
    """
    row = session.get(RunRow, run_id)
    if row is None:
        raise KeyError(run_id)
    row.status, row.ended_at = status, ended_at
    row.report = report.model_dump(mode="json") if report else None


def list_runs(
    session: Session, limit: int = LISTED_COUNT, *, site: str | None = None, until: datetime | None = None
) -> list[RunRecord]:
    """Return the newest runs, newest first: with a site, of its own; with `until`, of those that had begun by then."""
    statement = select(RunRow).order_by(RunRow.started_at.desc(), RunRow.id.desc()).limit(limit)
    if site is not None:
        statement = statement.where(RunRow.site == site)
    if until is not None:
        statement = statement.where(RunRow.started_at <= until)
    return [_as_record(row) for row in session.scalars(statement)]


def list_earlier_runs(
    session: Session, limit: int, *, site: str | None = None, before: str | None = None
) -> list[RunRecord]:
    """Return the newest runs, newest first; with `before`, of those that began before the run with that id."""
    statement = select(RunRow).order_by(RunRow.started_at.desc(), RunRow.id.desc()).limit(limit)
    if site is not None:
        statement = statement.where(RunRow.site == site)
    if before is not None:
        begun_at = select(RunRow.started_at).where(RunRow.id == before).scalar_subquery()
        is_tied = (RunRow.started_at == begun_at) & (RunRow.id < before)
        statement = statement.where((RunRow.started_at < begun_at) | is_tied)
    return [_as_record(row) for row in session.scalars(statement)]


def find_run(session: Session, run_id: str) -> RunRecord | None:
    """Return a run by its id."""
    row = session.get(RunRow, run_id)
    return _as_record(row) if row else None


def find_runs(session: Session, id_end: str, limit: int) -> list[RunRecord]:
    """Return runs whose ids end so, newest first."""
    statement = select(RunRow).where(RunRow.id.endswith(id_end, autoescape=True))
    rows = session.scalars(statement.order_by(RunRow.started_at.desc(), RunRow.id.desc()).limit(limit))
    return [_as_record(row) for row in rows]


def find_last_end(session: Session) -> datetime | None:
    """Return when the run that ended last did so; None before the first."""
    return session.scalar(select(func.max(RunRow.ended_at)))


def has_run_after(session: Session, at: datetime) -> bool:
    """Whether a run began after this time; if that is in the future, the run's clock was ahead."""
    return session.scalar(select(RunRow.id).where(RunRow.started_at > at).limit(1)) is not None


def mark_interrupted(session: Session, now: datetime, *, site: str | None = None) -> list[str]:
    """Mark runs that are still `running` but hold no unexpired lease as interrupted; return their ids, oldest first."""
    holds_lease = select(LeaseRow.name).where(LeaseRow.run_id == RunRow.id, is_unexpired(now)).exists()
    statement = (
        select(RunRow).where(RunRow.status == RunStatus.RUNNING, ~holds_lease).order_by(RunRow.started_at, RunRow.id)
    )
    if site is not None:
        statement = statement.where(RunRow.site == site)
    rows = session.scalars(statement).all()
    for row in rows:
        row.status, row.ended_at = RunStatus.INTERRUPTED, now
    return [row.id for row in rows]


def list_running(session: Session) -> list[str]:
    """Return the ids of the runs that are under way, or died without anyone having noticed."""
    return list(session.scalars(select(RunRow.id).where(RunRow.status == RunStatus.RUNNING)))


def _as_record(row: RunRow) -> RunRecord:
    return RunRecord(
        id=row.id,
        kind=row.kind,
        site=row.site,
        started_at=row.started_at,
        ended_at=row.ended_at,
        status=row.status,
        parameters=row.parameters,
        # As JSON: times are text in the row.
        report=RunReport.model_validate(row.report, strict=False) if row.report else None,
    )
