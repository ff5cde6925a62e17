"""Several processes on one database: each article is stored once, and none fails because the database is locked."""

import random
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, make_url, select, text

from storage.articles.selection import ArticleFilter, iterate_articles
from storage.engine import Database, DatabaseLost, open_database
from storage.ledger.batches import Storage
from storage.near_duplicates.lsh_index import ArticleText
from storage.reports.audit import audit_ledger
from storage.schema.tables import Article, Base, Capture, Entry
from tests.storage.sample import at, read
from tests.storage.writing import COUNT, store_shuffled

ROOT = Path(__file__).parent.parent.parent
LOOKS = 2
"""Distinct counts that each reader sees before the writer stops."""

READER_COUNT = 4


def test_four_writers_of_the_same_articles_store_each_once_and_the_same_as_one(
    database: Database, database_url: str
) -> None:
    pipe = subprocess.PIPE
    writers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.storage.writing", database_url, str(seed)],
            stdin=pipe,
            stdout=pipe,
            text=True,
            cwd=ROOT,
        )
        for seed in range(4)
    ]
    for writer in writers:
        assert writer.stdout
        assert writer.stdout.readline() == "ready\n"
    said = [writer.communicate("\n", timeout=60)[0] for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * 4
    assert sum(map(int, said)) == COUNT
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Article)) == COUNT
        assert session.scalar(select(func.count()).select_from(Capture)) == COUNT
        assert audit_ledger(session) == []
    together = list_rows(database)
    empty_tables(database)
    assert store_shuffled(database, "another") == COUNT
    assert list_rows(database) == together
    assert together["near_duplicate_pair"]


WRITER = "writer"
PICK_SQL = """
    SELECT pid FROM pg_stat_activity WHERE application_name = :name AND xact_start IS NOT NULL ORDER BY random() LIMIT 1
"""


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
@pytest.mark.parametrize("kill_count", [12, pytest.param(300, marks=pytest.mark.soak)])
def test_writers_that_are_killed_again_and_again_leave_the_same_as_one(
    database: Database, database_url: str, kill_count: int
) -> None:
    url = make_url(database_url).update_query_dict({"application_name": WRITER})
    killed: list[int] = []
    errors: list[Exception] = []

    def write(own: Database, seed: str) -> None:
        try:
            is_complete = False
            while not (is_complete and len(killed) >= kill_count):
                with suppress(DatabaseLost):
                    store_shuffled(own, seed)
                    is_complete = True
        except Exception as error:  # noqa: BLE001 - whatever it is, the test fails with it
            errors.append(error)
        finally:
            own.close()

    opened = [open_database(url.render_as_string(hide_password=False)) for _ in range(3)]
    writers = [threading.Thread(target=write, args=(own, str(seed))) for seed, own in enumerate(opened)]
    for writer in writers:
        writer.start()
    while len(killed) < kill_count and not errors:
        with database.read() as session:
            if pid := session.scalar(text(PICK_SQL), {"name": WRITER}):
                killed += [pid] if session.scalar(select(func.pg_terminate_backend(pid))) else []
        time.sleep(random.uniform(0, 0.2))
    for writer in writers:
        writer.join()
    assert errors == []
    with database.read() as session:
        assert audit_ledger(session) == []
    together = list_rows(database)
    empty_tables(database)
    assert store_shuffled(database, "another") == COUNT
    assert list_rows(database) == together


def empty_tables(database: Database) -> None:
    with database.begin() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())


NUMBERS = {"id", "number"}
"""Columns that number rows in the order of their arrival."""


def list_rows(database: Database) -> dict[str, list[str]]:
    """Return the rows of all tables, with what a row number stands for in its place."""
    with database.read() as session:
        texts: dict[Any, Any] = {text.id: text.content_sha256 for text in session.scalars(select(ArticleText))}
        names: dict[str, dict[Any, Any]] = {
            "entry_id": {entry.id: entry.key for entry in session.scalars(select(Entry))},
            "capture_id": {one.id: (one.warc, one.offset) for one in session.scalars(select(Capture))},
            "text_id": texts,
            "other_id": texts,
        }
        found = {}
        for table in Base.metadata.sorted_tables:
            columns = [column.name for column in table.c]
            shown = [name for name in columns if table is Article.__table__ or name not in NUMBERS]
            rows = session.execute(select(table)).mappings().all()
            found[table.name] = sorted(
                str([names[name][row[name]] if name in names and row[name] else row[name] for name in shown])
                for row in rows
            )
    return found


@pytest.mark.parametrize("batch_count", [30, pytest.param(150, marks=pytest.mark.soak)])
def test_readers_never_wait_for_a_writer_and_see_complete_batches(
    database: Database, database_url: str, batch_count: int
) -> None:
    """A batch has ten articles, so a reader always sees a multiple of ten."""
    errors: list[Exception] = []
    counts: list[list[int]] = [[] for _ in range(READER_COUNT)]
    has_ended = threading.Event()

    def look(seen: list[int]) -> None:
        own = open_database(database_url, create=False)
        try:
            while not has_ended.is_set():
                with own.read() as session:
                    seen.append(sum(1 for _ in iterate_articles(session, ArticleFilter(include_duplicates=True))))
        except Exception as error:  # noqa: BLE001 - whatever it is, the test fails with it
            errors.append(error)
        finally:
            own.close()

    readers = [threading.Thread(target=look, args=(seen,)) for seen in counts]
    for reader in readers:
        reader.start()
    storage, number = Storage(database, None), 0
    while not errors and (number < 10 * batch_count or min(len(set(seen)) for seen in counts) < LOOKS):
        batch = [read(number + place, number + place, f"The text of {number + place}.") for place in range(1, 11)]
        number += storage.store(batch, at(10)).counts["stored"]
    has_ended.set()
    for reader in readers:
        reader.join()
    assert errors == []
    for seen in counts:
        assert seen == sorted(seen)
        assert all(count % 10 == 0 for count in seen)
