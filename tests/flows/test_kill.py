"""`kill -9` at any time loses nothing and duplicates nothing."""

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from benchmarks.ingest import prefect_server
from replica.server import Handle, running
from replica.site import Site
from schemas.settings import Settings
from tests.pipeline.killing import (
    FLOW_COMMAND,
    PLAIN_COMMAND,
    Facts,
    Trap,
    Victim,
    count_page_requests,
    find_breaches,
    make_victim,
    read_facts,
)

ARTICLES = 300
SITE = Site(ARTICLES, duplicate_share=0.05)

CONCURRENCY = 4

SOURCE_REQUESTS = 4 + len(SITE.sitemap_urls)
"""Requests before any page: robots.txt of two hosts, tdmrep.json of one, the sitemap index and the months."""


@pytest.fixture(scope="module")
def trap() -> Trap:
    return Trap()


@pytest.fixture(scope="module")
def server(trap: Trap) -> Iterator[Handle]:
    with running(SITE, thread=True, fault=trap) as handle:
        yield handle


@pytest.fixture(scope="module")
def undisturbed(server: Handle, tmp_path_factory: pytest.TempPathFactory) -> Facts:
    settings = make_settings(tmp_path_factory.mktemp("undisturbed"), server)
    report = make_victim(settings, PLAIN_COMMAND).run()
    assert report["problems"] == []
    return read_facts(settings)


def make_settings(folder: Path, server: Handle) -> Settings:
    given = {"data_dir": folder, "contact": "test@example.org", "delay_seconds": 0, "concurrency": CONCURRENCY}
    return Settings.model_validate(given | {"origins": dict(server.origins)})


def kill_again_and_again(
    victim: Victim, server: Handle, trap: Trap, kill_count: int, rng: random.Random, last: int | None = None
) -> Counter[str]:
    """Kill so many runs, look at what each leaves, and let the last one end. Which processes were killed how often.

    The kills go from a run's first request to its last (or to the given one): each may ask for a share of the pages.
    """
    before = count_page_requests(server, SITE)
    killed: Counter[str] = Counter()
    limit = ARTICLES // kill_count
    targets: tuple[Literal["crawl", "run"], ...] = ("crawl", "run")
    for number in range(kill_count):
        target = targets[number % len(targets)]
        request_count = rng.randint(1, last or SOURCE_REQUESTS + limit)
        killed[target] += victim.kill_at(trap, request_count, target, "--limit", str(limit))
        assert list(find_breaches(victim.settings)) == []
    for _ in range(2):  # a page that failed with its crawl is due again at once; the second run has nothing to do
        report = victim.run()
        assert report["problems"] == []
    page_count = sum(1 for article in SITE.articles if not article.head.is_archive)
    # Downloads in progress when a crawl was killed are repeated.
    assert count_page_requests(server, SITE) - before <= page_count + kill_count * CONCURRENCY
    return killed


def test_killed_runs_end_with_the_same_articles(tmp_path: Path, server: Handle, trap: Trap, undisturbed: Facts) -> None:
    victim = make_victim(make_settings(tmp_path, server), PLAIN_COMMAND)
    assert kill_again_and_again(victim, server, trap, 2, random.Random(1)) == {"crawl": 1, "run": 1}
    assert read_facts(victim.settings) == undisturbed


@pytest.mark.soak
@pytest.mark.parametrize("archive", ["one", "other"])
def test_many_killed_runs_end_with_the_same_articles(
    tmp_path: Path, server: Handle, trap: Trap, undisturbed: Facts, archive: str
) -> None:
    victim = make_victim(make_settings(tmp_path / archive, server), PLAIN_COMMAND)
    # pytest-randomly seeds `random`: other requests each time, and the same ones with the same `--randomly-seed`.
    kill_again_and_again(victim, server, trap, 25, random.Random(random.random()))
    assert read_facts(victim.settings) == undisturbed


@pytest.mark.soak
def test_killed_flow_runs_with_a_server_end_with_the_same_articles(
    tmp_path: Path, server: Handle, trap: Trap, undisturbed: Facts
) -> None:
    with prefect_server(tmp_path) as api_url:
        variables = {"PREFECT_API_URL": api_url, "PREFECT_HOME": str(tmp_path / "prefect")}
        victim = make_victim(make_settings(tmp_path / "data", server), FLOW_COMMAND, **variables)
        # A killed run keeps its slot for a minute, for which the next one waits: few of them.
        # Each of four makes more requests than a quarter of the pages, with its sources.
        killed = kill_again_and_again(victim, server, trap, 4, random.Random(random.random()), last=ARTICLES // 4)
    assert killed == {"crawl": 2, "run": 2}
    assert read_facts(victim.settings) == undisturbed
