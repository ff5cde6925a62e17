"""A copy of a database is complete, on either dialect; an unfinished one leaves nothing."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert, select, text

from schemas.search import SearchFilter
from storage.copying.database_copy import CopyFailed, copy_database
from storage.copying.row_transfer import sum_rows
from storage.engine import (
    Database,
    DatabaseFilled,
    DatabaseMissing,
    DatabaseUnreachable,
    open_database,
)
from storage.ledger.outcome import store_outcomes
from storage.near_duplicates.lsh_index import NearDuplicatePair
from storage.schema.tables import MADE_FROM_OTHERS, Base, RunRow
from storage.search.finding import search_articles
from storage.search.query import read_query
from tests.postgresql import PostgreSQL
from tests.storage.every_table import MOMENT, fill_every_table
from tests.storage.sample import START, read

ROOT = Path(__file__).parent.parent.parent
KINDS = ("sqlite", "postgresql")
ways = pytest.mark.parametrize(("database_kind", "target_kind"), [KINDS, KINDS[::-1]])
all_ways = pytest.mark.parametrize(("database_kind", "target_kind"), [*product(KINDS, KINDS)])

MakeUrl = Callable[[str], str]


@pytest.fixture
def make_url(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[MakeUrl]:
    """Returns URLs of empty databases of a dialect."""
    made: list[str] = []

    def make(kind: str) -> str:
        name = f"copy_{uuid4().hex}"
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / name}.db"
        server: PostgreSQL = request.getfixturevalue("postgresql")
        server.create(name)
        made.append(name)
        return server.url(name)

    yield make
    for name in made:
        request.getfixturevalue("postgresql").drop(name)


def be_quiet(_stage: str, _done_count: int, _total_count: int) -> None:
    """Ignore progress."""


def read_all(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of each table as the program reads them."""
    database = open_database(url, create=False)
    try:
        with database.read() as session:
            return {
                name: sorted(map(tuple, session.execute(select(table))), key=repr)
                for name, table in Base.metadata.tables.items()
                if not table.info.get(MADE_FROM_OTHERS)
            }
    finally:
        database.close()


def find(url: str, query: str) -> list[str]:
    database = open_database(url, create=False)
    try:
        return [hit.id for hit in search_articles(database, read_query(query), SearchFilter(limit=9))]
    finally:
        database.close()


@all_ways
def test_every_row_of_every_table_is_copied(
    database: Database, database_url: str, target_kind: str, make_url: MakeUrl
) -> None:
    fill_every_table(database)
    with database.begin() as session:
        store_outcomes(session, [read(9, 9, "The words of nine.")], run_id=None, now=START)
    target_url = make_url(target_kind)
    stages: dict[str, list[tuple[int, int]]] = {}
    copied = copy_database(database, target_url, lambda stage, *done: stages.setdefault(stage, []).append(done))
    assert {one.name for one in copied.tables} == set(Base.metadata.tables)
    assert [one.name for one in copied.tables if one.count < 3] == []
    assert read_all(target_url) == read_all(database_url)
    assert find(target_url, "words") == find(database_url, "words") != []
    assert {"copy", "verify"} <= set(stages)
    assert all(done[-1][0] == done[-1][1] for stage, done in stages.items() if stage != "index")


@ways
def test_sql_null_and_json_null_are_preserved(database: Database, target_kind: str, make_url: MakeUrl) -> None:
    row = {"kind": "ingest", "started_at": MOMENT, "status": "running", "parameters": {}}
    with database.begin() as session:
        session.execute(insert(RunRow), [row | {"id": "absent"}])
        session.execute(insert(RunRow), [row | {"id": "null", "report": None}])
    target_url = make_url(target_kind)
    copy_database(database, target_url, be_quiet)
    target = open_database(target_url)
    for side in (database, target):
        with side.read() as session:
            assert session.scalars(text("SELECT id FROM run WHERE report IS NULL")).all() == ["absent"]
    target.close()


@all_ways
def test_concurrent_writes_are_not_in_the_copy(
    database: Database, database_url: str, target_kind: str, make_url: MakeUrl
) -> None:
    with database.begin() as session:
        store_outcomes(session, [read(number, number) for number in range(1, 9)], run_id=None, now=START)
    before, target_url, numbers = read_all(database_url), make_url(target_kind), iter(range(100, 200))

    def write(_stage: str, _done_count: int, _total_count: int) -> None:
        number = next(numbers)
        with database.begin() as session:
            store_outcomes(session, [read(number, number)], run_id=None, now=START)

    copy_database(database, target_url, write)
    assert next(numbers) > 103
    assert read_all(target_url) == before
    assert len(read_all(database_url)["article"]) > len(before["article"])


KILLED = """
import os, signal, sys
from storage.copying.database_copy import copy_database
from storage.engine import open_database

def die(stage, done_count, total_count):
    if stage == "verify":
        os.kill(os.getpid(), signal.SIGKILL)

copy_database(open_database(sys.argv[1], create=False), sys.argv[2], die)
"""


@ways
def test_a_killed_copy_leaves_the_target_empty_and_can_be_restarted(
    database: Database, database_url: str, target_kind: str, make_url: MakeUrl
) -> None:
    fill_every_table(database)
    target_url = make_url(target_kind)
    command = [sys.executable, "-c", KILLED, database_url, target_url]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    with pytest.raises(DatabaseMissing):
        open_database(target_url, create=False)
    copy_database(database, target_url, be_quiet)
    assert read_all(target_url) == read_all(database_url)


@ways
def test_an_interrupted_copy_leaves_nothing(
    database: Database, target_kind: str, make_url: MakeUrl, tmp_path: Path
) -> None:
    target_url, before = make_url(target_kind), sorted(tmp_path.iterdir())

    def stop(_stage: str, _done_count: int, _total_count: int) -> None:
        raise KeyboardInterrupt

    fill_every_table(database)
    with pytest.raises(KeyboardInterrupt):
        copy_database(database, target_url, stop)
    with pytest.raises(DatabaseMissing):
        open_database(target_url, create=False)
    assert [path for path in tmp_path.glob(".*part*") if path not in before] == []


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_copy_that_differs_fails(database: Database, make_url: MakeUrl, tmp_path: Path) -> None:
    fill_every_table(database)

    def spoil(stage: str, done_count: int, _total_count: int) -> None:
        if stage == "verify" and done_count <= 3:
            [part] = tmp_path.glob(".*.part")
            subprocess.run([sys.executable, "-c", SPOIL, part], check=True)

    with pytest.raises(CopyFailed, match="differs from its source in entry"):
        copy_database(database, make_url("sqlite"), spoil)
    assert list(tmp_path.glob("*copy_*")) == []


SPOIL = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as connection:
    connection.execute("UPDATE entry SET url = 'another' WHERE id = 1")
"""


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_value_that_the_target_cannot_store_is_reported_in_one_line(database: Database, make_url: MakeUrl) -> None:
    fill_every_table(database)
    with database.begin() as session:
        session.execute(text("UPDATE sighting SET title = 'a' || char(0) || 'b'"))
    target_url = make_url("postgresql")
    with pytest.raises(CopyFailed, match="NUL") as raised:
        copy_database(database, target_url, be_quiet)
    assert "\n" not in str(raised.value)
    with pytest.raises(DatabaseMissing):
        open_database(target_url, create=False)


@ways
def test_a_target_that_is_not_empty_is_unchanged(
    database: Database, database_url: str, target_kind: str, make_url: MakeUrl
) -> None:
    fill_every_table(database)
    target_url = make_url(target_kind)
    open_database(target_url).close()
    for url in (target_url, database_url):
        before = read_all(url)
        with pytest.raises(DatabaseFilled, match="is not empty"):
            copy_database(database, url, be_quiet)
        assert read_all(url) == before


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_leftover_journal_is_never_applied_to_the_copy(database: Database, tmp_path: Path) -> None:
    (tmp_path / "copy.db-wal").write_bytes(b"of another")
    with pytest.raises(DatabaseFilled, match=r"copy\.db-wal"):
        copy_database(database, f"sqlite:///{tmp_path / 'copy.db'}", be_quiet)
    assert not (tmp_path / "copy.db").exists()


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(
    "url", ["sqlite:////no/such/folder/a.db", "sqlite://", "postgresql://joe:hunter2@127.0.0.1:1/name", "nonsense"]
)
def test_an_unreachable_target_is_reported_in_one_line_without_the_password(database: Database, url: str) -> None:
    with pytest.raises(DatabaseUnreachable) as raised:
        copy_database(database, url, be_quiet)
    assert "\n" not in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_differently_paired_numbers_have_another_checksum(database: Database) -> None:
    sums = set()
    for pairs in (((1, 2), (3, 4)), ((1, 4), (3, 2)), ((2, 1), (3, 4)), ((3, 4), (1, 2))):
        with database.begin() as session:
            session.execute(text("DELETE FROM near_duplicate_pair"))
            session.execute(insert(NearDuplicatePair), [{"text_id": one, "other_id": other} for one, other in pairs])
            sums.add(sum_rows(session.connection(), Base.metadata.tables["near_duplicate_pair"], print))
    assert len(sums) == 3


def test_no_table_has_an_autoincrement_key() -> None:
    """Otherwise a copy would have to set the counter."""
    assert [name for name, table in Base.metadata.tables.items() if table.autoincrement_column is not None] == []


FILL_SIGHTING = text("""
    WITH RECURSIVE counted (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM counted WHERE number < 20000)
    INSERT INTO sighting (id, url, site, source_url, source_kind, first_seen_at, last_seen_at, title)
    SELECT number, 'a', 'b', 'c', 'feed', '2026-01-01 00:00:00', '2026-01-01 00:00:00', :title FROM counted
""")

MEASURED = """
import re, sys
from pathlib import Path
from storage.copying.database_copy import copy_database
from storage.engine import open_database

def read_peak():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])

source, before = open_database(sys.argv[1], create=False), read_peak()
copy_database(source, sys.argv[2], lambda stage, done_count, total_count: None)
print(read_peak() - before)
"""


@ways
def test_a_copy_of_a_hundred_megabytes_is_streamed(
    database: Database, database_url: str, target_kind: str, make_url: MakeUrl
) -> None:
    with database.begin() as session:
        session.execute(FILL_SIGHTING, {"title": "x" * 5_000})
    command = [sys.executable, "-c", MEASURED, database_url, make_url(target_kind)]
    kib_count = int(subprocess.check_output(command, cwd=ROOT, text=True))
    # Half of this is SQLite's pages and imported modules; holding all rows would take at least twice their size.
    assert kib_count < 75 * 1024
