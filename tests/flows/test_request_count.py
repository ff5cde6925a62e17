"""How many requests a run sends to Prefect's server: as many for a large archive as for a small one, and few."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from prefect.settings import get_current_settings

from benchmarks.ingest import make_environment
from benchmarks.orchestration import counting
from replica.server import running
from replica.site import Site

pytestmark = pytest.mark.usefixtures("prefect")

SMALL_COUNT, LARGE_COUNT = 20, 600
"""Articles. The large run has several batches of all that is done in batches."""

MOST_REQUESTS = 50
"""For a run, whatever its size; for a month of a backfill likewise."""

TIMED = (
    "/concurrency_limits/leases/",  # every 45 s
    "/logs/",  # every 2 s, while something is logged
    "POST /api/flow_runs/filter",  # every 15 s: a backfill looks for runs that wait for it
    "PATCH /api/artifacts/",  # every 30 s: a backfill's progress
)
"""What is sent by time, of which a slow machine makes more."""

FLOWS = {
    "ingest": "from flows.ingest import run_ingest; run_ingest('moscow-times', 'sitemaps', None)",
    "reprocess": "from flows.reprocess import reprocess; reprocess(apply=True)",
    "backfill": (
        "from datetime import date; from flows.backfill import run_backfill;"
        " run_backfill('moscow-times', date(2024, 2, 1), date(2024, 2, 29), None)"
    ),
}


def count_requests(folder: Path, article_count: int, kinds: tuple[str, ...]) -> dict[str, Counter[str]]:
    """Run flows one after the other on the archive of a site of this size; return kind -> requests by path."""
    api_url = get_current_settings().api.url
    assert api_url
    folder.mkdir()
    found = {}
    with running(Site(article_count)) as server:
        for kind in kinds:
            with counting(api_url) as proxy:
                environment = os.environ | make_environment(folder, proxy.url, server.origins)
                subprocess.run([sys.executable, "-c", FLOWS[kind]], env=environment, check=True)
            found[kind] = proxy.requests
    return found


@pytest.mark.parametrize("kinds", [("ingest", "reprocess"), ("backfill",)])
def test_the_requests_of_a_run_are_few_and_do_not_grow_with_its_articles(
    tmp_path: Path, kinds: tuple[str, ...]
) -> None:
    small = count_requests(tmp_path / "small", SMALL_COUNT, kinds)
    large = count_requests(tmp_path / "large", LARGE_COUNT, kinds)
    for kind in kinds:
        untimed = [
            {path: number for path, number in one[kind].items() if not any(part in path for part in TIMED)}
            for one in (small, large)
        ]
        # A server's first run makes its concurrency limits.
        assert 0 < sum(untimed[1].values()) <= min(MOST_REQUESTS, sum(untimed[0].values())), (small, large)
