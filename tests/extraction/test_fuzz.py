"""Broken input of every kind gives a draft or a reason, quickly. `python -m benchmarks fuzz` tries ten thousand."""

import time
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fuzz import LIMIT_SECONDS, Original, load_originals, read_broken_page

FIRST_SEED = 1_000_000
"""Seeds that the benchmark does not use."""
BATCH_COUNT = 60


@cache
def _originals() -> list[Original]:
    return load_originals()


@pytest.mark.parametrize("first", range(FIRST_SEED, FIRST_SEED + 6 * BATCH_COUNT, BATCH_COUNT))
def test_no_broken_page_raises_or_takes_long(first: int) -> None:
    for seed in range(first, first + BATCH_COUNT):
        began_at = time.process_time()
        _, _, outcome = read_broken_page(seed, _originals())
        assert not outcome.startswith("ESCAPED"), outcome
        assert time.process_time() - began_at < LIMIT_SECONDS, seed


@given(st.integers(min_value=2 * FIRST_SEED))
@settings(max_examples=60, deadline=None)  # the processor's time is held above, not the clock's
def test_any_broken_page_gives_a_draft_or_a_reason(seed: int) -> None:
    _, _, outcome = read_broken_page(seed, _originals())
    assert not outcome.startswith("ESCAPED"), outcome


def test_an_unexpected_exception_is_reported() -> None:
    assert read_broken_page(2, [Original(b"text", 5)])[2].startswith("ESCAPED")  # type: ignore[arg-type]
