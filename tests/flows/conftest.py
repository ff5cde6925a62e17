"""A replica of the site, and settings that lead to it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prefect.testing.utilities import prefect_test_harness

from replica.server import Handle, running
from replica.site import Site
from schemas.settings import Settings

ARTICLE_COUNT = 40


@pytest.fixture(scope="session")
def site() -> Site:
    """What the replica shows."""
    return Site(ARTICLE_COUNT, duplicate_share=0.1)


@pytest.fixture(scope="session")
def prefect() -> Iterator[None]:
    """One temporary server for all that need one: it costs some ten seconds."""
    with prefect_test_harness(server_startup_timeout=180):
        yield


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
