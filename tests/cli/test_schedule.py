"""`broadsheet schedule` and `deploy` fail with one line, before anything is started."""

import subprocess
from collections.abc import Callable

import pytest

Broadsheet = Callable[..., subprocess.CompletedProcess[str]]

WRONG = "carrier-pigeon://coop"


@pytest.mark.parametrize(
    ("command", "settings", "status", "says"),
    [
        ("deploy", {}, 1, "no Prefect server is configured: set PREFECT_API_URL"),
        ("schedule", {"BROADSHEET_NOTIFY_URL": WRONG}, 2, "BROADSHEET_NOTIFY_URL is not a URL"),
        ("schedule", {"BROADSHEET_CONTACT": ""}, 2, "BROADSHEET_CONTACT is needed"),
    ],
)
def test_a_missing_or_invalid_setting_is_reported_in_one_line(
    broadsheet: Broadsheet, command: str, settings: dict[str, str], status: int, says: str
) -> None:
    ended = broadsheet(command, **settings)
    assert ended.returncode == status, ended.stderr
    assert says in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert WRONG not in ended.stderr
