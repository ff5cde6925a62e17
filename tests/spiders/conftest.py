from collections.abc import Iterator

import pytest

from tests.spiders.server import Publisher, running_publisher


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    """A publisher of this test's own."""
    with running_publisher() as running:
        yield running
