"""Fixtures: each test runs on a real SQLite and a real PostgreSQL database."""

from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copyfile
from uuid import uuid4

import pytest

from storage.engine import Database, open_database
from tests.postgresql import WITH_TABLES, PostgreSQL


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL server, which starts in four seconds."""
    server = PostgreSQL()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class SQLite:
    """One open database for all tests of this process, for its statement cache; its file is replaced for each test."""

    def __init__(self, folder: Path) -> None:
        self.new = folder / "new.db"
        self.path = folder / "archive.db"
        for path in (self.new, self.path):
            open_database(f"sqlite:///{path}").close()
        self.opened = open_database(f"sqlite:///{self.path}")

    def empty(self) -> None:
        """Replace the file by a copy with empty tables, which takes a tenth of the migrations' time."""
        self.opened.close()
        for path in self.path.parent.glob("archive.db*"):
            path.unlink()
        copyfile(self.new, self.path)


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SQLite]:
    made = SQLite(tmp_path_factory.mktemp("sqlite"))
    yield made
    made.opened.close()


@pytest.fixture(scope="session")
def new_file(sqlite: SQLite) -> Path:
    """A SQLite database with empty tables."""
    return sqlite.new


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database; with its tables, if the test also uses the fixture `database`."""
    if database_kind == "sqlite":
        if "database" in request.fixturenames:
            file: SQLite = request.getfixturevalue("sqlite")
            file.empty()
            yield f"sqlite:///{file.path}"
            return
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
    """One open PostgreSQL database for all tests, for its statement cache."""
    opened = open_database(postgresql.url(WITH_TABLES))
    yield opened
    opened.close()


@pytest.fixture
def database(database_kind: str, database_url: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """The open database at `database_url`, with empty tables."""
    assert database_url
    if database_kind == "postgresql":
        yield request.getfixturevalue("postgresql_database")
        return
    opened: Database = request.getfixturevalue("sqlite").opened
    yield opened
    opened.close()


@pytest.fixture
def save(tmp_path: Path) -> Callable[[bytes], Path]:
    def _save(data: bytes) -> Path:
        path = tmp_path / "test.warc"
        path.write_bytes(data)
        return path

    return _save
