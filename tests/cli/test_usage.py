"""Wrong usage and invalid settings: one clear line, exit status 2, nothing changed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.failure import explain_failure
from schemas.failure import Failure, RunFailure, UsageFailure

HEAVY = {"alembic", "fsspec", "httpx", "pandas", "prefect", "psycopg", "pyarrow", "pygments", "scrapy", "trafilatura"}
"""Modules that take long to import, and that no command needs to read an archive in SQLite."""

Broadsheet = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"BROADSHEET_COLOUR": "red"}, "BROADSHEET_COLOUR is not a setting"),
        ({"BROADSHEET_DELAY_SECONDS": "soon"}, "BROADSHEET_DELAY_SECONDS"),
        ({"BROADSHEET_ORIGINS": "{"}, "BROADSHEET_ORIGINS"),
        ({"BROADSHEET_ORIGINS": '{"http://a.example:99999": "http://b.example"}'}, "BROADSHEET_ORIGINS"),
        ({"BROADSHEET_DELAY_SECONDS": "inf"}, "BROADSHEET_DELAY_SECONDS"),
        ({"BROADSHEET_FLOORS": '{"completeness": 98}'}, "BROADSHEET_FLOORS"),
        ({"BROADSHEET_ORIGINS": '{"www": "x"}'}, "BROADSHEET_ORIGINS"),
        ({"BROADSHEET_CONTACT": "a\nb"}, "BROADSHEET_CONTACT"),
        ({"BROADSHEET_DATABASE_URL": "sqlite:////no/such/folder/x.db"}, "/no/such/folder"),
        ({"BROADSHEET_DATABASE_URL": "nonsense"}, "database"),
        ({"BROADSHEET_WARC_URL": "/mnt/archive"}, "BROADSHEET_WARC_URL: it is not the URL of a store"),
        ({"BROADSHEET_WARC_URL": "nowhere://archive"}, "nowhere:// is not a kind of store"),
    ],
)
def test_an_invalid_setting_is_named_in_one_line(
    broadsheet: Broadsheet, seeds: Path, settings: dict[str, str], says: str
) -> None:
    ended = broadsheet("import", next(seeds.glob("001*")), **settings)
    assert ended.returncode == 2, ended.stderr
    assert says in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert ended.stdout == ""


def test_an_unknown_setting_in_the_env_file_is_named(broadsheet: Broadsheet) -> None:
    Path(".env").write_text("BROADSHEET_DELAY=1\n")
    ended = broadsheet("status")
    assert ended.returncode == 2
    assert "BROADSHEET_DELAY is not a setting" in ended.stderr


def test_the_env_file_is_read_and_the_environment_wins(broadsheet: Broadsheet) -> None:
    Path(".env").write_text("BROADSHEET_DELAY_SECONDS=7\nBROADSHEET_CONCURRENCY=3\nOTHER=1\n")
    ended = broadsheet("doctor", "--json", BROADSHEET_DELAY_SECONDS="5")
    assert '"detail": "5"' in ended.stdout
    assert '"detail": "3"' in ended.stdout


def test_a_data_folder_without_permission_is_one_line(seeds: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    command = [sys.executable, "-m", "cli", "import", str(next(seeds.glob("001*")))]
    if os.geteuid() == 0:
        # Root may write anywhere, unless it drops that capability.
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", *command]
    environment = os.environ | {"BROADSHEET_DATA_DIR": str(locked / "data")}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 2, ended.stderr
    assert "Permission denied" in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ingest"], "BROADSHEET_CONTACT is needed"),
        (["ingest", "--site", "generic"], "BROADSHEET_CONTACT is needed"),
        (["ingest", "--site", "nope"], "no site 'nope'"),
        (["nosuch"], "No such command"),
        (["backfill", "--from", "2024-02-01", "--to", "2024-01-01"], "--from 2024-02-01 is after --to 2024-01-01"),
        (["backfill", "--from", "2924-02-01", "--to", "2924-02-02"], "is in the future"),
        (["backfill", "--from", "2024-01-01", "--to", "2024-01-02"], "BROADSHEET_CONTACT is needed"),
        (["backfill", "--from", "2024-01-01"], "Missing option"),
        (["status", "--month", "2024-13"], "neither YYYY-MM nor"),
        (["status", "--limit", "1"], "--limit needs --missing"),
        (["quarantine", "list", "--limit", f"{2**63}"], "'--limit'"),
        (["ingest", "--limit", f"{2**63}"], "'--limit'"),
        (["import"], "Missing argument"),
        (["metrics", "--out", "metrics.txt"], "end in .prom"),
        (["metrics", "--serve"], "set BROADSHEET_METRICS_PORT"),
        (["metrics", "--serve", "--out", "a.prom"], "exclude each other"),
        (["serve", "--host", "192.0.2.1"], "set BROADSHEET_SERVE_PASSWORD first"),
        (["serve", "--port", "65536"], "'--port'"),
        (["export", "--out", "x", "--from", "2024-02-01", "--to", "2024-01-01"], "is after"),
    ],
)
def test_wrong_usage_is_one_line_and_creates_nothing(
    broadsheet: Broadsheet, data_dir: Path, arguments: list[str], says: str
) -> None:
    ended = broadsheet(*arguments)
    assert ended.returncode == 2
    assert says in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert not data_dir.exists()


def test_an_empty_variable_counts_as_unset(broadsheet: Broadsheet) -> None:
    ended = broadsheet("doctor", "--json", BROADSHEET_ORIGINS="", BROADSHEET_CONTACT="me@example.org")
    assert ended.returncode == 0, ended.stderr


def test_doctor_checks_the_configured_prefect_server(broadsheet: Broadsheet) -> None:
    api_url = "http://127.0.0.1:1/api"
    ended = broadsheet("doctor", "--json", BROADSHEET_CONTACT="me@example.org", PREFECT_API_URL=api_url)
    assert ended.returncode == 1
    assert f"no server at {api_url}" in json.loads(ended.stdout)[-1]["detail"]


def test_a_read_only_command_creates_no_database(broadsheet: Broadsheet, data_dir: Path) -> None:
    ended = broadsheet("status")
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert not data_dir.exists()


@pytest.mark.parametrize("kind", [UsageFailure, RunFailure])
def test_a_failure_has_an_exit_status_and_a_bug_has_none(kind: type[Failure]) -> None:
    class WordMissing(kind):  # type: ignore[valid-type,misc]
        """An exception defined only here."""

    assert explain_failure(WordMissing("say more: sqlite://a:secret@b/c")) == (
        "say more: sqlite://a:***@b/c",
        kind.exit_status,
    )
    assert explain_failure(RuntimeError("a defect")) is None


@pytest.mark.parametrize(
    ("modules", "unneeded"),
    [
        ("cli.main", {"prefect", "scrapy", "trafilatura", "sqlalchemy", "lxml", "pydantic"}),
        ("cli.render_search, pipeline.status, storage.search.finding", HEAVY),
        ("pipeline.ingest", {"prefect", "scrapy", "trafilatura"}),
        ("flows.ingest", {"prefect.server.api.server"}),
    ],
    ids=["help", "a look", "a run with nothing new", "a flow under a named server"],
)
def test_unneeded_modules_are_not_imported(modules: str, unneeded: set[str]) -> None:
    code = f"import sys, {modules}; print(*sys.modules)"
    loaded = set(subprocess.check_output([sys.executable, "-c", code], text=True).split())
    assert not loaded & unneeded


def test_reading_an_archive_imports_only_what_it_needs(broadsheet: Broadsheet, seeds: Path, data_dir: Path) -> None:
    text = next(seeds.glob("001*"))
    assert broadsheet("import", text).returncode == 0
    commands = [
        ["show", "text:deecb94a"],
        ["show", "text:deecb94a", "--diff"],
        ["search", "russia"],
        ["status"],
        ["quarantine"],
    ]
    code = (
        "import sys; from cli.main import app\n"
        f"for command in {commands}: app(command, standalone_mode=False)\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    environment = os.environ | {"BROADSHEET_DATA_DIR": str(data_dir)}
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert not set(ended.stderr.split()) & HEAVY
