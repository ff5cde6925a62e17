import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from schemas.settings import Settings
from storage.articles.article import find_article
from storage.engine import (
    WRITES,
    Database,
    DatabaseMissing,
    DatabaseUnreachable,
    SchemaOutdated,
    SchemaUnknown,
    migrate_database,
    open_database,
    open_empty,
)
from storage.ledger.outcome import store_outcomes
from storage.schema import migration
from storage.schema.columns import Document
from storage.schema.tables import Base
from storage.search.table import POSTGRESQL_INDEX, SQLITE_INDEX
from tests.postgresql import PostgreSQL
from tests.storage.sample import START, read

NOBODY = 65_534


def is_ours(name: str | None, *_: object) -> bool:
    """Whether a table is not part of the search index, which differs by database."""
    return name is None or not name.startswith((SQLITE_INDEX, POSTGRESQL_INDEX))


def test_an_empty_database_gets_its_tables_and_stays_the_same(database_url: str) -> None:
    for _ in range(2):
        database = open_database(database_url)
        tables = {name for name in inspect(database.engine).get_table_names() if is_ours(name)}
        database.close()
        assert tables == {*Base.metadata.tables, "alembic_version"}


def test_the_migrations_create_the_tables_that_the_code_declares(database: Database) -> None:
    with database.engine.connect() as connection:
        options = {"compare_type": True, "render_as_batch": True, "include_name": is_ours}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_the_migrations_go_down_and_up_again_with_data(database: Database, database_url: str) -> None:
    with database.begin() as session:
        store_outcomes(session, [read(0, 1)], run_id=None, now=START)
    with database.engine.execution_options(**{WRITES: True}).begin() as connection:
        migration.downgrade(connection, "base")
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
    with pytest.raises(SchemaUnknown):
        open_database(database_url)
    with database.engine.execution_options(**{WRITES: True}).begin() as connection:
        migration.upgrade(connection)
    with database.begin() as session:
        store_outcomes(session, [read(0, 1)], run_id=None, now=START)
        assert find_article(session, "moscow-times:en:1")


def test_all_tables_can_be_created_on_postgresql() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own
    for table in Base.metadata.sorted_tables:
        has_document = any(column.type is Document for column in table.columns)
        assert ("JSONB" in str(CreateTable(table).compile(dialect=dialect))) == has_document
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=dialect)).startswith("CREATE")


def _set_revision(url: str, revision: str) -> None:
    database = open_database(url)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    database.close()


def test_an_older_revision_is_outdated_until_it_is_migrated(
    database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    open_database(database_url).close()
    newer = tmp_path / "migrations"
    newer.mkdir()
    for name in ("env.py", "script.py.mako"):
        (newer / name).write_text((migration.MIGRATIONS / name).read_text())
    versions = newer / "versions"
    versions.mkdir()
    present = sorted((migration.MIGRATIONS / "versions").glob("0*.py"))
    for path in present:
        (versions / path.name).write_text(path.read_text())
    (versions / "9999_next.py").write_text(
        f'from alembic import op\nrevision = "9999"\ndown_revision = "{present[-1].name[:4]}"\n'
        'def upgrade(): op.execute("CREATE TABLE later (id INTEGER)")\ndef downgrade(): op.drop_table("later")\n'
    )
    monkeypatch.setattr(migration, "MIGRATIONS", newer)
    for create in (True, False):
        with pytest.raises(SchemaOutdated, match="broadsheet migrate"):
            open_database(database_url, create=create)
    migrate_database(database_url)
    migrate_database(database_url)
    database = open_database(database_url)
    assert "later" in inspect(database.engine).get_table_names()
    database.close()
    monkeypatch.undo()
    with pytest.raises(SchemaUnknown, match="newer"):
        open_database(database_url)
    with pytest.raises(SchemaUnknown, match="newer"):
        migrate_database(database_url)


def test_another_programs_tables_are_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (id INTEGER)")
    connection.close()
    url = f"sqlite:///{path}"
    with pytest.raises(SchemaUnknown, match="not ours"):
        open_database(url)
    with pytest.raises(SchemaUnknown, match="not ours"):
        migrate_database(url)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]
    connection.close()


def test_reading_an_archive_that_does_not_exist_creates_nothing(database_url: str, tmp_path: Path) -> None:
    with pytest.raises(DatabaseMissing):
        open_database(database_url, create=False)
    assert not list(tmp_path.glob("*.db"))
    (tmp_path / "archive.db").touch()
    with pytest.raises(DatabaseMissing):
        open_database(database_url, create=False)


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:////no/such/directory/a.db", "there is no directory"),
        ("sqlite:///no-such-directory/a.db", "there is no directory"),
        ("sqlite:///{}", "is not a file"),
        ("sqlite:///" + "x" * 300, "too long"),
        ("sqlite:///a?b.db", "written %3F"),
        ("sqlite://", "in-memory"),
        ("sqlite:///:memory:", "in-memory"),
        ("", "not a URL"),
        ("not a url with hunter2", "not a URL"),
        ("postgresql://joe:hunter2@host:port/name", "not a URL"),
        ("oracle://joe:hunter2@localhost/x", "oracle"),
        ("sqlite+aiosqlite:///a.db", "aiosqlite"),
        ("postgresql://joe:hunter2@127.0.0.1:1/name", "postgresql"),
    ],
)
def test_an_unreachable_database_is_reported_in_one_line_without_a_password(
    url: str,
    said: str,
    create: bool,  # noqa: FBT001 - a parameter of the test
    tmp_path: Path,
) -> None:
    with pytest.raises(DatabaseUnreachable, match=said) as raised:
        open_database(url.format(tmp_path), create=create)
    assert "\n" not in str(raised.value)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("create", [True, False])
def test_a_file_that_is_not_a_database_is_unreachable_and_unchanged(
    create: bool,  # noqa: FBT001 - a parameter of the test
    tmp_path: Path,
) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(b"<html>" * 1000)
    with pytest.raises(DatabaseUnreachable, match="not a database"):
        open_database(f"sqlite:///{path}", create=create)
    assert path.read_bytes() == b"<html>" * 1000


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1", "WIN1251"])
def test_a_database_with_another_encoding_is_refused_in_one_line(postgresql: PostgreSQL, encoding: str) -> None:
    name = f"in_{encoding.lower()}"
    postgresql.create(name, encoding)
    for open_it in (open_database, open_empty, migrate_database):
        with pytest.raises(DatabaseUnreachable, match=f"has the encoding {encoding}, but UTF8 is required") as raised:
            open_it(postgresql.url(name))
        assert "\n" not in str(raised.value)


def test_a_folder_that_is_not_writable_is_unreachable() -> None:
    with pytest.raises(DatabaseUnreachable, match="unable to open"):
        open_database("sqlite:////proc/archive.db")


def test_a_transaction_is_atomic(database: Database) -> None:
    def _die_half_way() -> None:
        with database.begin() as session:
            store_outcomes(session, [read(0, 1)], run_id=None, now=START)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _die_half_way()
    with database.read() as session:
        assert find_article(session, "moscow-times:en:1") is None


def test_many_writers_that_read_first_never_find_the_database_locked(database: Database) -> None:
    errors: list[Exception] = []

    def _work(worker: int) -> None:
        try:
            for number in range(10):
                with database.begin() as session:
                    outcome = read(worker * 100 + number, worker * 100 + number)
                    store_outcomes(session, [outcome], run_id=None, now=START)
                with database.read() as session:
                    assert find_article(session, outcome.article.id)
        except Exception as error:  # noqa: BLE001 - the test shows whatever it was
            errors.append(error)

    threads = [threading.Thread(target=_work, args=(worker,)) for worker in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with database.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM article")) == 40


def test_a_new_file_locked_by_another_process_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")  # as a process that sets its journal mode does
        ending = threading.Timer(0.3, other.execute, ("COMMIT",))
        ending.start()
        open_database(f"sqlite:///{path}").close()
        assert not other.in_transaction
        ending.join()


def test_two_processes_that_open_an_empty_database_create_its_tables_once(database_url: str, tmp_path: Path) -> None:
    code = f"from storage.engine import open_database; open_database({database_url!r}).close()"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(migration.__file__).parent.parent)])}
    children = [subprocess.Popen([sys.executable, "-c", code], env=environment, cwd=tmp_path) for _ in range(3)]
    assert [child.wait() for child in children] == [0, 0, 0]


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_foreign_keys_hold_and_the_journal_is_a_write_ahead_log(database: Database) -> None:
    with database.read() as session:
        assert session.scalar(text("PRAGMA foreign_keys")) == 1
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"


def test_a_data_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "50%41 of all? #1 ю"
    folder.mkdir()
    open_database(Settings(data_dir=folder).database_url).close()
    assert (folder / "broadsheet.db").is_file()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # of a test process with threads: it only reads
def test_a_read_only_file_can_be_read() -> None:
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/archive%3F.db"
        database = open_database(url)
        with database.begin() as session:
            store_outcomes(session, [read(0, 1)], run_id=None, now=START)
        database.close()
        Path(folder, "archive?.db").chmod(0o444)
        Path(folder).chmod(0o555)
        child = os.fork()
        if not child:
            os._exit(_count_articles(url))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
        assert [path.name for path in Path(folder).iterdir()] == ["archive?.db"]
        Path(folder).chmod(0o755)


def _count_articles(url: str) -> int:
    """Count the articles as a user other than root, who may write everywhere; -1 if that fails."""
    try:
        if not os.getuid():
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        with open_database(url, create=False).read() as session:
            return int(session.scalar(text("SELECT count(*) FROM article")) or 0)
    except BaseException:  # noqa: BLE001 - whatever it is, the child ends here
        return -1
