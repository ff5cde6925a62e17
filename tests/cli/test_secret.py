"""Secrets that stand in settings reach no output of any command."""

import subprocess
from collections.abc import Callable

import pytest

Broadsheet = Callable[..., subprocess.CompletedProcess[str]]

NOBODY = "127.0.0.1:1"
SETTINGS = {
    "BROADSHEET_CONTACT": "me@example.org",
    "BROADSHEET_DATABASE_URL": f"postgresql://me:hunter2@{NOBODY}/x?sslpassword=hunter2&password=hunter2",
    "BROADSHEET_NOTIFY_URL": "json://me:hunter2@127.0.0.1:1/hunter2",
    "BROADSHEET_ORIGINS": f'{{"https://www.themoscowtimes.com": "http://me:hunter2@{NOBODY}"}}',
    "BROADSHEET_WARC_URL": f"http://me:hunter2@{NOBODY}/x?token=hunter2",
    "PREFECT_API_URL": f"http://me:hunter2@{NOBODY}/api?token=hunter2",
}


@pytest.mark.parametrize(
    "without", [(), ("BROADSHEET_DATABASE_URL",), ("BROADSHEET_DATABASE_URL", "BROADSHEET_WARC_URL")]
)
@pytest.mark.parametrize("command", [("doctor",), ("status",)])
def test_no_secret_is_printed(broadsheet: Broadsheet, command: tuple[str, ...], without: tuple[str, ...]) -> None:
    given = {name: value for name, value in SETTINGS.items() if name not in without}
    ended = broadsheet(*command, **given)
    assert "hunter2" not in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
