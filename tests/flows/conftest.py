"""Prefect's temporary server."""

from collections.abc import Iterator

import pytest
from prefect.testing.utilities import prefect_test_harness


@pytest.fixture(scope="session")
def prefect() -> Iterator[None]:
    """Run one temporary server for all tests that need one: starting it takes some ten seconds."""
    with prefect_test_harness(server_startup_timeout=180):
        yield
