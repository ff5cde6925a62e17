"""Database outages as a client sees them: lost connections, restarts, a server that stays down."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, make_url, select, text
from sqlalchemy.orm import Session

from storage import outage
from storage.bulk import insert_rows, stream_rows
from storage.engine import Database, DatabaseLost, DatabaseUnreachable, open_database
from storage.schema.tables import Base
from tests.postgresql import WITH_TABLES, PostgreSQL

AWAY_SECONDS = 1.0
DRIVER_SECONDS = 120
"""Less than psycopg's timeout for an unresponsive host, far more than ours here."""

WHY = r"terminating connection|closed the connection"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    """A PostgreSQL server that a test may crash."""
    found = PostgreSQL()
    yield found
    found.stop()


@pytest.fixture
def opened(server: PostgreSQL) -> Iterator[Database]:
    with closing(open_database(server.url(WITH_TABLES))) as database:
        yield database


def ask(database: Database) -> int:
    """Return the server process (pid) of a new transaction."""
    with database.begin() as session:
        return int(session.execute(text("SELECT pg_backend_pid()")).scalar_one())


def test_a_connection_lost_in_a_transaction_is_reported_in_one_line_and_replaced(opened: Database) -> None:
    for transaction in (opened.begin, opened.read, opened.read_snapshot):
        with pytest.raises(DatabaseLost, match="terminating connection") as raised, transaction() as session:
            session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        assert "\n" not in str(raised.value)
        assert ask(opened) > 0


def end(server: PostgreSQL, pid: int) -> None:
    """Terminate the server process of another connection."""
    with psycopg.connect(server.url(WITH_TABLES)) as other:
        row = other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,)).fetchone()
    assert row == (True,)


def read_rows(server: PostgreSQL, session: Session, pid: int) -> None:
    for number, _ in enumerate(stream_rows(session.connection(), select(func.generate_series(1, 3_000_000)), 100)):
        if not number:
            end(server, pid)


def write_rows(server: PostgreSQL, session: Session, pid: int) -> None:
    def give() -> Iterator[list[tuple[str, str]]]:
        end(server, pid)
        for number in range(100_000):
            yield [(f"word{number}", "stem")]

    table = Base.metadata.tables["search_word"]
    insert_rows(session.connection(), table, table.c.keys()[:2], give())


@pytest.mark.parametrize("work", [read_rows, write_rows])
def test_a_connection_lost_during_bulk_rows_is_reported_with_its_cause(
    work: Callable[[PostgreSQL, Session, int], None], server: PostgreSQL, opened: Database
) -> None:
    with pytest.raises(DatabaseLost, match=WHY) as raised, opened.begin() as session:
        work(server, session, int(session.execute(text("SELECT pg_backend_pid()")).scalar_one()))
    assert "\n" not in str(raised.value)
    assert ask(opened) > 0


def test_a_connection_lost_between_two_transactions_is_replaced(server: PostgreSQL, opened: Database) -> None:
    lost = ask(opened)
    end(server, lost)
    assert ask(opened) != lost


def test_a_server_restart_between_two_transactions_is_waited_out(
    server: PostgreSQL, opened: Database, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):  # the second outage is waited for separately
        caplog.clear()
        before = ask(opened)
        server.crash()
        back = threading.Timer(AWAY_SECONDS, server.restart)
        back.start()
        assert ask(opened) != before
        back.join()
        [said] = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
        assert "no connection to the database; retrying for 20 s: " in said
        assert "\n" not in said


def test_a_server_that_stays_down_is_waited_for_once(
    server: PostgreSQL, opened: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(outage, "RECONNECT_SECONDS", AWAY_SECONDS)
    ask(opened)
    server.crash()
    started_at = time.monotonic()
    for _ in range(3):
        with pytest.raises(DatabaseLost) as raised:
            ask(opened)
        assert "\n" not in str(raised.value)
        assert time.monotonic() - started_at > AWAY_SECONDS
    with pytest.raises(DatabaseUnreachable):  # a client that was never connected does not wait
        open_database(server.url(WITH_TABLES))
    assert [one.levelno for one in caplog.records].count(logging.WARNING) == 1
    server.restart()
    assert ask(opened) > 0


def test_a_process_interrupted_while_it_waits_does_not_wait_again_on_exit(
    server: PostgreSQL, opened: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press_ctrl_c(_seconds: float) -> None:
        raise KeyboardInterrupt

    ask(opened)
    server.crash()
    with monkeypatch.context() as patched:
        patched.setattr("storage.outage.time.sleep", press_ctrl_c)
        with pytest.raises(KeyboardInterrupt):
            ask(opened)
        with pytest.raises(DatabaseLost):
            ask(opened)
    server.restart()
    assert ask(opened) > 0


def test_an_unresponsive_host_times_out(server: PostgreSQL, opened: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outage, "RECONNECT_SECONDS", AWAY_SECONDS)
    ask(opened)
    server.crash()
    folder = make_url(server.url(WITH_TABLES)).query["host"]
    assert isinstance(folder, str)
    path = Path(folder) / ".s.PGSQL.5432"
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(path))
        mute.listen()
        with pytest.raises(DatabaseLost, match="timeout"):
            ask(opened)
    path.unlink()
    server.restart()
    assert ask(opened) > 0
