"""`make bench`: runs every benchmark; the exit status is 1 if a target is missed."""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import (
    capacity,
    cluster,
    duplicates,
    export,
    fuzz,
    growth,
    ingest,
    kills,
    near_duplicates,
    orchestration,
    plan,
    planted,
    quality,
    reader,
    reading,
    reprocess,
    search,
    store,
    writers,
)

BENCHMARKS: dict[str, Callable[[], bool]] = {
    "ingest": ingest.main,
    "orchestration": orchestration.main,
    "reading": reading.main,
    "fuzz": fuzz.main,
    "growth": growth.main,
    "plan": plan.main,
    "planted": planted.main,
    "duplicates": duplicates.main,
    "reprocess": reprocess.main,
    "cluster": cluster.main,
    "capacity": capacity.main,
    "export": export.main,
    "search": search.main,
    "reader": reader.main,
    "store": store.main,
    "writers": writers.main,
}


def main(arguments: list[str]) -> int:
    """Run the named benchmarks, or all."""
    parser = _make_parser()
    options = parser.parse_args(arguments)
    known = BENCHMARKS | _list_on_demand(options)
    known["reader"] = partial(reader.main, options.articles or reader.ARTICLE_COUNT, options.database)
    if unknown := [name for name in options.names if name not in known]:
        parser.error(f"no such benchmark: {', '.join(unknown)}")
    if "quality" in options.names and not (options.aeb or options.fundus):
        parser.error("quality needs --aeb DIR or --fundus DIR")
    missed = []
    for name in options.names or BENCHMARKS:
        print(f"\n== {name} ==")
        if not known[name]():
            missed.append(name)
    for name in missed:
        print(f"target missed: {name}")
    return 1 if missed else 0


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = sorted(BENCHMARKS | _list_on_demand(argparse.Namespace(aeb=None, fundus=None, articles=None, kind=None)))
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(names)}")
    parser.add_argument("--aeb", type=Path, help="for quality: a copy of scrapinghub/article-extraction-benchmark")
    parser.add_argument("--fundus", type=Path, help="for quality: a copy of flairNLP/fundus")
    parser.add_argument("--articles", type=int, help="for reader and near-duplicates: how many there are")
    parser.add_argument(
        "--kind", choices=store.DATABASES, help="for near-duplicates and store-million: on this database alone"
    )
    parser.add_argument("--database", metavar="URL", help="for reader: a database that already has that many")
    return parser


def _list_on_demand(options: argparse.Namespace) -> dict[str, Callable[[], bool]]:
    """Return the benchmarks that take hours or need data of others: they run only when named."""
    kinds = (options.kind,) if options.kind else store.DATABASES
    return {
        "store-million": partial(store.main_million, kinds),
        "near-duplicates": partial(near_duplicates.main, options.articles or near_duplicates.LARGEST, kinds),
        "quality": partial(quality.main, options.aeb, options.fundus),
        "kills": kills.main,
    }


sys.exit(main(sys.argv[1:]))
