"""`broadsheet doctor`: what it checks and repairs."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.render_doctor import render_checks
from pipeline.integrity.doctor import Check
from tests.damage import damage_page

LONG_URL = "https://example.org/" + "path/" * 20

Broadsheet = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def imported(broadsheet: Broadsheet, seeds: Path) -> None:
    assert broadsheet("import", *sorted(seeds.glob("*.txt"))).returncode == 0


def read_checks(broadsheet: Broadsheet, *options: str, status: int) -> dict[str, str]:
    """Map each check's name to its detail."""
    ended = broadsheet("doctor", "--json", *options, BROADSHEET_CONTACT="a@example.org")
    assert ended.returncode == status, ended.stderr
    found: dict[str, str] = {}
    for one in json.loads(ended.stdout):
        found[one["name"]] = "; ".join(filter(None, [found.get(one["name"]), one["detail"]]))
    return found


@pytest.mark.usefixtures("imported")
def test_a_lost_database_is_rebuilt_and_reported(broadsheet: Broadsheet, data_dir: Path) -> None:
    assert "5 captures in 1 WARC files are intact" in read_checks(broadsheet, status=0)["integrity"]
    for path in data_dir.glob("broadsheet.db*"):
        path.unlink()
    assert "integrity" not in read_checks(broadsheet, status=0)
    repaired = read_checks(broadsheet, "--repair", status=0)
    assert repaired["mended"] == "5 captures were loaded from WARC files"
    assert "5 captures in 1 WARC files" in repaired["integrity"]
    [warc] = (data_dir / "warc").iterdir()
    warc.unlink()
    assert warc.name in read_checks(broadsheet, status=1)["integrity"]
    assert "integrity" not in read_checks(broadsheet, "--quick", status=0)


@pytest.mark.usefixtures("imported")
def test_a_read_only_archive_passes_but_no_run_can_use_it(data_dir: Path, tmp_path: Path) -> None:
    for folder in (data_dir, data_dir / "warc", data_dir / "spool"):
        folder.chmod(0o500)
    command = [sys.executable, "-m", "cli", "doctor", "--json"]
    if os.geteuid() == 0:
        # Root may write anywhere, unless it drops that capability.
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", *command]
    environment = os.environ | {"BROADSHEET_DATA_DIR": str(data_dir), "BROADSHEET_CONTACT": "a@example.org"}
    ended = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    for folder in (data_dir, data_dir / "warc", data_dir / "spool"):
        folder.chmod(0o700)
    found = {one["name"]: one["detail"] for one in json.loads(ended.stdout)}
    assert "the archive is read-only" in found["disk"]
    assert "5 captures in 1 WARC files are intact" in found["integrity"]
    assert ended.returncode == 0


@pytest.mark.usefixtures("imported")
def test_a_file_that_is_not_a_warc_is_reported_until_it_is_removed(broadsheet: Broadsheet, data_dir: Path) -> None:
    junk = data_dir / "warc" / "junk.warc.gz"
    junk.write_text("hi\n")
    assert "junk.warc.gz cannot be read" in read_checks(broadsheet, status=1)["integrity"]
    found = read_checks(broadsheet, "--repair", status=1)
    assert "junk.warc.gz is among the WARC files but is not one" in found["repair"]
    assert "mended" not in found
    junk.unlink()
    assert "nothing needed to be repaired" in read_checks(broadsheet, "--repair", status=0)["mended"]


@pytest.mark.usefixtures("imported")
def test_a_damaged_database_is_one_line_with_advice(broadsheet: Broadsheet, data_dir: Path, tmp_path: Path) -> None:
    damage_page(data_dir / "broadsheet.db", "article")
    for command in (
        ["export", "--out", str(tmp_path / "out.jsonl")],
        ["search", "Syria"],
        ["reprocess"],
        ["copy", "--to", f"sqlite:///{tmp_path / 'copy.db'}"],
        ["doctor", "--repair"],
    ):
        ended = broadsheet(*command)
        assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
        assert "is damaged" in ended.stderr
        assert "restore a backup" in ended.stderr
    assert "is damaged" in read_checks(broadsheet, status=1)["integrity"]
    assert not (tmp_path / "copy.db").exists()
    assert broadsheet("quarantine", "list", "--json").stdout.strip() == "[]"


def test_settings_are_printed_as_they_are_typed(broadsheet: Broadsheet) -> None:
    typed = {
        "BROADSHEET_SERVE_PROXIES": '["10.0.0.0/8", "::1/128"]',
        "BROADSHEET_SITES": '["meduza", "voa"]',
        "BROADSHEET_ORIGINS": '{"https://meduza.io": "http://127.0.0.1:1"}',
        "BROADSHEET_FLOORS": '{"completeness": 0.98, "stored_per_day": 5}',
        "BROADSHEET_CEILINGS": '{"recurring": 0.1, "leak_rate": 0.01, "drift": 0.5}',
        "BROADSHEET_EXTRA_SOURCES": '["search", "old-site"]',
        "BROADSHEET_REVISIT_HOURS": "[0.5, 6]",
        "BROADSHEET_DELAY_SECONDS": "1.5",
        "BROADSHEET_TIMEOUT_SECONDS": "30",
        "BROADSHEET_SERVE_HOSTS": '["archive.example.org"]',
    }
    ended = broadsheet("doctor", "--quick", "--json", **typed)
    shown = {one["name"]: one["detail"] for one in json.loads(ended.stdout)}
    assert {name: shown[name] for name in typed} == typed
    assert (shown["BROADSHEET_SITES_DIR"], shown["BROADSHEET_MAX_PAGE_BYTES"]) == ("", "8388608")


def test_repair_with_quick_is_rejected_in_one_line(broadsheet: Broadsheet) -> None:
    ended = broadsheet("doctor", "--quick", "--repair")
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)


def test_checks_are_sorted_into_broken_advised_and_fine(capsys: pytest.CaptureFixture[str]) -> None:
    checks = [
        Check(name="contact", ok=True, detail="me@example.org"),
        Check(name="alarm", ok=True, detail="failed runs are not reported", is_advised=True),
        Check(name="disk", ok=False, detail=f"see {LONG_URL} about it", is_advised=True),
    ]
    render_checks(checks)
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [
        *("broken", "advised", "fine"),
        "1 broken, 1 advised, 1 fine",
    ]
    assert lines.index("broken") < lines.index("advised") < lines.index("fine")
    assert any(LONG_URL in line for line in lines)
