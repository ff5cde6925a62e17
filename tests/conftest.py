"""What all tests share: they stay on loopback, and they know nothing of the settings of whoever runs them."""

import importlib
import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

LOOPBACK = Path(__file__).parent / "loopback"
ROOT = Path(__file__).parent.parent

settings.register_profile("busy", deadline=None)  # a machine that stalls is no fault of what is tested
settings.load_profile("busy")

# For this process by import, for every child process by the path.
sys.path.insert(0, str(LOOPBACK))
sys.modules.pop("sitecustomize", None)
importlib.import_module("sitecustomize")

os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(LOOPBACK), os.environ.get("PYTHONPATH")]))
for name in [name for name in os.environ if name.startswith("BROADSHEET_")]:
    del os.environ[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that need Prefect's server come last: its threads draw from `random`, which Hypothesis must not see."""
    with_server = {item.path for item in items if "prefect" in getattr(item, "fixturenames", ())}
    items.sort(key=lambda item: item.path in with_server)


@pytest.fixture(scope="session")
def seeds() -> Path:
    """The folder of the five seed texts."""
    return ROOT / "seeds"


@pytest.fixture(autouse=True)
def _own_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test finds the `.env` or the data of whoever runs it, or leaves anything behind."""
    folder = tmp_path / "cwd"
    folder.mkdir()
    monkeypatch.chdir(folder)
