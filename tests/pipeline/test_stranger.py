"""Mutated feeds, sitemaps, robots.txt, responses, WARC files and lists are read or refused, and fast.

`python -m benchmarks fuzz` reads ten thousand.
"""

import logging
import time
from collections.abc import Iterator

import pytest

from benchmarks.fuzz import LIMIT_SECONDS
from benchmarks.stranger import load_kinds, read_mutated
from replica.mutation import mutate

FIRST_SEED = 1_000_000
"""Different from the benchmark's."""
INPUT_COUNT = 320


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Silence the log of unreadable documents."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_no_mutated_document_raises_or_takes_long() -> None:
    for seed in range(FIRST_SEED, FIRST_SEED + INPUT_COUNT):
        began_at = time.process_time()
        kind, _, said = read_mutated(seed)
        assert not said.startswith("ESCAPED"), (kind, said)
        assert time.process_time() - began_at < LIMIT_SECONDS, (kind, seed)


def test_every_kind_is_read_if_nothing_is_mutated() -> None:
    failing = {"unreadable", "refused", "no list", "no WARC", "damaged"}
    for name, stranger in load_kinds().items():
        for url, shape in stranger.samples:
            assert stranger.read(url, shape) not in failing, (name, url)


def test_the_same_seed_mutates_a_document_in_the_same_way() -> None:
    assert mutate(b"<a>1</a>" * 50, 5) == mutate(b"<a>1</a>" * 50, 5) != mutate(b"<a>1</a>" * 50, 6)
