"""Stores fifty fixed articles, most with a near-duplicate, in an order given by a seed.

`… -m tests.storage.writing URL SEED`
"""

import random
import sys

from storage.articles.terms import add_terms
from storage.engine import Database, open_database
from storage.ledger.batches import Storage
from tests.storage.sample import at, read

COUNT = 50
BATCH_COUNT = 5


WORDS = [f"word{number}" for number in range(1_000)]


def write_text(number: int) -> str:
    """Return a text; each has a near-duplicate, and every fifth is short besides."""
    words = random.Random(number // 2).choices(WORDS, k=80)
    return f"The text of article {number} and no other." if number % 5 == 0 else " ".join([*words, str(number)])


def store_shuffled(database: Database, seed: str) -> int:
    """Store the articles in batches, in an order given by the seed, and return how many were new."""
    dialect = database.engine.dialect.name
    outcomes = [add_terms(read(number, number, write_text(number)), dialect) for number in range(1, COUNT + 1)]
    random.Random(seed).shuffle(outcomes)
    storage = Storage(database, None)
    batches = [outcomes[start : start + BATCH_COUNT] for start in range(0, COUNT, BATCH_COUNT)]
    counts = [storage.store(batch, at(10)).counts for batch in batches]
    return sum(one["stored"] + one["duplicate"] for one in counts)


def main(url: str, seed: str) -> None:
    """Store the articles and print how many were new."""
    database = open_database(url)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    count = store_shuffled(database, seed)
    database.close()
    sys.stdout.write(str(count))


if __name__ == "__main__":
    main(*sys.argv[1:])
