"""A real `broadsheet schedule`: due runs complete, overlapping ones are skipped, a crash is reported."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psutil
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate, WorkPoolCreate
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.deployment import DEFINITIONS, Deployment, read_definitions
from flows.schedule import PAGE_SIZE, deploy
from flows.server import ServerMissing, find_port, require_server
from pipeline.archive import open_archive
from replica.server import running
from replica.site import Site
from schemas.settings import Settings
from storage.articles.article import count_articles
from tests.pipeline.webhook import Webhook, receiving
from tests.waiting import wait_until

SCHEDULED = "scheduled"
"""Prefix of these deployments' names: another module's tests use those of the file."""

NEVER = "0 0 29 2 1"
"""A 29th of February that is a Monday, so that no schedule starts a run during a test."""


def write_definitions(folder: Path) -> Path:
    """Write the project's file with this module's names, and schedules that are never due."""
    text = DEFINITIONS.read_text()
    text = re.sub(r"^  - name: ", f"  - name: {SCHEDULED}-", text, flags=re.MULTILINE)
    text = re.sub(r'cron: ".*"', f'cron: "{NEVER}"', text)
    path = folder / "prefect.yaml"
    path.write_text(text)
    return path


SAME = (
    "id",
    "entrypoint",
    "parameters",
    "parameter_openapi_schema",
    "concurrency_options",
    "description",
    "tags",
    "path",
)
"""Attributes of a deployment that are the same for `schedule` and for `deploy`."""

END_SECONDS = 120
"""Ten times as long as any state takes to be reached."""

pytestmark = pytest.mark.usefixtures("prefect")


class Scheduled:
    """A running schedule."""

    def __init__(self, process: "subprocess.Popen[bytes]", data_dir: Path, webhook: Webhook, metrics_port: int) -> None:
        self.process, self.data_dir, self.webhook = process, data_dir, webhook
        self.metrics_url = f"http://127.0.0.1:{metrics_port}/metrics"

    def start(self, name: str, **parameters: object) -> UUID:
        """Start a run of a deployment, as its schedule does."""
        with get_client(sync_client=True) as client:
            deployment = client.read_deployment_by_name(name)
            return client.create_flow_run_from_deployment(deployment.id, parameters=parameters).id

    def wait_for_line(self, text: str) -> None:
        """Wait until a line of its log contains this text."""
        wait_until(lambda: text in (self.data_dir / "schedule.log").read_text())

    def kill_run(self) -> None:
        """Kill the process of the only active run."""
        [engine] = [
            child for child in psutil.Process(self.process.pid).children() if "prefect.engine" in child.cmdline()
        ]
        engine.kill()


def read_run(run_id: UUID) -> FlowRun:
    with get_client(sync_client=True) as client:
        return client.read_flow_run(run_id)


def is_in(run_id: UUID, *types: StateType) -> bool:
    return read_run(run_id).state_type in types


def read_deployments(definitions: Sequence[Deployment]) -> dict[str, dict[str, Any]]:
    """Map each name to the server's attributes of the deployment that do not depend on the server."""
    found = {}
    for name in [one.full_name for one in definitions]:
        answer = httpx.get(f"{PREFECT_API_URL.value()}/deployments/name/{name}")
        found[name] = answer.json() if answer.is_success else {}
    return found


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_definitions(tmp_path_factory.mktemp("definitions"))


@pytest.fixture(scope="module")
def definitions(file: Path) -> tuple[Deployment, ...]:
    return read_definitions(file)


@pytest.fixture(scope="module")
def scheduled(
    prefect: None,  # noqa: ARG001 - first
    file: Path,
    definitions: tuple[Deployment, ...],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Scheduled]:
    """Run a schedule of the replica in its own process, which must exit cleanly."""
    data_dir, metrics_port = tmp_path_factory.mktemp("scheduled"), find_port(0)
    command = [sys.executable, "-m", "cli", "schedule", "--file", str(file)]
    with running(Site(40, bad_pages=False)) as server, receiving() as webhook:
        environment = os.environ | {
            "BROADSHEET_DATA_DIR": str(data_dir),
            "BROADSHEET_CONTACT": "test@example.org",
            "BROADSHEET_DELAY_SECONDS": "0.3",
            "BROADSHEET_ORIGINS": json.dumps(server.origins),
            "BROADSHEET_METRICS_PORT": str(metrics_port),
            "BROADSHEET_NOTIFY_URL": webhook.url,
            "PREFECT_API_URL": str(PREFECT_API_URL.value()),
            "PREFECT_RUNNER_POLL_FREQUENCY": "1",
        }
        with subprocess.Popen(command, env=environment) as process:
            wait_until(lambda: all(read_deployments(definitions).values()))
            yield Scheduled(process, data_dir, webhook, metrics_port)
            process.send_signal(signal.SIGTERM)
            assert process.wait(END_SECONDS) == 128 + signal.SIGTERM
    free_slots()


def free_slots() -> None:
    """Free the slots that a killed run has left, for other tests with this server; they have their own data folders."""
    with get_client(sync_client=True) as client:
        for limit in client.read_global_concurrency_limits(limit=PAGE_SIZE):
            client.update_global_concurrency_limit(limit.name, GlobalConcurrencyLimitUpdate(active_slots=0))


def test_a_due_run_stores_articles_and_one_that_overlaps_it_is_skipped(scheduled: Scheduled) -> None:
    runs = [scheduled.start(f"ingest/{SCHEDULED}-latest", limit=2) for _ in range(2)]
    ends = (StateType.COMPLETED, StateType.CANCELLED, StateType.FAILED, StateType.CRASHED)
    wait_until(lambda: all(is_in(run, *ends) for run in runs))
    states = {run.state_type: run for run in map(read_run, runs)}
    assert states.keys() == {StateType.COMPLETED, StateType.CANCELLED}
    assert states[StateType.COMPLETED].name == "ingest moscow-times feeds"
    settings = Settings.model_validate({"data_dir": scheduled.data_dir})
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        assert count_articles(session).article_count == 2
    assert "broadsheet_articles 2.0" in httpx.get(scheduled.metrics_url).text.splitlines()
    scheduled.wait_for_line(f"ingest/{SCHEDULED}-latest completed: 2 stored")
    scheduled.wait_for_line(f"ingest/{SCHEDULED}-latest cancelled: ")
    assert scheduled.webhook.received.empty()


def test_a_run_whose_process_is_killed_is_reported(scheduled: Scheduled) -> None:
    run = scheduled.start(f"ingest/{SCHEDULED}-sweep")
    wait_until(lambda: is_in(run, StateType.RUNNING))
    scheduled.kill_run()
    wait_until(lambda: is_in(run, StateType.CRASHED))
    scheduled.wait_for_line(f"ingest/{SCHEDULED}-sweep crashed: ")
    told = scheduled.webhook.received.get(timeout=END_SECONDS)
    assert told["title"] == "broadsheet: ingest crashed"
    assert "SIGKILL" in told["message"] or "status code: -9" in told["message"]
    assert scheduled.webhook.received.empty()


def test_the_next_run_of_a_deployment_is_reported(scheduled: Scheduled) -> None:
    name = f"refresh/{SCHEDULED}-hourly"
    with get_client(sync_client=True) as client:
        assert count_scheduled(str(client.read_deployment_by_name(name).id))
    scheduled.wait_for_line(f"{name}: next run at 20")


@pytest.mark.usefixtures("scheduled")
def test_deploy_registers_the_same_as_schedule_once_and_the_server_schedules_runs(
    definitions: tuple[Deployment, ...],
) -> None:
    first = read_deployments(definitions)
    assert list(deploy(definitions).deployments) == [one.full_name for one in definitions]
    again = read_deployments(definitions)
    for one in definitions:
        found, before = again[one.full_name], first[one.full_name]
        assert {name: found[name] for name in SAME} == {name: before[name] for name in SAME}
        assert (found["entrypoint"], found["parameters"]) == (one.entrypoint, one.parameters)
        assert found["work_pool_name"] == one.work_pool.name
        assert found["pull_steps"] in (None, [])
        crons = [(each["schedule"]["cron"], each["schedule"]["timezone"]) for each in found["schedules"]]
        assert crons == [(each.cron, each.timezone) for each in one.schedules]
        assert found["global_concurrency_limit"]["limit"] == one.concurrency_limit.limit
        assert found["concurrency_options"]["collision_strategy"] == one.concurrency_limit.collision_strategy.value
    assert count_scheduled(again[f"ingest/{SCHEDULED}-latest"]["id"]) >= 3


def test_deployments_no_longer_in_the_file_are_removed_and_foreign_ones_are_not(
    definitions: tuple[Deployment, ...],
) -> None:
    deploy(definitions)
    with get_client(sync_client=True) as client:
        client.create_work_pool(WorkPoolCreate(name="others", type="process"))
        flow_id = client.create_flow_from_name("ingest")
        for name, pool in (("former", definitions[0].work_pool.name), ("anothers", "others")):
            client.create_deployment(flow_id, name, work_pool_name=pool, entrypoint="flows.ingest.ingest")
        assert deploy(definitions).removed == ("ingest/former",)
        assert deploy(definitions).removed == ()
        assert client.read_deployment_by_name("ingest/anothers")
    assert all(read_deployments(definitions).values())


def test_a_second_schedule_of_a_data_folder_is_refused(scheduled: Scheduled) -> None:
    command = [sys.executable, "-m", "cli", "schedule"]
    environment = os.environ | {
        "BROADSHEET_DATA_DIR": str(scheduled.data_dir),
        "BROADSHEET_CONTACT": "test@example.org",
    }
    second = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=END_SECONDS)
    assert (second.returncode, second.stderr.count("\n")) == (1, 1)
    assert "is already running in" in second.stderr


def test_a_server_other_than_prefects_is_reported_by_url() -> None:
    with (
        receiving() as webhook,
        temporary_settings(updates={PREFECT_API_URL: webhook.url.replace("json", "http", 1)}),
        pytest.raises(ServerMissing, match="its URL should end in /api"),
    ):
        require_server()


def test_an_unreachable_server_is_reported_by_url() -> None:
    nobody = "http://127.0.0.1:1/api"
    with (
        temporary_settings(updates={PREFECT_API_URL: nobody}),
        pytest.raises(ServerMissing, match=f"the Prefect server at {nobody} does not respond"),
    ):
        require_server()


def count_scheduled(deployment_id: str) -> int:
    """Have the server schedule runs, which its own service does every minute, and count them."""
    url = PREFECT_API_URL.value()
    assert httpx.post(f"{url}/deployments/{deployment_id}/resume_deployment").is_success
    assert httpx.post(f"{url}/deployments/{deployment_id}/schedule", json={"min_runs": 3}).is_success
    states = {"state": {"name": {"any_": ["Scheduled"]}}}
    wanted = {"deployments": {"id": {"any_": [deployment_id]}}, "flow_runs": states}
    count: int = httpx.post(f"{url}/flow_runs/count", json=wanted).json()
    return count
