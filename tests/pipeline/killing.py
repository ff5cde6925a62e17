"""Kills runs at the n-th request that the replica sees, and checks what must hold after each kill."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.archive import open_archive
from replica.handler import Asked
from replica.server import Handle
from replica.site import Site
from schemas.settings import Settings
from storage.articles.selection import ArticleFilter, iterate_articles
from storage.engine import DatabaseMissing
from storage.ledger.frontier import audit_ledger, count_advertised, count_states
from tests.pipeline.asking import is_page
from tests.waiting import wait_until

PLAIN = """
import sys
from pipeline.ingest import ingest_once
from schemas.settings import load_settings
limit = int(sys.argv[2]) if sys.argv[1:] else None
print(ingest_once(load_settings(), "moscow-times", "sitemaps", limit).model_dump_json())
"""
"""The steps of a run, without Prefect; `--limit N` as in the command."""

PLAIN_COMMAND = (sys.executable, "-c", PLAIN)
FLOW_COMMAND = (sys.executable, "-m", "cli", "ingest", "--source", "sitemaps", "--json")

END_SECONDS = 300
"""An undisturbed run takes less than a sixth of it; one that waits for a killed run's slot, two minutes more."""


class Trap:
    """Holds the n-th request until a process has been killed; a fault of a replica in this process."""

    def __init__(self, *, counts_pages_alone: bool = False) -> None:
        self._counts_pages_alone = counts_pages_alone
        self._lock = threading.Lock()
        self._left = 0
        self._released = threading.Event()
        self.is_sprung = threading.Event()

    def arm(self, request_count: int) -> None:
        """Hold the request of this number, 1 being the next one."""
        self.is_sprung.clear()
        self._released.clear()
        with self._lock:
            self._left = request_count

    def release(self) -> None:
        """Let the held request go on, and hold no more."""
        with self._lock:
            self._left = 0
        self._released.set()

    def __call__(self, asked: Asked) -> None:
        """Count a request; if it is the one to hold, wait here."""
        if self._counts_pages_alone and not is_page(asked.path):
            return
        with self._lock:
            self._left -= 1
            is_the_one = self._left == 0
        if is_the_one:
            self.is_sprung.set()
            self._released.wait(END_SECONDS)


Facts = dict[str, tuple[object, ...]]
"""Record id -> the facts of an article that no kill may change."""


@dataclass(frozen=True)
class Victim:
    """Runs of one archive that are started again and again."""

    settings: Settings
    command: Sequence[str]
    environment: dict[str, str]

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a run in a child process; what it writes to stderr is in a file beside its data folder."""
        with self.log_path.open("w") as log:
            return subprocess.Popen(
                [*self.command, *arguments], env=self.environment, stdout=subprocess.PIPE, stderr=log, text=True
            )

    @property
    def log_path(self) -> Path:
        """What the last run wrote to stderr."""
        return self.settings.data_dir.with_suffix(".log")

    def run(self) -> dict[str, object]:
        """Run to the end and return the report."""
        with self.start() as process:
            output, _ = process.communicate(timeout=END_SECONDS)
        report: dict[str, object] = json.loads(output)
        return report

    def kill_at(self, trap: Trap, request_count: int, target: Literal["run", "crawl"], *arguments: str) -> bool:
        """Kill a run's process, or its crawl's, at its n-th request; return whether it got that far."""
        trap.arm(request_count)
        with self.start(*arguments) as process:
            try:
                wait_until(lambda: trap.is_sprung.is_set() or process.poll() is not None, END_SECONDS)
            except AssertionError as error:
                process.send_signal(signal.SIGABRT)  # faulthandler writes where every thread stands
                process.wait()
                raise AssertionError(f"{error}; the run wrote:\n{self.log_path.read_text()}") from None
            if trap.is_sprung.is_set():
                for pid in [process.pid] if target == "run" else find_children(process.pid):
                    kill(pid)
            trap.release()
            process.communicate(timeout=END_SECONDS)
        return trap.is_sprung.is_set()


def make_victim(settings: Settings, command: Sequence[str], **variables: str) -> Victim:
    """Return the runs of these settings by a command."""
    given = {
        "BROADSHEET_DATA_DIR": str(settings.data_dir),
        "BROADSHEET_ORIGINS": json.dumps(settings.origins),
        "BROADSHEET_CONTACT": settings.contact,
        "BROADSHEET_DELAY_SECONDS": str(settings.delay_seconds),
        "BROADSHEET_CONCURRENCY": str(settings.concurrency),
        "PYTHONFAULTHANDLER": "1",
    }
    return Victim(settings, command, os.environ | given | variables)


def kill(pid: int) -> bool:
    """Kill the process; return whether it still existed."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def find_children(pid: int) -> list[int]:
    """Return the crawls that a process has started."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in path.read_text().split()]
            found += [child for child in children if b"spiders" in Path(f"/proc/{child}/cmdline").read_bytes()]
        except OSError:
            continue  # it has just ended
    return found


def find_breaches(settings: Settings) -> Iterator[str]:
    """Yield what is inconsistent in an archive, whatever just happened to it."""
    try:
        with open_archive(settings, writable=False) as archive, archive.database.read() as session:
            yield from audit_ledger(session)
            states = count_states(session)
            if sum(states.values()) != count_advertised(session):
                yield f"{states} are not the {count_advertised(session)} advertised URLs"
    except DatabaseMissing:
        return


def read_facts(settings: Settings) -> Facts:
    """Return the articles, with everything that two runs must agree on."""
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        articles = list(iterate_articles(session, ArticleFilter(include_duplicates=True)))
    assert len({one.id for one in articles}) == len(articles)
    return {
        one.id: (one.headline, one.body, one.authors, one.published_at, one.url, one.revision, one.content_sha256)
        for one in articles
    }


def count_page_requests(server: Handle, site: Site) -> int:
    """Return how often article pages were requested."""
    pages = {article.path for article in site.articles}
    return sum(count for path, count in server.requests.items() if path in pages)


def find_crawls() -> list[int]:
    """Return this process's running crawls; one that has only just forked is still a copy of this process."""
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text()
    return [pid for pid in map(int, children.split()) if b"spiders" in Path(f"/proc/{pid}/cmdline").read_bytes()]
