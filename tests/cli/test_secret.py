"""No command prints secrets from the settings."""

import subprocess
from collections.abc import Callable

import pytest

Broadsheet = Callable[..., subprocess.CompletedProcess[str]]

NOBODY = "127.0.0.1:1"
SETTINGS = {
    "BROADSHEET_CONTACT": "me@example.org",
    "BROADSHEET_DATABASE_URL": f"postgresql://me:hunter2@{NOBODY}/x?sslpassword=hunter2&password=hunter2",
    "BROADSHEET_NOTIFY_URL": "json://me:hunter2@127.0.0.1:1/hunter2",
    "BROADSHEET_WARC_URL": f"http://me:hunter2@{NOBODY}/x?token=hunter2",
    "PREFECT_API_URL": f"http://me:hunter2@{NOBODY}/api?token=hunter2",
}


ALL = ()
WITHOUT_DATABASE = ("BROADSHEET_DATABASE_URL",)
WITHOUT_ARCHIVE = ("BROADSHEET_DATABASE_URL", "BROADSHEET_WARC_URL")


@pytest.mark.parametrize(
    ("command", "without"),
    [
        *(
            ((command,), without)
            for command in ("doctor", "status")
            for without in (ALL, WITHOUT_DATABASE, WITHOUT_ARCHIVE)
        ),
        (("ingest",), WITHOUT_ARCHIVE),
        (("backfill", "--from", "2024-01-01", "--to", "2024-01-02", "--plan"), ALL),
        (("import", __file__), ALL),
        (("import", __file__), WITHOUT_DATABASE),
        (("reprocess",), ALL),
        (("export", "--out", "-"), ALL),
        (("migrate",), ALL),
        (("copy", "--to", f"postgresql://me:hunter2@{NOBODY}/y?password=hunter2"), WITHOUT_ARCHIVE),
        (("schedule",), ALL),
        (("deploy",), ALL),
    ],
    ids=lambda given: given[0] if given and given[0].islower() else f"without-{len(given)}",
)
def test_no_secret_is_printed(broadsheet: Broadsheet, command: tuple[str, ...], without: tuple[str, ...]) -> None:
    given = {name: value for name, value in SETTINGS.items() if name not in without}
    ended = broadsheet(*command, **given)
    assert "hunter2" not in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_password_in_an_origin_is_rejected_and_not_printed(broadsheet: Broadsheet) -> None:
    origins = f'{{"https://www.themoscowtimes.com": "http://me:hunter2@{NOBODY}"}}'
    ended = broadsheet("doctor", BROADSHEET_ORIGINS=origins)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        f"broadsheet: BROADSHEET_ORIGINS: 'http://me:***@{NOBODY}': an origin cannot have a user name or password\n"
    )
