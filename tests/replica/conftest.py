"""Sites that several tests look at, made once: a site is never changed by looking."""

import pytest

from replica.site import Site

KINDS = (
    "article",
    "opinion",
    "gallery",
    "gallery",
    "video",
    "video",
    "podcast",
    "live",
    "archive",
    "sponsored",
    "partner",
    "picture",
)
"""Galleries and videos twice: some of them have the flag of opinion."""


@pytest.fixture(scope="session")
def site() -> Site:
    """As the demonstration has it, a little smaller."""
    return Site(200)


@pytest.fixture(scope="session")
def site_of_all_kinds() -> Site:
    """Every kind of page that the replica knows."""
    return Site(150, kinds=KINDS)
