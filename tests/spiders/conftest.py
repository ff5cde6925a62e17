from collections.abc import Iterator

import pytest

from tests.spiders.server import Publisher, running_publisher


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    """Run a publisher for this test."""
    with running_publisher() as running:
        yield running
