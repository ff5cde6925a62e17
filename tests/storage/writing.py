"""Stores fifty fixed articles in an order given by a seed: `… -m tests.storage.writing URL SEED`."""

import random
import sys

from storage.engine import open_database
from storage.ledger.batches import Storage
from tests.storage.sample import at, read

COUNT = 50
BATCH_COUNT = 5


def main(url: str, seed: str) -> None:
    """Store the articles and print the counts."""
    outcomes = [read(number, number, f"The text of article {number} and no other.") for number in range(1, COUNT + 1)]
    random.Random(seed).shuffle(outcomes)
    database = open_database(url)
    storage = Storage(database, None)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    counts = [
        storage.store(outcomes[start : start + BATCH_COUNT], at(10)).counts for start in range(0, COUNT, BATCH_COUNT)
    ]
    database.close()
    sys.stdout.write(str(sum(one["stored"] for one in counts)))


if __name__ == "__main__":
    main(*sys.argv[1:])
