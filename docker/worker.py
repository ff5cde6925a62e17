"""Run a worker's command, and end it in good order: first its runs, which store what they have and say so.

Prefect's own, told to stop, leaves them to be killed: their slots stay taken, and it shows them as running for ever.
Beside it, `/metrics` is served.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

RUN = b"prefect.engine"
"""In the command of each run's process."""

STOP_SECONDS = 20
"""For the runs: what is on the wire when they are told mostly comes in seconds. Docker kills all of it after 30."""

LOOK_SECONDS = 0.2

METRICS = ("broadsheet", "metrics", "--serve")
METRICS_PORT = "BROADSHEET_METRICS_PORT"


class Told(Exception):  # noqa: N818 - it states a fact
    """Docker wants this container to stop."""


def raise_told(_signal: int, _frame: object) -> None:
    """Once; what Docker does next cannot be handled."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Told


def main() -> int:
    """Run the command of the arguments: its exit status."""
    signal.signal(signal.SIGTERM, raise_told)
    with serving_metrics(), subprocess.Popen(sys.argv[1:]) as worker:  # noqa: S603 - the compose file's own
        try:
            return worker.wait()
        except Told:
            end_runs(worker.pid)
            worker.terminate()
            return worker.wait()


@contextmanager
def serving_metrics() -> Iterator[None]:
    """Within the block, serve the metrics if a port is set, in another process: no scrape can harm the runs."""
    if os.environ.get(METRICS_PORT, "0") in {"", "0"}:
        yield
        return
    with subprocess.Popen(METRICS) as server:  # noqa: S603 - our own
        try:
            yield
        finally:
            server.terminate()


def end_runs(worker: int) -> None:
    """Tell each run of the worker to end, also those that it starts meanwhile, and wait until all of them have."""
    told: set[int] = set()
    deadline = time.monotonic() + STOP_SECONDS
    while (runs := set(list_runs(worker))) and time.monotonic() < deadline:
        for run in runs - told:
            with suppress(ProcessLookupError):
                os.kill(run, signal.SIGTERM)
        told |= runs
        time.sleep(LOOK_SECONDS)


def list_runs(worker: int) -> Iterator[int]:
    """The processes of the worker's runs."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # one that has just ended
            # The name in parentheses may hold spaces; after it come the state and the parent.
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == worker and RUN in (folder / "cmdline").read_bytes():
                yield int(folder.name)


if __name__ == "__main__":
    sys.exit(main())
