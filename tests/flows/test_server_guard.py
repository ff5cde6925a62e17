"""Only someone who can read the data folder has access to a local Prefect server; a page in a browser has none."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from replica.server import running
from replica.site import Site
from tests.flows.test_schedule import END_SECONDS, SCHEDULED, write_definitions
from tests.waiting import wait_until

EVIL = "https://evil.example"
STEPS = {"pull_steps": [{"prefect.deployments.steps.run_shell_script": {"script": "touch owned"}}]}

pytestmark = pytest.mark.prefect

TEMPORARY = """
import httpx
from flows.environment import set_prefect_defaults
set_prefect_defaults()
from flows.server import prepare_temporary_server
from prefect.client.orchestration import get_client
prepare_temporary_server()
with get_client(sync_client=True) as client:
    url = str(client.api_url).rstrip("/")
    client.read_work_pools(limit=1)
    ask = lambda **headers: httpx.post(f"{url}/flows/filter", json={}, headers=headers)
    print(ask().status_code, ask(Host="evil.example").status_code, ask(Origin="https://evil.example").headers.get("access-control-allow-origin"))
"""


class Guarded:
    """A running schedule with a local server."""

    def __init__(self, url: str, auth_path: Path) -> None:
        self.url, self.auth_path = url, auth_path
        user, _, password = auth_path.read_text().strip().partition(":")
        self.owner = httpx.Client(base_url=url, auth=(user, password), timeout=END_SECONDS)
        self.stranger = httpx.Client(base_url=url, headers={"Origin": EVIL}, timeout=END_SECONDS)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    data_dir, log = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("log") / "log"
    file = write_definitions(tmp_path_factory.mktemp("definitions"))
    with running(Site(40, bad_pages=False)) as server, log.open("w") as err:
        settings = {
            "BROADSHEET_DATA_DIR": str(data_dir),
            "BROADSHEET_CONTACT": "test@example.org",
            "BROADSHEET_DELAY_SECONDS": "0",
            "BROADSHEET_ORIGINS": json.dumps(server.origins),
            "PREFECT_RUNNER_POLL_FREQUENCY": "1",
        }
        command = [sys.executable, "-m", "cli", "schedule", "--file", str(file)]
        with subprocess.Popen(command, env=make_environment() | settings, stderr=err) as process:
            try:
                wait_until(lambda: "scheduled; " in log.read_text() or process.poll() is not None)
                [url] = re.findall(r"UI is at (\S+)", log.read_text())
                found = Guarded(f"{url}/api", data_dir / "prefect" / "auth-string")
                wait_until(lambda: find_deployment(found).is_success)
                yield found
                found.owner.close()
                found.stranger.close()
            finally:
                process.send_signal(signal.SIGTERM)
        assert process.returncode == 143


def make_environment() -> dict[str, str]:
    """Return this process's environment without the other tests' server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}


def find_deployment(guarded: Guarded) -> httpx.Response:
    return guarded.owner.get(f"/deployments/name/ingest/{SCHEDULED}-latest")


def test_a_foreign_page_changes_no_deployment_and_starts_no_run(guarded: Guarded) -> None:
    found = find_deployment(guarded).json()
    address = f"/deployments/{found['id']}"
    answers = [
        guarded.stranger.patch(address, json=STEPS),
        guarded.stranger.post(f"{address}/create_flow_run", json={}),
        guarded.stranger.post(f"{address}/create_flow_run", content=b"{}", headers={"Content-Type": "text/plain"}),
    ]
    assert [one.status_code for one in answers] == [401, 401, 401]
    assert find_deployment(guarded).json()["pull_steps"] == found["pull_steps"]
    assert (
        guarded.owner.post("/flow_runs/count", json={"flow_runs": {"state": {"type": {"any_": ["RUNNING"]}}}}).json()
        == 0
    )


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_a_foreign_origin_is_rejected(guarded: Guarded, method: str) -> None:
    asked = {"Access-Control-Request-Method": "PATCH"} if method == "OPTIONS" else {}
    answer = guarded.stranger.request(method, "/health", headers=asked)
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/health", "/flows/filter", "/../", "/../ui-settings"])
def test_a_foreign_host_is_rejected_even_with_the_password(guarded: Guarded, path: str) -> None:
    assert guarded.owner.get(path, headers={"Host": "evil.example:4200"}).status_code == 400


def test_only_the_owner_can_read_the_password(guarded: Guarded) -> None:
    assert guarded.auth_path.stat().st_mode & 0o777 == 0o600
    assert guarded.auth_path.parent.stat().st_mode & 0o777 == 0o700


def test_a_run_of_the_schedule_has_the_password(guarded: Guarded) -> None:
    found = find_deployment(guarded).json()["id"]
    answers: list[httpx.Response] = []

    def create_run() -> bool:
        answers.append(guarded.owner.post(f"/deployments/{found}/create_flow_run", json={"parameters": {"limit": 1}}))
        return (
            answers[-1].status_code != httpx.codes.SERVICE_UNAVAILABLE
        )  # its database is busy: Prefect's client retries

    wait_until(create_run)
    assert answers[-1].is_success, answers[-1].text
    run = answers[-1].json()["id"]
    ends = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
    wait_until(lambda: guarded.owner.get(f"/flow_runs/{run}").json()["state_type"] in ends)
    assert guarded.owner.get(f"/flow_runs/{run}").json()["state_type"] == "COMPLETED"
    # Only the owner can read the server's database and what the run wrote.
    found = list(guarded.auth_path.parent.parent.rglob("*"))
    assert [path for path in found if path.stat().st_mode & 0o077 and not path.is_socket()] == []


def test_only_its_own_process_has_access_to_the_temporary_server(tmp_path: Path) -> None:
    environment = make_environment() | {"PREFECT_HOME": str(tmp_path / "prefect")}
    command = [sys.executable, "-c", TEMPORARY]
    ended = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=END_SECONDS * 2
    )
    assert ended.stdout == "401 400 None\n", ended.stderr
