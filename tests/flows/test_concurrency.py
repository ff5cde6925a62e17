"""One crawl of a publisher at a time on one Prefect server; a backfill lets waiting runs go first."""

import contextvars
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Completed, Running

from benchmarks.ingest import prefect_server
from flows.backfill import backfill, run_backfill
from flows.concurrency import (
    CHECK_SECONDS,
    LEASE_SECONDS,
    WAIT_SECONDS,
    WaitingRunCheck,
    exclusive_crawl,
    has_waiting_run,
    name_limit,
    wait_for_urgent_runs,
)
from flows.ingest import ingest, run_ingest
from pipeline.archive import RunInProgress
from pipeline.progress import Progress, listening
from replica.server import Handle
from replica.site import Site
from schemas.report import BackfillReport, RunReport
from schemas.settings import Settings
from tests.pipeline.asking import pages_of
from tests.pipeline.killing import find_breaches
from tests.waiting import wait_until

SITE = Site(240, bad_pages=False, moved_share=0)
SINCE, UNTIL = date(2024, 3, 1), date(2024, 3, 31)
PAGE_COUNT = 8
"""Pages of a backfill: fetching them takes some seconds, in which another run starts."""

SLOT = name_limit("moscow-times")

HOLDER = """
import sys
from flows.concurrency import exclusive_crawl
print("up", flush=True)
with exclusive_crawl("moscow-times"):
    print("held", flush=True)
    sys.stdin.read()
"""

TRY = """
from flows.concurrency import exclusive_crawl
from pipeline.archive import RunInProgress
try:
    with exclusive_crawl("moscow-times", 2):
        print("free")
except RunInProgress:
    print("taken")
"""

END_SECONDS = 30
"""How long a run may take to end on a busy machine: far less than it would wait for the slot."""

REPOSSESSED_SECONDS = LEASE_SECONDS + 60
"""How long until the server has reclaimed a dead run's slot: it checks every quarter of a minute."""

pytestmark = pytest.mark.usefixtures("prefect")


@pytest.fixture
def site() -> Site:
    """Replace the other tests' site by one where every URL leads to an article, with a dozen or more per month."""
    return SITE


def count_holders() -> int:
    with get_client(sync_client=True) as client:
        return client.read_global_concurrency_limit_by_name(SLOT).active_slots


def change_limit(**changes: Any) -> None:
    with get_client(sync_client=True) as client:
        client.update_global_concurrency_limit(SLOT, GlobalConcurrencyLimitUpdate(**changes))


def test_only_one_run_has_the_slot_and_releases_it() -> None:
    with exclusive_crawl("moscow-times"):
        assert count_holders() == 1
        with pytest.raises(RunInProgress, match="another run crawls"), exclusive_crawl("moscow-times", 1):
            pass
        with exclusive_crawl("another-site", 1):
            assert count_holders() == 1
    assert count_holders() == 0


def test_a_limit_set_to_0_disables_crawling_of_the_site_and_is_not_reset() -> None:
    with exclusive_crawl("moscow-times"):  # makes the limit
        pass
    change_limit(limit=0)
    with pytest.raises(RunInProgress, match=f"{SLOT} is 0"), exclusive_crawl("moscow-times"):
        pass
    change_limit(limit=1)
    with exclusive_crawl("moscow-times"):
        assert count_holders() == 1


def test_a_deactivated_limit_blocks_no_run() -> None:
    with exclusive_crawl("moscow-times"):  # makes the limit
        pass
    change_limit(active=False)
    with exclusive_crawl("moscow-times", 5), exclusive_crawl("moscow-times", 5):
        assert count_holders() == 0
    change_limit(active=True)
    with exclusive_crawl("moscow-times"):
        assert count_holders() == 1


@contextmanager
def starting_elsewhere() -> Iterator["subprocess.Popen[str]"]:
    """Start another process, which acquires the slot or waits for it, and has it until its standard input ends."""
    environment = os.environ | {"PREFECT_API_URL": str(PREFECT_API_URL.value())}
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", HOLDER]
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        yield process
        process.kill()


def wait_for_slot(process: "subprocess.Popen[str]") -> None:
    assert process.stdout
    assert process.stdout.readline() == "held\n"


def is_free(url: str) -> bool:
    """Try to acquire the slot, in a process of its own: Prefect asks the first server of a process ever after."""
    command = [sys.executable, "-c", TRY]
    return (
        "free"
        in subprocess.run(
            command, env=os.environ | {"PREFECT_API_URL": url}, stdout=subprocess.PIPE, text=True, check=True
        ).stdout
    )


def test_a_waiting_run_in_another_process_ends_on_a_signal_without_keeping_the_slot() -> None:
    with exclusive_crawl("moscow-times"), starting_elsewhere() as process:
        assert process.stderr
        assert "waiting for it" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        process.wait(END_SECONDS)
        assert count_holders() == 1
    assert count_holders() == 0


@pytest.mark.soak
def test_a_killed_runs_slot_is_freed_when_its_lease_expires_and_a_live_runs_is_not(tmp_path: Path) -> None:
    # Not a temporary server: that reclaims no slots.
    with prefect_server(tmp_path) as url, temporary_settings(updates={PREFECT_API_URL: url}):
        with starting_elsewhere() as process:
            wait_for_slot(process)
            time.sleep(REPOSSESSED_SECONDS)  # nothing to wait for: a live run's lease outlives its length
            assert not is_free(url)
            process.kill()
            process.wait()
        wait_until(lambda: is_free(url), REPOSSESSED_SECONDS)


def test_a_backfill_sees_a_waiting_run_of_its_site_until_it_ends_and_ignores_dead_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = WaitingRunCheck("moscow-times", check_seconds=0)
    site = {"site": "moscow-times"}
    with get_client(sync_client=True) as client:
        other = client.create_flow_run(backfill, parameters=site, state=Running())
        assert not wanted()
        run = client.create_flow_run(ingest, parameters=site, state=Running())
        assert wanted()
        assert not WaitingRunCheck("moscow-times")()  # a recent check is not repeated
        assert not has_waiting_run("another-site")
        with monkeypatch.context() as patched:
            patched.setattr("flows.concurrency.WAIT_SECONDS", 0)  # the run has waited for longer than allowed
            assert not wanted()
        asked_at = time.monotonic()
        wait_for_urgent_runs("moscow-times", wait_seconds=0.5, poll_seconds=0.1)
        assert time.monotonic() > asked_at + 0.5
        for each in (other, run):
            client.set_flow_run_state(each.id, Completed(), force=True)
    wait_for_urgent_runs("moscow-times")
    assert not wanted()


@pytest.mark.soak
def test_a_backfill_lets_a_waiting_run_go_first_and_continues_afterwards(
    settings: Settings, server: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROADSHEET_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("BROADSHEET_CONTACT", settings.contact)
    monkeypatch.setenv("BROADSHEET_DELAY_SECONDS", str(2 * CHECK_SECONDS / PAGE_COUNT))
    monkeypatch.setenv("BROADSHEET_ORIGINS", json.dumps(settings.origins))
    is_fetching = threading.Event()
    filled: list[BackfillReport] = []

    def hear(progress: Progress) -> None:
        if progress.stage.endswith("fetch"):
            is_fetching.set()

    def fill() -> None:
        with listening(hear):
            filled.append(run_backfill("moscow-times", SINCE, UNTIL, PAGE_COUNT))

    thread = threading.Thread(target=contextvars.copy_context().run, args=(fill,))
    thread.start()
    assert is_fetching.wait(WAIT_SECONDS)
    latest: RunReport = run_ingest("moscow-times", "feeds", 1)
    ended_at = datetime.now(UTC)
    thread.join()
    [report] = filled
    first, *others = report.months
    assert first.gave_way
    assert not others[-1].gave_way
    assert first.ended_at < latest.started_at < ended_at < others[-1].ended_at
    assert latest.outcomes["stored"] == 1
    assert report.problems == ()
    assert any("another run was waiting to crawl" in note for note in first.notes)
    # What was on the wire when it gave way may have been cut off: that is asked for again, and nothing else twice.
    asked = Counter({path: server.requests[path] for path in pages_of(server.requests)})
    assert sum(count - 1 for count in asked.values()) <= 1
    assert sum(month.outcomes.get("stored", 0) for month in report.months) == PAGE_COUNT
    assert list(find_breaches(settings)) == []
