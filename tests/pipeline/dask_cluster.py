"""A Dask cluster on loopback: a scheduler and workers, each a process that can be killed and started again."""

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.waiting import wait_until


class DaskCluster:
    """A scheduler, and workers with the settings of an archive in their environment."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._folder = folder
        self._environment = {**os.environ, **environment, "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "60s"}
        self._scheduler: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        """What `--on` takes."""
        return f"dask://127.0.0.1:{self._port}"

    def start_scheduler(self) -> None:
        """Start the scheduler, under the same address each time, and wait until it listens."""
        self._scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", str(self._port))
        wait_until(self._is_listening)

    def start_worker(self, **environment: str) -> None:
        """Start a worker of one thread, without a nanny: one process to be killed."""
        address = f"tcp://127.0.0.1:{self._port}"
        options = (
            "--nthreads",
            "1",
            "--no-nanny",
            "--host",
            "127.0.0.1",
            "--death-timeout",
            "120",
            "--local-directory",
            ".",
        )
        self.workers.append(self._start("worker", address, *options, **environment))

    def kill_scheduler(self) -> None:
        """End the scheduler as a power cut would."""
        assert self._scheduler
        self._scheduler.kill()
        self._scheduler.wait()

    def kill_worker(self) -> None:
        """End the oldest worker likewise."""
        worker = self.workers.pop(0)
        worker.kill()
        worker.wait()

    def close(self) -> None:
        """End all of it."""
        while self.workers:
            self.kill_worker()
        if self._scheduler:
            self.kill_scheduler()

    def _is_listening(self) -> bool:
        with socket.socket() as found:
            return found.connect_ex(("127.0.0.1", self._port)) == 0

    def _start(self, part: str, *arguments: str, **environment: str) -> "subprocess.Popen[bytes]":
        self._folder.mkdir(exist_ok=True)
        with (self._folder / f"{part}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{part}", *arguments, "--no-dashboard"],
                cwd=self._folder,
                env=self._environment | environment,
                stdout=log,
                stderr=log,
            )
