"""Activity of the archive, for monitoring: runs, responses, newest article, sizes."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import case, extract, func, literal, or_, select, text
from sqlalchemy.orm import Session

from schemas.model import Count, Record
from storage.schema.tables import SUCCESSFUL, Article, Capture, RunRow, RunStatus, WarcFile
from storage.warc.store import IMPORT_SITE

OTHER_HOST = "other"
"""Stands for every host that is not named, so that their number is bounded."""

SQLITE_BYTES = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
POSTGRESQL_BYTES = "SELECT pg_database_size(current_database())"


class RunCount(Record):
    """The runs of one kind with one status."""

    kind: str
    status: RunStatus
    run_count: Count
    seconds: float
    """Their durations together, each to the second; 0 for runs that go on."""


class LastRun(Record):
    """The run of a kind that ended last."""

    kind: str
    status: RunStatus
    started_at: datetime
    ended_at: datetime
    problem_count: Count


class WarcSize(NamedTuple):
    """The WARC files that the database knows, wherever they are."""

    file_count: int
    loaded_bytes: int


def count_runs(session: Session) -> list[RunCount]:
    """Return the number and duration of all runs by kind and status."""
    # Each time by itself: the two databases subtract times differently.
    seconds = func.sum(extract("epoch", RunRow.ended_at) - extract("epoch", RunRow.started_at))
    rows = session.execute(
        select(RunRow.kind, RunRow.status, func.count(), seconds)
        .group_by(RunRow.kind, RunRow.status)
        .order_by(RunRow.kind, RunRow.status)
    )
    return [
        RunCount(kind=kind, status=status, run_count=count, seconds=float(found or 0))
        for kind, status, count, found in rows
    ]


def list_last_runs(session: Session) -> list[LastRun]:
    """Return for each kind the run that ended last."""
    newest = (
        select(RunRow.kind, func.max(RunRow.ended_at).label("ended_at"))
        .where(RunRow.ended_at.is_not(None))
        .group_by(RunRow.kind)
        .subquery()
    )
    statement = (
        select(RunRow.kind, RunRow.status, RunRow.started_at, RunRow.ended_at, RunRow.report["problems"])
        .join(newest, (newest.c.kind == RunRow.kind) & (newest.c.ended_at == RunRow.ended_at))
        .order_by(RunRow.kind, RunRow.id)
    )
    found = {
        kind: LastRun(
            kind=kind, status=status, started_at=started_at, ended_at=ended_at, problem_count=len(problems or ())
        )
        for kind, status, started_at, ended_at, problems in session.execute(statement)
    }
    return list(found.values())


def find_last_successes(session: Session) -> dict[str, datetime]:
    """Return kind of run -> when the last one that did its work ended."""
    statement = (
        select(RunRow.kind, func.max(RunRow.ended_at))
        .where(RunRow.status.in_(SUCCESSFUL), RunRow.ended_at.is_not(None))
        .group_by(RunRow.kind)
        .order_by(RunRow.kind)
    )
    return {kind: ended_at for kind, ended_at in session.execute(statement) if ended_at}


def list_problems(session: Session, since: datetime) -> list[str]:
    """Return the problems in the reports of the runs that began since then, oldest run first."""
    statement = select(RunRow.report["problems"]).where(RunRow.started_at >= since).order_by(RunRow.started_at)
    return [problem for problems in session.scalars(statement) for problem in problems or ()]


def count_responses(session: Session, hosts: Collection[str]) -> dict[tuple[str, int], int]:
    """Return (host, HTTP status) -> captured responses to our own requests; other hosts count as `OTHER_HOST`."""
    named = [
        (or_(Capture.url.startswith(f"https://{host}/"), Capture.url.startswith(f"http://{host}/")), literal(host))
        for host in hosts
    ]
    host_column = case(*named, else_=OTHER_HOST) if named else literal(OTHER_HOST)
    is_own = ~Capture.warc.startswith(f"{IMPORT_SITE}-", autoescape=True)
    statement = (
        select(host_column.label("host"), Capture.status, func.count())
        .where(Capture.url.is_not(None), is_own)
        .group_by("host", Capture.status)
    )
    found: Counter[tuple[str, int]] = Counter()
    for host, status, count in session.execute(statement):
        found[host, status] += count
    return dict(found)


def find_newest_publication(session: Session, now: datetime) -> datetime | None:
    """Return the publication time of the newest article; one in the future is the publisher's mistake."""
    return session.scalar(select(func.max(Article.published_at)).where(Article.published_at <= now))


def measure_warcs(session: Session) -> WarcSize:
    """Return how many WARC files are loaded, wholly or partly, and how many of their bytes."""
    file_count, loaded_bytes = session.execute(select(func.count(), func.sum(WarcFile.loaded_bytes))).one()
    return WarcSize(file_count, int(loaded_bytes or 0))


def measure_database(session: Session) -> int:
    """Return the size of the database in bytes, on SQLite without its log."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    return int(session.scalar(text(SQLITE_BYTES if is_sqlite else POSTGRESQL_BYTES)) or 0)
