"""Run the command as a user does."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.starting import run_command

Broadsheet = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def broadsheet(data_dir: Path, tmp_path: Path) -> Broadsheet:
    """Return a function that runs `broadsheet ARGUMENTS` in its own process, with its own data folder."""

    def run(*arguments: object, **settings: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"BROADSHEET_DATA_DIR": str(data_dir)} | settings
        return run_command(list(map(str, arguments)), environment, tmp_path)

    return run
