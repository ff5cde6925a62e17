"""A Dask cluster on loopback: a scheduler and workers, each a process that can be killed and started again."""

import os
import random
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from pipeline.archive import open_archive
from schemas.settings import Settings
from storage.schema.tables import Base
from tests.waiting import wait_until

OF_A_RUN = {"run", "lease"}
"""Tables of what a run is, not of what it found."""

OF_A_MOMENT = {"run_id", "revised_at", "created_at", "resolved_at"}
"""Columns that name the run, and when it stored a row: all that is compared is whether they are empty."""


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

    def start_scheduler(self, **environment: str) -> None:
        """Start the scheduler, under the same address each time, and wait until it listens."""
        self._scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", str(self._port), **environment)
        wait_until(self._is_listening)

    def start_worker(self, thread_count: int = 1, **environment: str) -> None:
        """Start a worker, without a nanny: one process to be killed."""
        address = f"tcp://127.0.0.1:{self._port}"
        options = (
            "--nthreads",
            str(thread_count),
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

    @contextmanager
    def being_killed(self, kill_count: int, seconds: tuple[float, float] = (0.5, 4)) -> Iterator[list[str]]:
        """Within the block, kill and replace now a worker, now the scheduler, at random times; yield what was killed.

        At the end of the block, end all of it.
        """
        has_ended, killed = threading.Event(), list[str]()
        killer = threading.Thread(target=self._kill_some, args=(kill_count, seconds, has_ended, killed))
        killer.start()
        try:
            yield killed
        finally:
            has_ended.set()
            killer.join()
            self.close()

    def _kill_some(
        self, kill_count: int, seconds: tuple[float, float], has_ended: threading.Event, killed: list[str]
    ) -> None:
        chance = random.Random(7)
        for number in range(kill_count):
            if has_ended.wait(chance.uniform(*seconds)):
                return
            if number % 3 == 1:
                self.kill_scheduler()
                self.start_scheduler()
                replaced_count = len(self.workers)  # they end with their scheduler: what watches them starts others
            else:
                replaced_count = 1
            for _ in range(replaced_count):
                self.kill_worker()
                self.start_worker()
            killed.append("scheduler" if number % 3 == 1 else "worker")

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


def dump(settings: Settings) -> dict[str, Any]:
    """Return the rows of every table, but the runs' own, without run and moment."""
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        tables = [table for table in Base.metadata.sorted_tables if table.name not in OF_A_RUN]
        return {
            table.name: [
                {name: value is None if name in OF_A_MOMENT else value for name, value in row.items()}
                for row in session.execute(select(table).order_by(*table.primary_key)).mappings()
            ]
            for table in tables
        }
