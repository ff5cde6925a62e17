"""`broadsheet copy` and `broadsheet migrate`, as users and scripts run them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.main import get_command

from cli.failure import explain_failure
from cli.main import app
from pipeline.archive import open_archive
from schemas.settings import Settings
from storage.engine import WRITES
from storage.schema import migration
from storage.schema.migration import SchemaOutdated
from storage.schema.tables import Base
from tests.storage.every_table import fill_every_table

Broadsheet = Callable[..., subprocess.CompletedProcess[str]]

COMMANDS = {
    "ingest": [],
    "backfill": ["--from", "2024-01-01", "--to", "2024-01-02"],
    "import": ["text.txt"],
    "status": [],
    "identify": ["https://www.themoscowtimes.com/2024/01/01/a-a1"],
    "record": ["moscow-times:en:1"],
    "show": ["moscow-times:en:1"],
    "search": ["war"],
    "serve": ["--port", "0"],
    "reprocess": [],
    "export": ["--out", "out.jsonl"],
    "quarantine": ["list"],
    "copy": ["--to", "sqlite:///copy.db"],
    "doctor": ["--repair"],
    "schedule": [],
    "report": [],
    "publish": ["site", "--no-search"],
    "release": ["release"],
    "redact": ["moscow-times:en:1", "--reason", "a request"],
    "compliance": [],
}


@pytest.fixture
def archive(data_dir: Path) -> Settings:
    """Create an archive with three rows in every table."""
    settings = Settings(data_dir=data_dir)
    with open_archive(settings, writable=True) as opened:
        fill_every_table(opened.database)
    return settings


def go_back(settings: Settings) -> None:
    with open_archive(settings, writable=True) as opened:
        engine = opened.database.engine.execution_options(**{WRITES: True})
        with engine.begin() as connection:
            migration.downgrade(connection, "0001")


@pytest.mark.usefixtures("archive")
def test_json_lists_every_table_of_the_copy(broadsheet: Broadsheet, tmp_path: Path) -> None:
    first = broadsheet("copy", "--to", f"sqlite:///{tmp_path / 'copy.db'}", "--json")
    assert (first.returncode, first.stderr) == (0, "")
    said = json.loads(first.stdout)
    assert (said["source"], said["target"]) == (
        f"sqlite:///{tmp_path / 'data' / 'broadsheet.db'}",
        f"sqlite:///{tmp_path / 'copy.db'}",
    )
    assert {table["name"] for table in said["tables"]} == set(Base.metadata.tables)
    url = f"sqlite:///{tmp_path / 'copy.db'}"
    again = broadsheet("copy", "--to", f"sqlite:///{tmp_path / 'again.db'}", "--json", BROADSHEET_DATABASE_URL=url)
    assert json.loads(again.stdout)["tables"] == said["tables"]


@pytest.mark.usefixtures("archive")
def test_a_copy_on_a_terminal_shows_progress_and_a_table(data_dir: Path) -> None:
    environment = os.environ | {"BROADSHEET_DATA_DIR": str(data_dir), "TERM": "xterm", "COLUMNS": "100"}
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "cli", "copy", "--to", "sqlite:///copy.db"]
    shown = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=theirs, text=True, check=True)
    os.close(theirs)
    progress = os.read(ours, 65536).decode()
    os.close(ours)
    assert all(stage in progress for stage in ("copy", "verify"))
    assert all(name in shown.stdout for name in Base.metadata.tables)


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("sqlite:///{}/broadsheet.db", "is not empty"),
        ("postgresql://joe:hunter2@127.0.0.1:1/name", "127.0.0.1"),
    ],
)
def test_an_unusable_target_is_one_line_and_status_2(
    broadsheet: Broadsheet, archive: Settings, target: str, says: str
) -> None:
    ended = broadsheet("copy", "--to", target.format(archive.data_dir))
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert says in ended.stderr
    assert "hunter2" not in ended.stderr


def test_nothing_is_copied_if_nothing_is_stored(broadsheet: Broadsheet, data_dir: Path) -> None:
    ended = broadsheet("copy", "--to", "sqlite:///copy.db")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert not data_dir.exists()
    assert not Path("copy.db").exists()


def test_every_command_is_tried_on_an_older_database() -> None:
    # `deploy` may run on a machine without the database, which the workers have; `verify`, `site` and `plan` need none;
    # `metrics` says of any database whether it can be read.
    assert {*COMMANDS, "migrate", "deploy", "verify", "metrics", "site", "plan"} == set(
        getattr(get_command(app), "commands", {})
    )


def test_every_command_refuses_an_older_database_in_one_line(
    archive: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_back(archive)
    Path("text.txt").write_text("A text.")
    monkeypatch.setenv("BROADSHEET_DATA_DIR", str(archive.data_dir))
    monkeypatch.setenv("BROADSHEET_CONTACT", "test@example.org")
    for name, arguments in COMMANDS.items():
        with pytest.raises(SchemaOutdated) as raised:
            app(args=[name, *arguments], standalone_mode=False)
        said, status = explain_failure(raised.value) or ("", 0)
        assert ("broadsheet migrate" in said, said.count("\n"), status) == (True, 0, 2), name
