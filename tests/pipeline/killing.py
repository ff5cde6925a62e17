"""Runs that are killed at the n-th request that the replica sees, and what must hold after each of them."""

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
from storage.articles.article import ArticleFilter, iterate_articles
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
"""The steps of a run, without Prefect; `--limit N` as the command has it."""

PLAIN_COMMAND = (sys.executable, "-c", PLAIN)
FLOW_COMMAND = (sys.executable, "-m", "cli", "ingest", "--source", "sitemaps", "--json")

END_SECONDS = 180
"""No undisturbed run takes a third of it."""


class Trap:
    """Holds the n-th request until a process has been killed meanwhile. A fault of a replica in this process."""

    def __init__(self, *, counts_pages_alone: bool = False) -> None:
        self._counts_pages_alone = counts_pages_alone
        self._lock = threading.Lock()
        self._left = 0
        self._released = threading.Event()
        self.is_sprung = threading.Event()

    def arm(self, request_count: int) -> None:
        """Hold the request of this number from now on, 1 for the next one."""
        self.is_sprung.clear()
        self._released.clear()
        with self._lock:
            self._left = request_count

    def release(self) -> None:
        """Let the request that is held go on, and hold none any more."""
        with self._lock:
            self._left = 0
        self._released.set()

    def __call__(self, asked: Asked) -> None:
        """Count a request; the one that is to be held waits here."""
        if self._counts_pages_alone and not is_page(asked.path):
            return
        with self._lock:
            self._left -= 1
            is_the_one = self._left == 0
        if is_the_one:
            self.is_sprung.set()
            self._released.wait(END_SECONDS)


Facts = dict[str, tuple[object, ...]]
"""Record id -> what of an article no kill may change."""


@dataclass(frozen=True)
class Victim:
    """Runs of one archive, started again and again."""

    settings: Settings
    command: Sequence[str]
    environment: dict[str, str]

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """A run, in a process of its own."""
        return subprocess.Popen(
            [*self.command, *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def run(self) -> dict[str, object]:
        """A run to its end: its report."""
        with self.start() as process:
            output, _ = process.communicate(timeout=END_SECONDS)
        report: dict[str, object] = json.loads(output)
        return report

    def kill_at(self, trap: Trap, request_count: int, target: Literal["run", "crawl"], *arguments: str) -> bool:
        """A run whose process, or whose crawl's, is killed at its n-th request. Whether it came so far."""
        trap.arm(request_count)
        with self.start(*arguments) as process:
            wait_until(lambda: trap.is_sprung.is_set() or process.poll() is not None, END_SECONDS)
            if trap.is_sprung.is_set():
                for pid in [process.pid] if target == "run" else find_children(process.pid):
                    kill(pid)
            trap.release()
            process.communicate(timeout=END_SECONDS)
        return trap.is_sprung.is_set()


def make_victim(settings: Settings, command: Sequence[str], **variables: str) -> Victim:
    """The runs of these settings, by a command."""
    given = {
        "BROADSHEET_DATA_DIR": str(settings.data_dir),
        "BROADSHEET_ORIGINS": json.dumps(settings.origins),
        "BROADSHEET_CONTACT": settings.contact,
        "BROADSHEET_DELAY_SECONDS": str(settings.delay_seconds),
        "BROADSHEET_CONCURRENCY": str(settings.concurrency),
    }
    return Victim(settings, command, os.environ | given | variables)


def kill(pid: int) -> bool:
    """Whether the process was still there to be killed."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def find_children(pid: int) -> list[int]:
    """The crawls that a process has started."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in path.read_text().split()]
            found += [child for child in children if b"spiders" in Path(f"/proc/{child}/cmdline").read_bytes()]
        except OSError:
            continue  # it has just ended
    return found


def find_breaches(settings: Settings) -> Iterator[str]:
    """What does not add up in an archive, whatever just happened to it."""
    try:
        with open_archive(settings, writable=False) as archive, archive.database.read() as session:
            yield from audit_ledger(session)
            states = count_states(session)
            if sum(states.values()) != count_advertised(session):
                yield f"{states} are not the {count_advertised(session)} advertised URLs"
    except DatabaseMissing:
        return


def read_facts(settings: Settings) -> Facts:
    """The articles, with all that two runs must agree on."""
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        articles = list(iterate_articles(session, ArticleFilter(include_duplicates=True)))
    assert len({one.id for one in articles}) == len(articles)
    return {
        one.id: (one.headline, one.body, one.authors, one.published_at, one.url, one.revision, one.content_sha256)
        for one in articles
    }


def count_page_requests(server: Handle, site: Site) -> int:
    """How often article pages were asked for."""
    pages = {article.path for article in site.articles}
    return sum(count for path, count in server.requests.items() if path in pages)


def find_crawls() -> list[int]:
    """The crawls of this process that run already: one that was just started is still a copy of this process."""
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text()
    return [pid for pid in map(int, children.split()) if b"spiders" in Path(f"/proc/{pid}/cmdline").read_bytes()]
