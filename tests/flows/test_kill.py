"""`kill -9` at any instant loses nothing, and nothing is there twice."""

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.ingest import prefect_server
from replica.server import Handle, running
from replica.site import Site
from schemas.settings import Settings
from tests.flows.killing import (
    FLOW_COMMAND,
    PLAIN_COMMAND,
    Facts,
    Victim,
    count_page_requests,
    find_breaches,
    make_victim,
    read_facts,
)

ARTICLES = 300
SITE = Site(ARTICLES, duplicate_share=0.05)

CONCURRENCY = 4

PROGRESS_SECONDS = 1.2
"""So much of a killed run is crawling, about: what comes before is its start. The delay is chosen so that the kills
spread over the whole crawl."""


@pytest.fixture(scope="module")
def server() -> Iterator[Handle]:
    with running(SITE) as handle:
        yield handle


@pytest.fixture(scope="module")
def undisturbed(server: Handle, tmp_path_factory: pytest.TempPathFactory) -> Facts:
    settings = make_settings(tmp_path_factory.mktemp("undisturbed"), server, 0)
    report = make_victim(settings, PLAIN_COMMAND).run()
    assert report["problems"] == []
    return read_facts(settings)


def make_settings(folder: Path, server: Handle, kill_count: int) -> Settings:
    delay = kill_count * PROGRESS_SECONDS / ARTICLES
    given = {"data_dir": folder, "contact": "test@example.org", "delay_seconds": delay, "concurrency": CONCURRENCY}
    return Settings.model_validate(given | {"origins": dict(server.origins)})


def kill_again_and_again(
    victim: Victim, server: Handle, kill_count: int, seconds: tuple[float, float], rng: random.Random
) -> Counter[str]:
    """Kill so many runs, look at what each leaves, and let the last one end. Which processes were killed how often."""
    before = count_page_requests(server, SITE)
    killed: Counter[str] = Counter()
    for _ in range(kill_count):
        # The rarer one: a crawl that has not begun, or has ended, cannot be hit.
        killed[victim.kill(rng, seconds, "crawl" if killed["crawl"] <= killed["run"] else "run")] += 1
        assert list(find_breaches(victim.settings)) == []
    for _ in range(2):  # a page that failed with its crawl is due again at once; the second run finds nothing to do
        report = victim.run()
        assert report["problems"] == []
    page_count = sum(1 for article in SITE.articles if not article.head.is_archive)
    # What was on the wire when a crawl was killed is asked for again.
    assert count_page_requests(server, SITE) - before <= page_count + kill_count * CONCURRENCY
    return killed


def test_runs_that_are_killed_end_with_the_same_articles(tmp_path: Path, server: Handle, undisturbed: Facts) -> None:
    victim = make_victim(make_settings(tmp_path, server, 5), PLAIN_COMMAND)
    kill_again_and_again(victim, server, 5, (0.5, 3.5), random.Random(1))
    assert read_facts(victim.settings) == undisturbed


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(4))
def test_many_runs_that_are_killed_end_with_the_same_articles(
    tmp_path: Path, server: Handle, undisturbed: Facts, seed: int
) -> None:
    victim = make_victim(make_settings(tmp_path, server, 25), PLAIN_COMMAND)
    kill_again_and_again(victim, server, 25, (0.3, 4), random.Random(seed))
    assert read_facts(victim.settings) == undisturbed


@pytest.mark.soak
def test_flow_runs_against_a_server_that_are_killed_end_with_the_same_articles(
    tmp_path: Path, server: Handle, undisturbed: Facts
) -> None:
    with prefect_server(tmp_path) as api_url:
        variables = {"PREFECT_API_URL": api_url, "PREFECT_HOME": str(tmp_path / "prefect")}
        victim = make_victim(make_settings(tmp_path / "data", server, 26), FLOW_COMMAND, **variables)
        killed = kill_again_and_again(victim, server, 26, (2.5, 8), random.Random(7))
    assert killed["run"] >= 10
    assert killed["crawl"] >= 10
    assert read_facts(victim.settings) == undisturbed
