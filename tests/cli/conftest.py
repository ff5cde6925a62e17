"""The command, started as a person starts it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Broadsheet = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def broadsheet(data_dir: Path) -> Broadsheet:
    """Runs `broadsheet ARGUMENTS` in a process of its own, with a data folder of its own."""

    def run(*arguments: object, **settings: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"BROADSHEET_DATA_DIR": str(data_dir)} | settings
        command = [sys.executable, "-m", "cli", *map(str, arguments)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)

    return run
