"""One deployment for all steps, what is measured on the way, and the services' last words where one fails."""

import sys
from collections.abc import Callable, Generator, Iterator

import pytest

from tests.docker.compose import Deployment

Say = Callable[[str], None]

DEPLOYMENT = pytest.StashKey[Deployment]()


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Deployment]:
    """Not started yet; whatever of it is there is removed at the end."""
    made = Deployment(tmp_path_factory.mktemp("deployment"))
    pytestconfig.stash[DEPLOYMENT] = made
    yield made
    made.remove()


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Print what was measured, whatever pytest does with output."""

    def say(text: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n    {text}")
            sys.stdout.flush()

    return say


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the services' logs to the failure of a step."""
    report = yield
    if report.failed and (made := item.config.stash.get(DEPLOYMENT, None)):
        report.sections.append(("the services' last lines", made.tail()))
    return report
