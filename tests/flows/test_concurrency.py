"""One crawl of a publisher at a time on one Prefect server; a backfill gives way to whoever waits."""

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
    ASK_SECONDS,
    LEASE_SECONDS,
    PATIENCE_SECONDS,
    WaitingRuns,
    crawling_alone,
    give_way,
    is_awaited,
    name_slot,
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
"""Of a backfill: it takes some seconds, in which another run starts."""

SLOT = name_slot("moscow-times")

HOLDER = """
import sys
from flows.concurrency import crawling_alone
print("up", flush=True)
with crawling_alone("moscow-times"):
    print("held", flush=True)
    sys.stdin.read()
"""

END_SECONDS = 30
"""On a busy machine; of a run that is told to end, far less than its patience."""

REPOSSESSED_SECONDS = LEASE_SECONDS + 60
"""Until the server takes back what a dead holder has left: it looks every quarter of a minute."""

pytestmark = pytest.mark.usefixtures("prefect")


@pytest.fixture
def site() -> Site:
    """In place of the other tests' site: every URL of this one leads to an article, a dozen and more a month."""
    return SITE


def count_holders() -> int:
    with get_client(sync_client=True) as client:
        return client.read_global_concurrency_limit_by_name(SLOT).active_slots


def change_limit(**changes: Any) -> None:
    with get_client(sync_client=True) as client:
        client.update_global_concurrency_limit(SLOT, GlobalConcurrencyLimitUpdate(**changes))


def test_the_slot_is_for_one_and_comes_back() -> None:
    with crawling_alone("moscow-times"):
        assert count_holders() == 1
        with pytest.raises(RunInProgress, match="another run crawls"), crawling_alone("moscow-times", 1):
            pass
        with crawling_alone("another-site", 1):
            assert count_holders() == 1
    assert count_holders() == 0


def test_a_limit_that_was_set_to_0_stops_all_crawling_of_the_site_and_stays() -> None:
    with crawling_alone("moscow-times"):  # makes the limit
        pass
    change_limit(limit=0)
    with pytest.raises(RunInProgress, match=f"{SLOT} is 0"), crawling_alone("moscow-times"):
        pass
    change_limit(limit=1)
    with crawling_alone("moscow-times"):
        assert count_holders() == 1


def test_a_limit_that_was_switched_off_keeps_nobody_out() -> None:
    with crawling_alone("moscow-times"):  # makes the limit
        pass
    change_limit(active=False)
    with crawling_alone("moscow-times", 5), crawling_alone("moscow-times", 5):
        assert count_holders() == 0
    change_limit(active=True)
    with crawling_alone("moscow-times"):
        assert count_holders() == 1


@contextmanager
def starting_elsewhere() -> Iterator["subprocess.Popen[str]"]:
    """Another process, which takes the slot or waits for it, and has it until its standard input ends."""
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


def is_free() -> bool:
    try:
        with crawling_alone("moscow-times", 2):
            return True
    except RunInProgress:
        return False


def test_a_run_that_waits_in_another_process_ends_when_it_is_told_to_and_takes_no_slot_along() -> None:
    with crawling_alone("moscow-times"), starting_elsewhere() as process:
        assert process.stderr
        assert "waiting for it" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        process.wait(END_SECONDS)
        assert count_holders() == 1
    assert count_holders() == 0


@pytest.mark.soak
def test_a_killed_run_s_slot_is_free_when_its_lease_ends_and_a_live_one_s_is_not(tmp_path: Path) -> None:
    # A lasting server: a temporary one takes no slot back.
    with prefect_server(tmp_path) as url, temporary_settings(updates={PREFECT_API_URL: url}):
        with starting_elsewhere() as process:
            wait_for_slot(process)
            time.sleep(REPOSSESSED_SECONDS)
            assert not is_free()
            process.kill()
            process.wait()
        wait_until(is_free, REPOSSESSED_SECONDS)


def test_a_backfill_sees_that_a_run_of_its_site_waits_until_that_has_ended_and_no_dead_one_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = WaitingRuns("moscow-times", ask_seconds=0)
    site = {"site": "moscow-times"}
    with get_client(sync_client=True) as client:
        other = client.create_flow_run(backfill, parameters=site, state=Running())
        assert not wanted()
        run = client.create_flow_run(ingest, parameters=site, state=Running())
        assert wanted()
        assert not WaitingRuns("moscow-times")()  # who asked a moment ago does not ask again
        assert not is_awaited("another-site")
        with monkeypatch.context() as patched:
            patched.setattr("flows.concurrency.PATIENCE_SECONDS", 0)  # it has waited for longer than any does
            assert not wanted()
        asked_at = time.monotonic()
        give_way("moscow-times", patience_seconds=0.5, poll_seconds=0.1)
        assert time.monotonic() > asked_at + 0.5
        for each in (other, run):
            client.set_flow_run_state(each.id, Completed(), force=True)
    give_way("moscow-times")
    assert not wanted()


@pytest.mark.soak
def test_a_backfill_gives_way_to_a_run_that_waits_and_goes_on_afterwards(
    settings: Settings, server: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROADSHEET_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("BROADSHEET_CONTACT", settings.contact)
    monkeypatch.setenv("BROADSHEET_DELAY_SECONDS", str(2 * ASK_SECONDS / PAGE_COUNT))
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
    assert is_fetching.wait(PATIENCE_SECONDS)
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
