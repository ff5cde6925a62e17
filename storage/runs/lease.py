"""Leases: locks with an expiry time, shared by all processes that use one database."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from schemas.model import Count, NonEmpty, Record
from storage.schema import tables
from storage.schema.tables import RunRow, RunStatus

MAX_DURATION = timedelta(days=1)
"""An expiry time farther ahead was set by a wrong clock: no lease lasts as long, and no correct clocks differ so."""


class Lease(Record):
    """Who holds a lease, and until when."""

    name: NonEmpty
    run_id: NonEmpty
    host: str
    pid: Count
    taken_at: datetime
    expires_at: datetime


class LeaseHeld(RuntimeError):  # noqa: N818 - it states a fact
    """Another run holds the lease; `holder` is its lease."""

    def __init__(self, holder: Lease) -> None:
        super().__init__(
            f"{holder.name} is held by run {holder.run_id} (process {holder.pid} on {holder.host})"
            f" until {holder.expires_at:%Y-%m-%d %H:%M:%S} UTC"
        )
        self.holder = holder


def acquire_lease(
    session: Session, name: str, *, run_id: str, now: datetime, seconds: float, host: str, pid: int
) -> Lease:
    """Acquire a lease that is free, expired, held by a run that has ended, or this run's own.

    Raises:
        LeaseHeld: another run holds it.
    """
    lease = Lease(
        name=name, run_id=run_id, host=host, pid=pid, taken_at=now, expires_at=now + timedelta(seconds=seconds)
    )
    # One statement: of two concurrent processes, the second waits for the first and then finds its row.
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
    """Extend a lease; return False if it was lost: another run acquired it, or declared this one dead."""
    is_own = (tables.LeaseRow.name == name, tables.LeaseRow.run_id == run_id, ~_has_run_ended())
    renewed = update(tables.LeaseRow).where(*is_own).values(expires_at=now + timedelta(seconds=seconds))
    return session.scalar(renewed.returning(tables.LeaseRow.name)) is not None


def release_lease(session: Session, name: str, *, run_id: str) -> bool:
    """Release a lease; return False if another run holds it by now."""
    released = delete(tables.LeaseRow).where(tables.LeaseRow.name == name, tables.LeaseRow.run_id == run_id)
    return session.scalar(released.returning(tables.LeaseRow.name)) is not None


def find_lease(session: Session, name: str) -> Lease | None:
    """Return the lease as last acquired, expired or not; None if it was released."""
    found = select(*(getattr(tables.LeaseRow, field) for field in Lease.model_fields)).where(
        tables.LeaseRow.name == name
    )
    row = session.execute(found).one_or_none()
    return Lease(**row._mapping) if row else None  # noqa: SLF001 - its public name


def is_live(now: datetime) -> ColumnElement[bool]:
    """Whether a row of `lease` excludes other runs. One that expires next year, by a wrong clock, does not."""
    return is_unexpired(now) & ~_has_run_ended()


def is_unexpired(now: datetime) -> ColumnElement[bool]:
    """Whether a row of `lease` has not expired yet, and its expiry time is plausible."""
    return (tables.LeaseRow.expires_at > now) & (tables.LeaseRow.expires_at <= now + MAX_DURATION)


def _has_run_ended() -> ColumnElement[bool]:
    """Whether the run of a row of `lease` has ended, or was found dead."""
    return tables.LeaseRow.run_id.in_(select(RunRow.id).where(RunRow.status != RunStatus.RUNNING))
