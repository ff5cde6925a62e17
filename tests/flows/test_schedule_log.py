"""The log of a schedule: it rotates, and only its owner can read it."""

from pathlib import Path

import pytest

from flows.schedule_log import LOG_NAME, logging_schedule
from schemas.settings import Settings


def test_lines_are_printed_and_logged_and_the_log_rotates_privately(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(data_dir=tmp_path)
    (tmp_path / LOG_NAME).touch(0o644)
    with logging_schedule(settings, max_bytes=200, old_count=2) as report:
        for number in range(12):
            report(f"ingest/latest completed: {number} stored\nat postgresql://me:secret@db/x")
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["schedule.log", "schedule.log.1", "schedule.log.2"]
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert max(path.stat().st_size for path in tmp_path.iterdir()) <= 200
    assert "Z ingest/latest completed: 11 stored at " in (tmp_path / LOG_NAME).read_text()
    printed = capsys.readouterr().err.splitlines()
    assert printed[0].startswith("broadsheet: ingest/latest completed: 0 stored at ")
    assert len(printed) == 12
    assert not any("secret" in text for text in [*printed, *(path.read_text() for path in tmp_path.iterdir())])
