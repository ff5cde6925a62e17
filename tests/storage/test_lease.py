import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

import storage
from storage.engine import Database
from storage.runs.lease import LeaseHeld, acquire_lease, find_lease, release_lease, renew_lease
from storage.runs.run import close_run, list_runs, mark_interrupted, open_run
from storage.schema.tables import RunStatus
from tests.storage.sample import SITE, at

HOUR = 3600
TAKER = """
import sys
from datetime import datetime
from storage.engine import open_database
from storage.runs.lease import LeaseHeld, acquire_lease
database = open_database(sys.argv[1])
now = datetime.fromisoformat(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
try:
    with database.begin() as session:
        acquire_lease(session, "crawl", run_id=sys.argv[2], now=now, seconds=60, host="h", pid=1)
    print("taken")
except LeaseHeld as held:
    print("held by", held.holder.run_id)
"""


def acquire(database: Database, run_id: str, hours: float, name: str = "crawl") -> bool:
    try:
        with database.begin() as session:
            lease = acquire_lease(session, name, run_id=run_id, now=at(hours), seconds=HOUR, host="host", pid=7)
    except LeaseHeld as held:
        assert held.holder.run_id != run_id  # noqa: PT017 - the other half is the return
        return False
    assert (lease.run_id, lease.taken_at, lease.expires_at) == (run_id, at(hours), at(hours + 1))
    return True


def renew(database: Database, run_id: str, hours: float) -> bool:
    with database.begin() as session:
        return renew_lease(session, "crawl", run_id=run_id, now=at(hours), seconds=HOUR)


def test_a_lease_belongs_to_one_run_until_it_expires(database: Database) -> None:
    assert acquire(database, "a", 0)
    assert not acquire(database, "b", 0.9)
    assert acquire(database, "b", 0.9, name="another")
    assert acquire(database, "b", 1)
    assert not acquire(database, "a", 1.1)


def test_the_error_names_the_holder(database: Database) -> None:
    acquire(database, "a", 0)
    with (
        database.begin() as session,
        pytest.raises(LeaseHeld, match=r"^crawl is held by run a \(process 7 on host\) until 2026-11-01 13:00:00 UTC$"),
    ):
        acquire_lease(session, "crawl", run_id="b", now=at(0), seconds=HOUR, host="host", pid=8)


def test_a_run_can_reacquire_its_own_lease(database: Database) -> None:
    assert acquire(database, "a", 0)
    assert acquire(database, "a", 0.5)


def test_a_lease_is_renewed_until_it_was_lost(database: Database) -> None:
    assert not renew(database, "a", 0)
    acquire(database, "a", 0)
    assert renew(database, "a", 0.5)
    assert not acquire(database, "b", 1.4)
    assert renew(database, "a", 2)  # late, but no other run acquired it
    assert acquire(database, "b", 3)
    assert not renew(database, "a", 3)
    assert renew(database, "b", 3)


def test_only_the_holder_can_release_a_lease(database: Database) -> None:
    acquire(database, "a", 0)
    with database.begin() as session:
        assert not release_lease(session, "crawl", run_id="b")
        assert release_lease(session, "crawl", run_id="a")
        assert find_lease(session, "crawl") is None
    assert acquire(database, "b", 0)


@pytest.mark.parametrize("status", [RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.INTERRUPTED])
def test_the_lease_of_a_run_that_has_ended_is_free(database: Database, status: RunStatus) -> None:
    with database.begin() as session:
        run_id = open_run(session, kind="ingest", site=SITE, started_at=at(0))
    acquire(database, run_id, 0)
    assert not acquire(database, "b", 0)
    with database.begin() as session:
        close_run(session, run_id, status=status, ended_at=at(0))
    assert not renew(database, run_id, 0)
    assert acquire(database, "b", 0)


def test_only_runs_without_a_live_lease_are_marked_interrupted(database: Database) -> None:
    with database.begin() as session:
        runs = [open_run(session, kind="ingest", site=SITE, started_at=at(hour / 10)) for hour in range(3)]
    acquire(database, runs[0], 0.2)
    acquire(database, runs[1], 1.2)  # runs[0] has lost it
    with database.begin() as session:
        assert mark_interrupted(session, at(1.5), site=SITE) == [runs[0], runs[2]]
        assert mark_interrupted(session, at(2.1), site="generic") == []
        assert mark_interrupted(session, at(2.2), site=SITE) == [runs[1]]
        assert {run.status for run in list_runs(session)} == {RunStatus.INTERRUPTED}
    assert not renew(database, runs[1], 2.3)


@pytest.mark.parametrize("is_expired", [False, True])
def test_exactly_one_of_many_processes_acquires_the_lease(
    database: Database,
    database_url: str,
    is_expired: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    if is_expired:
        acquire(database, "before", -2)
    command = [sys.executable, "-c", TAKER, database_url]
    root = Path(storage.__file__).parent.parent
    children = [
        subprocess.Popen(
            [*command, f"run-{number}", (at(0) + timedelta(milliseconds=number)).isoformat()],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    for child in children:
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin
        child.stdin.write("\n")
        child.stdin.flush()
    said = [child.communicate()[0].strip() for child in children]
    with database.read() as session:
        holder = find_lease(session, "crawl")
    assert holder
    winner = said.index("taken")
    assert holder.run_id == f"run-{winner}"
    assert said[:winner] + said[winner + 1 :] == [f"held by run-{winner}"] * 3
