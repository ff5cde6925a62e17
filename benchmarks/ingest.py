"""Measures pages per second from the replica to the database, beside the same crawl that stores nothing."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.process import Measured, measure_command, sum_resident_bytes
from replica.server import running
from replica.site import Site

PAGE_COUNT = 2_000
CONCURRENCY = 16
"""Enough concurrent requests that neither side waits for loopback."""
SHARE_TARGET = 0.5
MEMORY_TARGET_MB = 400
SERVER_START_SECONDS = 180


def main() -> bool:
    """Measure and print; return whether the targets are met."""
    with TemporaryDirectory() as folder, running(Site(PAGE_COUNT)) as server, prefect_server(Path(folder)) as api_url:
        environment = make_environment(Path(folder), api_url, server.origins)
        bare_command = [sys.executable, "-m", "benchmarks.bare", json.dumps(server.origins), str(CONCURRENCY)]
        warm_up(bare_command, environment)
        bare = measure_command(bare_command, environment)
        ours = measure_command([sys.executable, "-m", "cli", "ingest", "--source", "sitemaps", "--json"], environment)
        again = measure_command(bare_command, environment)
    return render(ours, (bare, again))


def warm_up(command: list[str], environment: dict[str, str]) -> None:
    """Let the replica render and cache its pages, so that neither side pays for that."""
    measure_command(command, environment)


def render(ours: Measured, bare: tuple[Measured, Measured]) -> bool:
    """Print the figures; return whether they meet the targets."""
    report = json.loads(ours.output)
    pages = report["page_count"]
    bare_seconds = sum(one.seconds for one in bare) / len(bare)
    share = bare_seconds / ours.seconds
    peak_mb = ours.peak_bytes / 1e6
    print(f"pages                     {pages} ({report['outcomes'].get('stored', 0)} stored)")
    print(f"bare crawl                {bare_seconds:8.1f} s   {pages / bare_seconds:7.1f} pages/s")
    print(f"broadsheet ingest         {ours.seconds:8.1f} s   {pages / ours.seconds:7.1f} pages/s")
    print(f"share of the bare crawl   {share:8.2f}     target {SHARE_TARGET} or more")
    print(
        f"peak memory, all together {peak_mb:8.0f} MB  target under {MEMORY_TARGET_MB} MB (without the Prefect server)"
    )
    return share >= SHARE_TARGET and peak_mb < MEMORY_TARGET_MB


def make_environment(folder: Path, api_url: str, origins: dict[str, str]) -> dict[str, str]:
    """Return the settings of an ingest without politeness, for loopback."""
    return os.environ | {
        "BROADSHEET_DATA_DIR": str(folder / "data"),
        "BROADSHEET_ORIGINS": json.dumps(origins),
        "BROADSHEET_CONTACT": "benchmark@example.org",
        "BROADSHEET_DELAY_SECONDS": "0",
        "BROADSHEET_CONCURRENCY": str(CONCURRENCY),
        "PREFECT_API_URL": api_url,
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_HOME": str(folder / "prefect"),
    }


@contextmanager
def prefect_server(folder: Path) -> Iterator[str]:
    """Run a server as in a deployment, on a port of its own, started before anything is measured."""
    from flows.server import find_port  # loads Prefect, which others who import this module do without

    environment = os.environ | {"PREFECT_HOME": str(folder / "prefect"), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    port = str(find_port(0))
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", port]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        wait_for(f"http://127.0.0.1:{port}/api/health", process)
        print(f"Prefect server, idle      {sum_resident_bytes(process.pid) / 1e6:8.0f} MB")
        yield f"http://127.0.0.1:{port}/api"
    finally:
        process.terminate()
        process.wait()


def wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Wait until the URL of this process responds.

    Raises:
        TimeoutError: it did not, or the process has ended.
    """
    deadline = time.monotonic() + SERVER_START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - loopback
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise TimeoutError(f"{url} does not respond")
