"""A deployment under a project name of its own: started, asked, disturbed and removed by its own commands."""

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.server import find_port
from tests import waiting

ROOT = Path(__file__).parent.parent.parent
SERVICES = ("postgres", "prefect", "worker", "reader", "replica")
ENDED = frozenset({"COMPLETED", "FAILED", "CANCELLED", "CRASHED"})
UNDER_WAY = ("PENDING", "RUNNING")
SKIPPED = "Deployment concurrency limit reached."
"""Prefect's own word of a run whose deployment had another one under way."""
POLL_SECONDS = 0.5
RETRY_SECONDS = 5
END_SECONDS = 420
"""What takes longest is the lease of a run whose container was killed: five minutes."""
LOG_LINES = 25


def find_compose() -> list[str]:
    """The command of this machine: `docker compose`, or the older `docker-compose`."""
    newer = [find_program("docker"), "compose"]
    if subprocess.run([*newer, "version"], capture_output=True, check=False).returncode == 0:
        return newer
    return [find_program("docker-compose")]


def find_program(name: str) -> str:
    """Where it is; without it, there is nothing to test."""
    return shutil.which(name) or pytest.fail(f"{name} is not on this machine")


def wait_until(condition: Callable[[], object], poll_seconds: float = POLL_SECONDS) -> None:
    """Return as soon as the condition holds; containers take their time."""
    waiting.wait_until(condition, END_SECONDS, poll_seconds)


class Deployment:
    """The services of the profiles `demo` and `reader`, with volumes of their own."""

    def __init__(self, folder: Path) -> None:
        self._env_file = folder / "env"
        subprocess.run(["/bin/sh", "docker/make-env.sh", "demo", str(self._env_file)], cwd=ROOT, check=True)
        self._port, reader_port = find_port(0), find_port(0)
        with self._env_file.open("a") as file:
            # A slower crawl, so that it can be met in the middle; an image name of its own.
            file.write(f"PREFECT_PORT={self._port}\nBROADSHEET_DELAY_SECONDS=0.3\nIMAGE_TAG=test\n")
            file.write(f"COMPOSE_PROFILES=demo,reader\nREADER_PORT={reader_port}\n")
        settings = dict(line.split("=", 1) for line in self._env_file.read_text().splitlines() if "=" in line)
        # docker-compose 1.29 is a Python program: the tests' own path is none of its business.
        self._environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        self.project = f"broadsheet-test-{os.getpid()}"
        self._compose = [*find_compose(), "--project-name", self.project, "--env-file", str(self._env_file)]
        self.url = f"http://127.0.0.1:{self._port}/api"
        self.reader_url = f"http://127.0.0.1:{reader_port}"
        self.reader_password = settings["READER_PASSWORD"]
        self._client = httpx.Client(base_url=self.url, auth=("broadsheet", settings["PREFECT_PASSWORD"]), timeout=60)

    def compose(self, *arguments: str) -> str:
        """What a command of the compose file prints."""
        ended = self.run(*arguments)
        assert ended.returncode == 0, f"{arguments}: {ended.stdout[-2000:]}{ended.stderr[-4000:]}"
        return ended.stdout

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A command of the compose file, however it ends."""
        command = [*self._compose, *arguments]
        return subprocess.run(command, cwd=ROOT, env=self._environment, capture_output=True, text=True, check=False)

    def inspect(self, service: str) -> list[dict[str, Any]]:
        """What the engine knows of the service's containers, the ended ones too."""
        names = self.compose("ps", "--all", "--quiet", service).split()
        found: list[dict[str, Any]] = json.loads(self.docker("inspect", *names)) if names else []
        return found

    def docker(self, *arguments: str) -> str:
        """What a command of the engine prints."""
        command = [find_program("docker"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def is_healthy(self, worker_count: int = 1) -> bool:
        """Whether every service is up and well, and so many workers."""
        found = {service: [one["State"] for one in self.inspect(service)] for service in SERVICES}
        states = [state.get("Health", {}).get("Status") for each in found.values() for state in each]
        return len(found["worker"]) == worker_count and set(states) == {"healthy"}

    def query(self, sql: str) -> list[list[str]]:
        """The rows of a query of the archive's database."""
        command = ("psql", "--username=postgres", "--no-align", "--tuples-only", "--command", sql, "broadsheet")
        rows = self.compose("exec", "-T", "postgres", *command)
        return [row.split("|") for row in rows.splitlines()]

    def count_states(self) -> Counter[str]:
        """State -> URLs in the ledger."""
        return Counter(
            {state: int(count) for state, count in self.query("SELECT state, count(*) FROM entry GROUP BY 1")}
        )

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """An answer of Prefect's API."""
        answer = self._client.request(method, path, json=body)
        answer.raise_for_status()
        return answer.json()

    def start(self, name: str, **parameters: object) -> str:
        """Have a deployment run now: the run's id."""
        found = self.request("GET", f"/deployments/name/{name}")
        path = f"/deployments/{found['id']}/create_flow_run"
        run: str = self.request("POST", path, {"parameters": parameters, "state": {"type": "SCHEDULED"}})["id"]
        return run

    def read_state(self, run: str) -> dict[str, Any]:
        """The state that a run is in: its type, its message."""
        state: dict[str, Any] = self.request("GET", f"/flow_runs/{run}")["state"]
        return state

    def list_under_way(self) -> list[str]:
        """The runs that Prefect believes in, those of the schedules among them."""
        found = self.request("POST", "/flow_runs/filter", {"flow_runs": {"state": {"type": {"any_": UNDER_WAY}}}})
        return [run["id"] for run in found]

    def set_state(self, run: str, state: str) -> None:
        """As "Change state" on the run's page does."""
        self.request("POST", f"/flow_runs/{run}/set_state", {"state": {"type": state}, "force": True})

    def wait_for(self, *runs: str) -> list[dict[str, Any]]:
        """The final states of these runs."""
        wait_until(lambda: all(self.read_state(run)["type"] in ENDED for run in runs))
        return [self.read_state(run) for run in runs]

    def run_to_end(self, name: str) -> dict[str, Any]:
        """The final state of a run that begins now, or when the one has ended that the schedule started before it."""
        states: list[dict[str, Any]] = []

        def is_through() -> bool:
            states.extend(self.wait_for(self.start(name)))
            return bool(states[-1]["message"] != SKIPPED)

        wait_until(is_through, RETRY_SECONDS)  # each attempt is a run on Prefect's pages
        return states[-1]

    def pause_others(self, name: str) -> None:
        """Have the schedule start this deployment's runs alone; one that is started by hand runs all the same."""
        for one in self.request("POST", "/deployments/filter", {}):
            if one["name"] != name:
                self.request("POST", f"/deployments/{one['id']}/pause_deployment")

    def ask_replica(self, what: str = "requests") -> Counter[str]:
        """Path -> how often the replica was asked for it; `reset` counts from nothing again."""
        script = (
            f"import urllib.request as r; print(r.urlopen('http://127.0.0.1:8601/_replica/{what}').read().decode())"
        )
        return Counter(json.loads(self.compose("exec", "-T", "replica", "python", "-c", script)))

    def read_articles(self) -> dict[str, dict[str, Any]]:
        """Record id -> the record as `export` gives it."""
        command = ("broadsheet", "export", "--format", "jsonl", "--out", "-", "--include-duplicates")
        records = [json.loads(line) for line in self.compose("exec", "-T", "worker", *command).splitlines()]
        return {record["id"]: record for record in records}

    def tail(self) -> str:
        """The last lines that each service has said."""
        return self.run("logs", f"--tail={LOG_LINES}").stdout

    def remove(self) -> None:
        """Everything, its volumes too."""
        self.run("down", "--volumes", "--remove-orphans")
