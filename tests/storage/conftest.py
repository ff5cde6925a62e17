"""A real database of each kind for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copyfile
from uuid import uuid4

import pytest

from storage.database import Database, open_database
from tests.postgresql import WITH_TABLES, PostgreSQL


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """Up in four seconds."""
    server = PostgreSQL()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def new_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with its tables and nothing in them: a copy costs a tenth of the migrations."""
    path = tmp_path_factory.mktemp("new") / "archive.db"
    open_database(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An address where nothing was stored yet; with its tables, if the test asks for the open database too."""
    if database_kind == "sqlite":
        if "database" in request.fixturenames:
            copyfile(request.getfixturevalue("new_file"), tmp_path / "archive.db")
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


@pytest.fixture(scope="session")
def postgresql_database(postgresql: PostgreSQL) -> Iterator[Database]:
    """Opened once: it remembers its statements."""
    opened = open_database(postgresql.url(WITH_TABLES))
    yield opened
    opened.close()


@pytest.fixture
def database(database_kind: str, database_url: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    if database_kind == "postgresql":
        yield request.getfixturevalue("postgresql_database")
        return
    opened = open_database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def save(tmp_path: Path) -> Callable[[bytes], Path]:
    def _save(data: bytes) -> Path:
        path = tmp_path / "test.warc"
        path.write_bytes(data)
        return path

    return _save
