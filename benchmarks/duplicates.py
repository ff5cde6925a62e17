"""Measures what one more article costs the search for duplicates in a large archive."""

import random
import time
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

import psutil

from benchmarks import archive
from schemas.outcome import Outcome
from storage.engine import Database, open_database
from storage.ledger.outcome import store_outcomes

ARTICLE_COUNT = 200_000
PART_COUNT = 10_000
BATCH_COUNT = 250
"""The loader's batch size."""
WORD_COUNT = 300
COST_TARGET = 1.3
MEMORY_TARGET = 0.10
"""The most by which the last quarter's memory may exceed the second quarter's."""

VOCABULARY = tuple(f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in "bdklmnrst")
"""The 540 words of all texts; the first ones are far more frequent."""
WEIGHTS = tuple(accumulate(1 / rank for rank in range(10, len(VOCABULARY) + 10)))
PARAGRAPH_COUNT = 8


def main() -> bool:
    """Store the articles and print the figures; return whether the targets are met."""
    with TemporaryDirectory() as folder:
        database, beside = (open_database(f"sqlite:///{Path(folder) / name}") for name in ("archive.db", "beside.db"))
        seconds, sizes = zip(*store_articles(database, 0, ARTICLE_COUNT - PART_COUNT), strict=True)
        last, first = measure_last(database, beside)
        database.close()
        beside.close()
    return render(fmean(seconds[: PART_COUNT // BATCH_COUNT]), first, last, list(sizes))


def store_articles(database: Database, start: int, end: int) -> Iterator[tuple[float, int]]:
    """Yield each batch's seconds and the resident memory after it, in bytes. Generating the texts is not timed."""
    process = psutil.Process()
    for place in range(start, end, BATCH_COUNT):
        yield store_batch(database, place), process.memory_info().rss


def store_batch(database: Database, start: int) -> float:
    """Store a batch, and return its seconds."""
    outcomes = [make_outcome(number) for number in range(start, start + BATCH_COUNT)]
    started = time.perf_counter()
    with database.begin() as session:
        store_outcomes(session, outcomes, run_id=None, now=archive.AT)
    return time.perf_counter() - started


def measure_last(database: Database, beside: Database) -> tuple[float, float]:
    """Return the mean seconds of a batch of the last articles, and of the first ones in a database that starts empty.

    The two alternate, because a machine's speed varies over time.
    """
    starts = range(0, PART_COUNT, BATCH_COUNT)
    pairs = [(store_batch(database, ARTICLE_COUNT - PART_COUNT + at), store_batch(beside, at)) for at in starts]
    last, first = (fmean(column) for column in zip(*pairs, strict=True))
    return last, first


def render(first_then: float, first: float, last: float, sizes: list[int]) -> bool:
    """Print the figures; return whether they meet the targets. Takes seconds per batch, and bytes after each."""
    quarter = len(sizes) // 4
    second, fourth = fmean(sizes[quarter : 2 * quarter]), fmean(sizes[3 * quarter :])
    first_then, first, last = (seconds / BATCH_COUNT * 1e3 for seconds in (first_then, first, last))
    print(f"articles                 {ARTICLE_COUNT:9}")
    print(f"first {PART_COUNT:6}             {first_then:9.2f} ms an article")
    print(f"the same, at the end     {first:9.2f} ms an article")
    print(f"last {PART_COUNT:6}              {last:9.2f} ms an article")
    print(f"ratio at the end         {last / first:9.2f}      target {COST_TARGET} or less")
    print(f"memory, second quarter   {second / 1e6:9.0f} MB")
    print(f"memory, last quarter     {fourth / 1e6:9.0f} MB   target within {MEMORY_TARGET:.0%}")
    return last / first <= COST_TARGET and fourth / second - 1 <= MEMORY_TARGET


def make_outcome(number: int) -> Outcome:
    """Return a distinct article, made of the words that all share."""
    words = random.Random(number).choices(VOCABULARY, cum_weights=WEIGHTS, k=WORD_COUNT)  # noqa: S311 - makes texts
    size = WORD_COUNT // PARAGRAPH_COUNT
    body = "\n\n".join(" ".join(words[start : start + size]) for start in range(0, WORD_COUNT, size))
    return archive.make_outcome(number, body)
