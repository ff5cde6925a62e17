"""What all tests share: they stay on loopback, and they know nothing of the settings of whoever runs them."""

import importlib
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import hypothesis
import pytest

from replica.server import Handle, running
from replica.site import Site
from schemas.settings import Settings
from tests.waiting import wait_until

LOOPBACK = Path(__file__).parent / "loopback"
ROOT = Path(__file__).parent.parent

hypothesis.settings.register_profile("busy", deadline=None)  # a machine that stalls is no fault of what is tested
hypothesis.settings.load_profile("busy")

# For this process by import, for every child process by the path.
sys.path.insert(0, str(LOOPBACK))
sys.modules.pop("sitecustomize", None)
importlib.import_module("sitecustomize")

os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(LOOPBACK), os.environ.get("PYTHONPATH")]))
for name in [name for name in os.environ if name.startswith("BROADSHEET_")]:
    del os.environ[name]


LASTING_THREADS = ("fsspecIO", "IO loop", "Dask-")
"""Of libraries, by how their names begin: one a process, which nothing ends."""

LASTING_PROCESSES = (b"multiprocessing.forkserver", b"multiprocessing.resource_tracker", b"pipeline.reading_process")
"""What Python keeps for the next child, and what a reader keeps for the next reader."""

END_SECONDS = 30
"""Until what a test has told to end has ended, on a busy machine."""

LONG_SECONDS = 1800
"""The limit of a long test, in whatever way it is run."""


@pytest.hookimpl(tryfirst=True)  # before what -m deselects is left out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give long tests more time, and mark what needs a Prefect server.

    That is a run of its own, for its threads draw from `random`, as Hypothesis does.
    """
    for item in items:
        given: dict[str, object] = {}
        if any(item.get_closest_marker(name) for name in ("soak", "docker")):
            given["timeout"] = LONG_SECONDS
        if "prefect" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.prefect)
            # Flows with a timeout take the alarm by which pytest-timeout would end them.
            given["method"] = "thread"
        if given:
            item.add_marker(pytest.mark.timeout(**given))


def list_threads() -> set[threading.Thread]:
    """The threads of this process that somebody has to end."""
    return {one for one in threading.enumerate() if not one.name.startswith(LASTING_THREADS)}


def list_children() -> set[int]:
    """The child processes that somebody has to end."""
    found = set()
    for path in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):  # a thread that has just ended
            found |= {int(one) for one in path.read_text().split()}
    return {pid for pid in found if not any(name in read_command(pid) for name in LASTING_PROCESSES)}


def read_command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.fixture(autouse=True)
def _leaves_nothing_running(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test starts has ended when it has: the next one finds the process as it was."""
    threads, children = list_threads(), list_children()
    yield
    if request.node.get_closest_marker("prefect"):  # its library starts threads when it likes
        threads = list_threads()
    wait_until(lambda: not list_threads() - threads and not list_children() - children, END_SECONDS)


@pytest.fixture(scope="session")
def seeds() -> Path:
    """The folder of the five seed texts."""
    return ROOT / "seeds"


@pytest.fixture(scope="session")
def _working_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty directory. One serves all tests of a process: thousands of them never write there."""
    return tmp_path_factory.mktemp("cwd")


@pytest.fixture(autouse=True)
def _own_working_directory(_working_directory: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the `.env` and the data of the person who runs the tests out of them; clear what a test left."""
    monkeypatch.chdir(_working_directory)
    yield
    for left in _working_directory.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()


ARTICLE_COUNT = 40


@pytest.fixture(scope="session")
def site() -> Site:
    """What the replica shows."""
    return Site(ARTICLE_COUNT, duplicate_share=0.1)


@pytest.fixture
def server(site: Site) -> Iterator[Handle]:
    """The replica, up."""
    with running(site) as handle:
        yield handle


@pytest.fixture
def make_settings(tmp_path: Path) -> Callable[..., Settings]:
    """Settings with a data folder of this test's own; whatever is given wins."""

    def make(**given: object) -> Settings:
        mine: dict[str, object] = {"data_dir": tmp_path / "data", "contact": "test@example.org", "delay_seconds": 0}
        return Settings.model_validate(mine | {"concurrency": 8} | given)

    return make


@pytest.fixture
def settings(make_settings: Callable[..., Settings], server: Handle) -> Settings:
    """Settings that lead to the replica."""
    return make_settings(origins=dict(server.origins))
