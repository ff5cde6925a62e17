"""Measures what `broadsheet plan` reckons with: processor time and bytes of each step, for an article."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import psutil

from benchmarks import archive
from benchmarks.near_duplicates import served
from benchmarks.store import DATABASES, measure_size
from pipeline.plan import COSTS
from replica.server import running
from replica.site import Site
from schemas.settings import Settings
from storage.articles.terms import add_terms
from storage.engine import open_database
from storage.ledger.outcome import store_outcomes

PAGE_COUNT = 1_000
BATCH_COUNT = 256
STORED_COUNT = 20 * BATCH_COUNT
FACTOR_TARGET = 2.0
"""By which the plan may be off: a machine's speed differs that much within a day."""

SITE = "moscow-times"


class Used(NamedTuple):
    """What a step used for one article."""

    milliseconds: float
    """Of processor time."""
    byte_count: float
    """On the disk; 0 if the step writes nothing that stays."""


def main() -> bool:
    """Measure each step and print it beside the plan; return whether they agree."""
    found = measure_pages() | {f"store, {kind}": measure_store(kind) for kind in DATABASES}
    ingest, others = found.pop("ingest"), (found["read"], found["store, sqlite"])
    fetch = ingest.milliseconds - sum(other.milliseconds for other in others)
    found["fetch"] = ingest._replace(milliseconds=fetch)
    planned = {cost.measured_as: cost for cost in COSTS if cost.measured_as}
    is_met = True
    print("                         CPU ms   planned     bytes")
    for name, used in found.items():
        cost = planned[name]
        print(f"{name:22} {used.milliseconds:8.2f} {cost.processor_ms:9.2f} {used.byte_count:9.0f}")
        ratio = used.milliseconds / cost.processor_ms
        is_met = is_met and 1 / FACTOR_TARGET <= ratio <= FACTOR_TARGET
    print(f"target: processor times within {FACTOR_TARGET:g} times")
    return is_met


def measure_pages() -> dict[str, Used]:
    """Archive pages of the replica, then read, export, release and publish them."""
    with TemporaryDirectory() as folder, running(Site(PAGE_COUNT)) as server:
        environment = os.environ | {
            "BROADSHEET_DATA_DIR": str(Path(folder) / "data"),
            "BROADSHEET_ORIGINS": json.dumps(server.origins),
            "BROADSHEET_CONTACT": "benchmark@example.org",
            "BROADSHEET_DELAY_SECONDS": "0",
            "BROADSHEET_CONCURRENCY": "16",
        }
        return {name: _run(name, Path(folder), environment) for name in STEPS}


def measure_store(kind: str) -> Used:
    """Store invented articles, their terms made before; a server's processor time counts."""
    with TemporaryDirectory() as folder, served(kind, Path(folder)) as url:
        database = open_database(url)
        empty, milliseconds = measure_size(database), 0.0
        for start in range(0, STORED_COUNT, BATCH_COUNT):
            outcomes = [add_terms(archive.make_outcome(start + number), kind) for number in range(BATCH_COUNT)]
            before = _read_processor_seconds(Path(folder))
            with database.begin() as session:
                store_outcomes(session, outcomes, run_id=None, now=archive.AT)
            milliseconds += (_read_processor_seconds(Path(folder)) - before) * 1e3
        size = measure_size(database) - empty
        database.close()
    return Used(milliseconds / STORED_COUNT, size / STORED_COUNT)


def _read_processor_seconds(folder: Path) -> float:
    processes = [psutil.Process()]
    if (path := folder / "pg" / "postmaster.pid").exists():
        processes += psutil.Process(int(path.read_text(encoding="utf-8").split()[0])).children()
    times = [process.cpu_times() for process in processes]
    return sum(one.user + one.system for one in times)


def _run(name: str, folder: Path, environment: Mapping[str, str]) -> Used:
    command = [sys.executable, "-m", "benchmarks.plan", name, str(folder)]
    output = subprocess.run(command, env=dict(environment), stdout=subprocess.PIPE, text=True, check=True).stdout
    return Used(*json.loads(output.splitlines()[-1]))


def _ingest(settings: Settings, _folder: Path) -> Path:
    from pipeline.ingest import ingest_once

    ingest_once(settings, SITE, "sitemaps")
    return settings.data_dir / "warc"


def _read(settings: Settings, folder: Path) -> Path:
    from pipeline.reprocess.reprocess import reprocess

    reprocess(settings, process_count=1)
    return folder / "nothing"


def _export(settings: Settings, folder: Path) -> Path:
    from schemas.export import FileFormat
    from storage.export.file import export_articles

    path = folder / "articles.jsonl"
    export_articles(open_database(settings.database_url), path, FileFormat.choose(path.name))
    return path


def _release(settings: Settings, folder: Path) -> Path:
    return _write(settings, folder, "release")


def _publish(settings: Settings, folder: Path) -> Path:
    return _write(settings, folder, "publish", "--no-search")


def _write(_settings: Settings, folder: Path, command: str, *options: str) -> Path:
    arguments = [command, str(folder / command), *options]
    subprocess.run([sys.executable, "-m", "cli", *arguments], stdout=sys.stderr, check=True)
    return folder / command


STEPS: dict[str, Callable[[Settings, Path], Path]] = {
    "ingest": _ingest,
    "read": _read,
    "export": _export,
    "release": _release,
    "publish": _publish,
}


def _run_step(name: str, folder: Path) -> None:
    """Run one step in this process, and print what it used."""
    settings = Settings()
    if name == "read":
        STEPS[name](settings, folder)  # starts the reading process, which is kept
    before = _read_all_seconds()
    path = STEPS[name](settings, folder)
    milliseconds = (_read_all_seconds() - before) * 1e3
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    print(json.dumps(Used(milliseconds / PAGE_COUNT, sum(file.stat().st_size for file in files) / PAGE_COUNT)))


def _read_all_seconds() -> float:
    """Return the processor time of this process and of its children, ended and alive."""
    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    alive = [process.cpu_times() for process in psutil.Process().children(recursive=True)]
    return sum(one.ru_utime + one.ru_stime for one in used) + sum(one.user + one.system for one in alive)


if __name__ == "__main__":
    _run_step(sys.argv[1], Path(sys.argv[2]))
