"""Migrations between the schema's revisions and back, with data in all tables."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Column, MetaData, Select, Table, inspect, select

from schemas.search import SearchFilter
from storage.engine import WRITES, Database, SchemaOutdated, migrate_database, open_database
from storage.redactions.table import RedactedKey, RedactionRow
from storage.schema import migration
from storage.schema.tables import Article, Base, Revision, RightsRow, TdmFile
from storage.search.finding import search_articles
from storage.search.query import read_query
from storage.search.table import Searched, SearchWord
from tests.storage.every_table import fill_every_table

ROOT = Path(__file__).parent.parent.parent
NEW_COLUMNS = {"sponsor", "published_offset", "confidence"}
NEW_TABLES = {one.__tablename__ for one in (Searched, SearchWord, RedactionRow, RedactedKey, RightsRow, TdmFile)}
OLD_NAMES = {
    "article_text": "wording",
    "lsh_key_level_0": "posting_new",
    "lsh_key_level_1": "posting_recent",
    "lsh_key_level_2": "posting_settled",
    "near_duplicate_pair": "likeness",
    "text_id": "wording_id",
}
"""Names of tables and columns before 0004."""


def go_back(database: Database, revision: str = "0001") -> None:
    with database.engine.execution_options(**{WRITES: True}).begin() as connection:
        migration.downgrade(connection, revision)


def read_old_tables(database: Database) -> dict[str, list[Any]]:
    """Return the rows of each table of the first revision, by its current name."""
    present = set(inspect(database.engine).get_table_names())
    with database.read() as session:
        return {
            name: sorted(map(tuple, session.execute(_select_old_columns(table, present))), key=repr)
            for name, table in Base.metadata.tables.items()
            if name not in NEW_TABLES
        }


def _select_old_columns(table: Table, present: set[str]) -> Select[Any]:
    columns = [column for column in table.columns if column.name not in NEW_COLUMNS]
    if table.name in present:
        return select(*columns)
    former = [Column(OLD_NAMES.get(column.name, column.name), column.type) for column in columns]
    return select(*Table(OLD_NAMES[table.name], MetaData(), *former).columns)


def test_the_newest_revision_is_that_of_the_newest_file() -> None:
    assert ScriptDirectory(migration.MIGRATIONS).get_current_head() == migration.find_newest_revision()


def find(database: Database) -> list[str]:
    query = read_query("кириллица")
    return [hit.id for hit in search_articles(database, query, SearchFilter(limit=9, include_duplicates=True))]


def test_a_downgrade_and_an_upgrade_lose_no_rows(database: Database, database_url: str) -> None:
    fill_every_table(database)
    rows, found = read_old_tables(database), find(database)
    assert all(rows.values())
    assert len(found) == len(rows["article"])
    go_back(database)
    assert read_old_tables(database) == rows
    told: list[tuple[int, int]] = []
    migrate_database(database_url, lambda *done: told.append(done))
    migrate_database(database_url)
    assert (read_old_tables(database), find(database)) == (rows, found)
    assert told == [(len(found), len(found))]


def test_an_upgrade_adds_empty_sponsors_and_changes_nothing_else(database: Database, database_url: str) -> None:
    fill_every_table(database)
    rows, found = read_old_tables(database), find(database)
    go_back(database, "0002")
    assert {"sponsor"}.isdisjoint(one["name"] for one in inspect(database.engine).get_columns("article"))
    assert (read_old_tables(database), find(database)) == (rows, found)
    migrate_database(database_url)
    assert (read_old_tables(database), find(database)) == (rows, found)
    with database.read() as session:
        for table in (Article, Revision):
            assert set(session.scalars(select(table.sponsor))) == {None}


def test_an_upgrade_adds_confidences_that_are_unknown(database: Database, database_url: str) -> None:
    fill_every_table(database)
    rows = read_old_tables(database)
    go_back(database, "0010")
    for table in (Article, Revision):
        columns = inspect(database.engine).get_columns(table.__tablename__)
        assert {"confidence"}.isdisjoint(one["name"] for one in columns)
    migrate_database(database_url)
    assert read_old_tables(database) == rows
    with database.read() as session:
        for table in (Article, Revision):
            assert set(session.scalars(select(table.confidence))) == {None}


KILLED = """
import os, signal, sys
from storage.engine import migrate_database

migrate_database(sys.argv[1], lambda done_count, total_count: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_a_killed_migration_leaves_the_older_version(database_url: str) -> None:
    database = open_database(database_url)
    fill_every_table(database)
    rows, found = read_old_tables(database), find(database)
    go_back(database)
    killed = subprocess.run([sys.executable, "-c", KILLED, database_url], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    with pytest.raises(SchemaOutdated, match="broadsheet migrate"):
        open_database(database_url)
    assert not [name for name in inspect(database.engine).get_table_names() if "search" in name]
    assert read_old_tables(database) == rows
    migrate_database(database_url)
    assert (read_old_tables(database), find(database)) == (rows, found)
    database.close()
