"""An ingest run under Prefect: a temporary server, steps as tasks, the report as an artifact, the run's state."""

import json
import logging
import os
import signal
import threading
from operator import attrgetter
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey, FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import StateType, TaskRun
from prefect.flow_engine import run_flow
from prefect.logging.loggers import flow_run_logger

from flows.final_state import RunHasProblems, RunTimedOut, read_report
from flows.ingest import ingest, run_ingest
from pipeline.archive import open_archive
from replica.server import running
from replica.site import Site
from schemas.report import RunReport
from schemas.settings import Settings
from storage.engine import DatabaseUnreachable
from storage.runs.run import list_runs
from storage.schema.tables import RunStatus
from tests.pipeline.killing import Trap, find_crawls
from tests.waiting import wait_until

RUN_LOG = "prefect.flow_runs"

pytestmark = pytest.mark.usefixtures("prefect")


@pytest.fixture
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Put the settings into the environment, where flows read them."""
    monkeypatch.setenv("BROADSHEET_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("BROADSHEET_CONTACT", settings.contact)
    monkeypatch.setenv("BROADSHEET_DELAY_SECONDS", "0")
    monkeypatch.setenv("BROADSHEET_ORIGINS", json.dumps(settings.origins))
    return settings


def read_last_run(settings: Settings) -> RunReport:
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        report = list_runs(session)[0].report
    assert report
    return report


def test_a_flow_run_stores_the_articles_and_completes(environment: Settings, site: Site) -> None:
    state = ingest("moscow-times", "all", return_state=True)
    assert state.type is StateType.COMPLETED
    report = read_last_run(environment)
    assert report.outcomes["stored"] + report.outcomes["duplicate"] == len(site.articles)
    assert report.problems == ()


def list_tasks(flow_run_id: UUID) -> list[TaskRun]:
    """Return the finished tasks of a run, in order."""
    wanted = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run_id]))
    with get_client(sync_client=True) as client:
        found = client.read_task_runs(flow_run_filter=wanted)
    return sorted((one for one in found if one.end_time), key=attrgetter("expected_start_time"))


@pytest.mark.usefixtures("environment")
def test_the_graph_of_a_run_has_only_its_steps_and_no_results_are_persisted() -> None:
    state = ingest("moscow-times", "all", return_state=True)
    flow_run_id = state.state_details.flow_run_id
    assert flow_run_id
    # Tasks are reported by events, so the server has them a moment later.
    wait_until(lambda: len(list_tasks(flow_run_id)) == 5)
    tasks = list_tasks(flow_run_id)
    assert [one.name.rsplit("-", 1)[0] for one in tasks] == ["load", "discover", "fetch", "report", "store-report"]
    assert {one.state_type for one in tasks} == {StateType.COMPLETED}
    assert [one.state.data.storage_key for one in tasks if one.state and hasattr(one.state.data, "storage_key")] == []


@pytest.mark.usefixtures("environment")
def test_a_failing_step_is_a_failed_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.ingest.fetch_due", lambda *_: json.loads("defect"))
    state = ingest("moscow-times", "feeds", 0, return_state=True)
    assert state.type is StateType.FAILED
    flow_run_id = state.state_details.flow_run_id
    assert flow_run_id
    wait_until(lambda: len(list_tasks(flow_run_id)) == 3)
    failed = [one.name for one in list_tasks(flow_run_id) if one.state_type is StateType.FAILED]
    assert [name.rsplit("-", 1)[0] for name in failed] == ["fetch"]


def test_a_run_that_times_out_ends_its_crawl_and_releases_everything(
    environment: Settings, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = Trap(counts_pages_alone=True)
    trap.arm(2)

    def ring() -> None:
        assert trap.is_sprung.wait(60)
        os.kill(os.getpid(), signal.SIGALRM)  # as Prefect does at the timeout

    with running(site, thread=True, fault=trap) as server:
        monkeypatch.setenv("BROADSHEET_ORIGINS", json.dumps(server.origins))
        clock = threading.Thread(target=ring)
        clock.start()
        state = ingest("moscow-times", "all", return_state=True)
        clock.join()
        trap.release()
    assert (state.type, state.name) == (StateType.FAILED, "TimedOut")
    with pytest.raises(RunTimedOut, match="exceeded timeout"):
        read_report(state, RunReport)
    assert find_crawls() == []
    with get_client(sync_client=True) as client:
        assert client.read_global_concurrency_limit_by_name("crawl-moscow-times").active_slots == 0
    with open_archive(environment, writable=True) as archive, archive.database.read() as session:
        # A finished run has no lease.
        assert [run.status for run in list_runs(session)] == [RunStatus.INTERRUPTED]


def test_the_report_is_a_readable_artifact(environment: Settings) -> None:
    report = run_ingest("moscow-times", "feeds", 2)
    with get_client(sync_client=True) as client:
        wanted = ArtifactFilter(key=ArtifactFilterKey(any_=["ingest-moscow-times"]))
        texts = [str(artifact.data) for artifact in client.read_artifacts(artifact_filter=wanted)]
    (text,) = [text for text in texts if report.run_id in text]
    assert f"| stored | {report.outcomes['stored']} | new articles |" in text
    assert read_last_run(environment) == report


def test_a_run_with_problems_fails_and_names_them(environment: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROADSHEET_FLOORS", '{"completeness": 1.0}')
    state = ingest("moscow-times", "feeds", 1, return_state=True)
    assert state.type is StateType.FAILED
    assert state.message
    assert "completeness" in state.message
    assert read_last_run(environment).problems


def run_as_a_worker_does(
    caplog: pytest.LogCaptureFixture, failure: type[Exception]
) -> tuple[list[logging.LogRecord], bool]:
    """Run the flow as a worker does; return the log of the failing run, and whether it has a debug traceback."""
    caplog.clear()
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(ingest, parameters={"source": "feeds", "limit": 1})
    logger: Any = flow_run_logger(run, ingest)  # an adapter, which `run_flow` does not declare
    with caplog.at_level(logging.DEBUG, RUN_LOG), pytest.raises(failure):
        run_flow(ingest, run, error_logger=logger)
    records = [one for one in caplog.records if one.name == RUN_LOG]
    shown = [one for one in records if one.levelno > logging.DEBUG]
    return shown, any(one.exc_info for one in records if one.levelno == logging.DEBUG)


@pytest.mark.usefixtures("environment")
def test_an_expected_failure_logs_no_traceback(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("BROADSHEET_FLOORS", '{"completeness": 1.0}')
        below = run_as_a_worker_does(caplog, RunHasProblems)
        patched.setenv("BROADSHEET_DATABASE_URL", "postgresql://joe:hunter2@127.0.0.1:1/name")
        lost = run_as_a_worker_does(caplog, DatabaseUnreachable)
        assert "hunter2" not in caplog.text
    for (records, has_traceback), says in ((below, "completeness"), (lost, "DatabaseUnreachable")):
        assert has_traceback
        assert not any(one.exc_info for one in records)
        said = [one.getMessage() for one in records]
        assert any(("Failed('" in one and says in one) or f"execution: {says}" in one for one in said), said
        assert not any("unexpected" in one for one in said)
    monkeypatch.setattr("flows.ingest.ingest_once", lambda *_, **__: json.loads("defect"))
    records, _ = run_as_a_worker_does(caplog, json.JSONDecodeError)
    assert [bool(one.exc_info) for one in records if one.levelno == logging.ERROR] == [True, True]


def test_invalid_parameters_are_rejected(environment: Settings) -> None:
    state = ingest("moscow-times", "rumours", return_state=True)
    assert state.type is StateType.FAILED
    assert not environment.data_dir.exists()
