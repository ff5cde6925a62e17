"""Prefect's temporary server."""

from collections.abc import Iterator

import pytest
from prefect.testing.utilities import prefect_test_harness


@pytest.fixture(scope="session")
def prefect() -> Iterator[None]:
    """One temporary server for all that need one: it costs some ten seconds."""
    with prefect_test_harness(server_startup_timeout=180):
        yield
