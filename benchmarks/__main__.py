"""`make bench`: runs every benchmark; the exit status is 1 if a target is missed."""

import sys

from benchmarks import (
    duplicates,
    export,
    fuzz,
    growth,
    ingest,
    orchestration,
    planted,
    reading,
    reprocess,
    search,
    store,
)

BENCHMARKS = {
    "ingest": ingest.main,
    "orchestration": orchestration.main,
    "reading": reading.main,
    "fuzz": fuzz.main,
    "growth": growth.main,
    "planted": planted.main,
    "duplicates": duplicates.main,
    "reprocess": reprocess.main,
    "export": export.main,
    "search": search.main,
    "store": store.main,
}
ON_DEMAND = {"store-million": store.main_million}
"""Benchmarks that take hours: they run only when named."""


def main() -> int:
    """Run the named benchmarks, or all."""
    missed = []
    for name in sys.argv[1:] or BENCHMARKS:
        print(f"\n== {name} ==")
        if not (BENCHMARKS | ON_DEMAND)[name]():
            missed.append(name)
    for name in missed:
        print(f"target missed: {name}")
    return 1 if missed else 0


sys.exit(main())
