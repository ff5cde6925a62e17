"""Wrong usage and wrong settings: one clear line, exit status 2, nothing lost."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Broadsheet = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"BROADSHEET_COLOUR": "red"}, "BROADSHEET_COLOUR is no setting"),
        ({"BROADSHEET_DELAY_SECONDS": "soon"}, "BROADSHEET_DELAY_SECONDS"),
        ({"BROADSHEET_ORIGINS": "{"}, "origins"),
        ({"BROADSHEET_ORIGINS": '{"www": "x"}'}, "BROADSHEET_ORIGINS"),
        ({"BROADSHEET_CONTACT": "a\nb"}, "BROADSHEET_CONTACT"),
        ({"BROADSHEET_DATABASE_URL": "sqlite:////no/such/folder/x.db"}, "/no/such/folder"),
        ({"BROADSHEET_DATABASE_URL": "nonsense"}, "database"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(
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
    assert "BROADSHEET_DELAY is no setting" in ended.stderr


def test_the_env_file_is_read_and_the_environment_wins(broadsheet: Broadsheet) -> None:
    Path(".env").write_text("BROADSHEET_DELAY_SECONDS=7\nBROADSHEET_CONCURRENCY=3\nOTHER=1\n")
    ended = broadsheet("doctor", "--json", BROADSHEET_DELAY_SECONDS="5")
    assert '"detail": "5.0"' in ended.stdout
    assert '"detail": "3"' in ended.stdout


def test_a_data_folder_without_permission_is_one_line(seeds: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    command = [sys.executable, "-m", "cli", "import", str(next(seeds.glob("001*")))]
    if os.geteuid() == 0:
        # Root may write anywhere, unless it gives that power up.
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", *command]
    environment = os.environ | {"BROADSHEET_DATA_DIR": str(locked / "data")}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 2, ended.stderr
    assert "Permission denied" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_live_crawl_without_a_contact_is_refused(broadsheet: Broadsheet) -> None:
    ended = broadsheet("ingest")
    assert ended.returncode == 2
    assert "BROADSHEET_CONTACT is needed" in ended.stderr.splitlines()[-1]


def test_a_command_that_only_reads_makes_no_database(broadsheet: Broadsheet, data_dir: Path) -> None:
    ended = broadsheet("status")
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert not data_dir.exists()


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, cli.main; print(*{m.partition('.')[0] for m in sys.modules})"
    loaded = set(subprocess.check_output([sys.executable, "-c", code], text=True).split())
    assert not loaded & {"prefect", "scrapy", "trafilatura", "sqlalchemy", "lxml", "pydantic"}
