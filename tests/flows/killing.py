"""Runs that are killed at random instants, and what must hold after each of them."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flows.archive import open_archive
from replica.server import Handle
from replica.site import Site
from schemas.settings import Settings
from storage.article import ArticleFilter, iterate_articles
from storage.database import DatabaseMissing
from storage.ledger import audit_ledger, count_advertised, count_states

PLAIN = """
from flows.harvest import harvest
from schemas.settings import load_settings
print(harvest(load_settings(), "moscow-times", "sitemaps").model_dump_json())
"""
"""The steps of a run, without Prefect."""

PLAIN_COMMAND = (sys.executable, "-c", PLAIN)
FLOW_COMMAND = (sys.executable, "-m", "cli", "ingest", "--source", "sitemaps", "--json")

END_SECONDS = 180
"""No undisturbed run takes a third of it."""

Facts = dict[str, tuple[object, ...]]
"""Record id -> what of an article no kill may change."""


@dataclass(frozen=True)
class Victim:
    """Runs of one archive, started again and again."""

    settings: Settings
    command: Sequence[str]
    environment: dict[str, str]

    def start(self) -> "subprocess.Popen[str]":
        """A run, in a process of its own."""
        return subprocess.Popen(
            self.command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def run(self) -> dict[str, object]:
        """A run to its end: its report."""
        with self.start() as process:
            output, _ = process.communicate(timeout=END_SECONDS)
        report: dict[str, object] = json.loads(output)
        return report

    def kill(self, rng: random.Random, seconds: tuple[float, float], target: str) -> str:
        """A run is killed at a random instant: its process (`run`), or its `crawl`'s if it has one. Which it was."""
        with self.start() as process:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=rng.uniform(*seconds))
            killed = [pid for pid in find_children(process.pid) if kill(pid)] if target == "crawl" else []
            if not killed:
                kill(process.pid)
            process.communicate(timeout=END_SECONDS)
        return "crawl" if killed else "run"


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
                yield f"{states} are not the {count_advertised(session)} advertised addresses"
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
