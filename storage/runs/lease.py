"""Leases: the right to work on something alone, for a time, among all processes on one database."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from schemas.model import Count, NonEmpty, Record
from storage.schema import tables
from storage.schema.tables import RunRow, RunStatus

LONGEST = timedelta(days=1)
"""No lease is taken for as long, and no two clocks differ by as much, unless one of them is wrong."""


class Lease(Record):
    """Who holds what, and until when."""

    name: NonEmpty
    run_id: NonEmpty
    host: str
    pid: Count
    taken_at: datetime
    expires_at: datetime


class LeaseHeld(RuntimeError):  # noqa: N818 - it states a fact
    """Another run holds the lease; `holder` says which."""

    def __init__(self, holder: Lease) -> None:
        super().__init__(
            f"{holder.name} is held by run {holder.run_id} (process {holder.pid} on {holder.host})"
            f" until {holder.expires_at:%Y-%m-%d %H:%M:%S} UTC"
        )
        self.holder = holder


def acquire_lease(
    session: Session, name: str, *, run_id: str, now: datetime, seconds: float, host: str, pid: int
) -> Lease:
    """Take a lease that is free: nobody's, expired, of a run that is over, or this run's own.

    Raises:
        LeaseHeld: another run has it.
    """
    lease = Lease(
        name=name, run_id=run_id, host=host, pid=pid, taken_at=now, expires_at=now + timedelta(seconds=seconds)
    )
    # One statement: of two processes at once, the second one waits for the first and then finds its row.
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(tables.LeaseRow).values(**lease.model_dump())
    is_free = or_(~is_live(now), tables.LeaseRow.run_id == run_id)
    changes = lease.model_dump(exclude={"name"})
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=changes, where=is_free))
    holder = find_lease(session, name)
    if holder is None or holder.run_id != run_id:
        raise LeaseHeld(holder or lease)
    return holder


def renew_lease(session: Session, name: str, *, run_id: str, now: datetime, seconds: float) -> bool:
    """Hold it longer; False when it was lost: another run took it, or declared this one dead."""
    is_own = (tables.LeaseRow.name == name, tables.LeaseRow.run_id == run_id, ~_is_over())
    renewed = update(tables.LeaseRow).where(*is_own).values(expires_at=now + timedelta(seconds=seconds))
    return session.scalar(renewed.returning(tables.LeaseRow.name)) is not None


def release_lease(session: Session, name: str, *, run_id: str) -> bool:
    """Give it back; False when it was another run's already."""
    released = delete(tables.LeaseRow).where(tables.LeaseRow.name == name, tables.LeaseRow.run_id == run_id)
    return session.scalar(released.returning(tables.LeaseRow.name)) is not None


def find_lease(session: Session, name: str) -> Lease | None:
    """Who had it last, and until when; None where it was given back."""
    found = select(*(getattr(tables.LeaseRow, field) for field in Lease.model_fields)).where(
        tables.LeaseRow.name == name
    )
    row = session.execute(found).one_or_none()
    return Lease(**row._mapping) if row else None  # noqa: SLF001 - its public name


def is_live(now: datetime) -> ColumnElement[bool]:
    """Whether a row of `lease` keeps others out. One that a clock which ran ahead gave until next year does not."""
    return is_unexpired(now) & ~_is_over()


def is_unexpired(now: datetime) -> ColumnElement[bool]:
    """Whether the time of a row of `lease` runs."""
    return (tables.LeaseRow.expires_at > now) & (tables.LeaseRow.expires_at <= now + LONGEST)


def _is_over() -> ColumnElement[bool]:
    """Whether the run of a row of `lease` has ended, or was found dead."""
    return tables.LeaseRow.run_id.in_(select(RunRow.id).where(RunRow.status != RunStatus.RUNNING))
