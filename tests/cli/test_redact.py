"""The command `redact`: what it prints, and the exit status."""

import json
from pathlib import Path

import pytest

from pipeline.archive import open_archive
from pipeline.file_import import import_paths
from schemas.settings import Settings
from tests.cli.conftest import Broadsheet

WRONG: tuple[tuple[list[str], str], ...] = (
    ([], "name the article to redact, or give --list"),
    (["85656", "--list"], "--list goes with --json only"),
    (["85656", "--undo", "--erase"], "--undo goes with --json only"),
    (["85656", "--reason", " "], "--reason is empty"),
)


@pytest.fixture
def record_id(data_dir: Path, tmp_path: Path) -> str:
    """The id of an imported text."""
    (tmp_path / "text.txt").write_text("A headline\n\nA paragraph of some length, which is to be taken down.\n")
    with open_archive(Settings(data_dir=data_dir), writable=True) as archive:
        import_paths(archive, [tmp_path / "text.txt"])
        with archive.database.read() as session:
            return str(session.connection().exec_driver_sql("SELECT id FROM article").scalar_one())


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_wrong_usage_is_one_line_and_status_2(broadsheet: Broadsheet, arguments: list[str], message: str) -> None:
    ended = broadsheet("redact", *arguments)
    assert (ended.returncode, ended.stdout, message in ended.stderr) == (2, "", True)
    assert ended.stderr.count("\n") == 1


def test_a_redaction_from_the_dry_run_to_its_undoing(broadsheet: Broadsheet, record_id: str) -> None:
    planned = broadsheet("redact", record_id, "--dry-run", "--json")
    assert (planned.returncode, json.loads(planned.stdout)["is_dry_run"]) == (0, True)
    missing = broadsheet("redact", record_id)
    assert (missing.returncode, "a --reason is needed" in missing.stderr) == (2, True)
    unknown = broadsheet("redact", "moscow-times:en:1", "--reason", "no reason")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (1, 1)

    done = broadsheet("redact", record_id, "--reason", "a\n request")
    assert (done.returncode, f"{record_id} is redacted: a request" in done.stdout) == (0, True)
    shown = broadsheet("show", record_id, "--json")
    assert shown.returncode == 1
    tombstone = json.loads(shown.stdout)["redacted"]
    assert (tombstone["id"], tombstone["reason"]) == (record_id, "a request")
    assert "taken down" not in broadsheet("show", record_id).stdout
    assert json.loads(broadsheet("redact", "--list", "--json").stdout) == [tombstone]
    assert "1 redacted" in broadsheet("status").stdout

    assert broadsheet("redact", record_id, "--undo").returncode == 0
    assert broadsheet("show", record_id).returncode == 0
    assert broadsheet("redact", record_id, "--undo").returncode == 1
