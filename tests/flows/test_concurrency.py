"""One crawl of a publisher at a time on one Prefect server; a backfill gives way to whoever waits."""

import contextvars
import fcntl
import json
import os
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL

from flows.backfill import run_backfill
from flows.concurrency import (
    ASK_SECONDS,
    FIRST_SECONDS,
    PATIENCE_SECONDS,
    LeaseRenewer,
    WaitingRuns,
    crawling_alone,
    give_back,
    give_way,
    is_awaited,
    name_slot,
    take_lease,
)
from flows.ingest import run_ingest
from pipeline.archive import CRAWL_LOCK, RunInProgress
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

HOLDER = """
import sys
from flows.concurrency import crawling_alone
from schemas.settings import load_settings
with crawling_alone(load_settings(), "moscow-times"):
    print("held", flush=True)
    sys.stdin.read()
"""

pytestmark = pytest.mark.usefixtures("prefect")


@pytest.fixture
def site() -> Site:
    """In place of the other tests' site: every address of this one leads to an article, a dozen and more a month."""
    return SITE


def count_holders() -> int:
    with get_client(sync_client=True) as client:
        return client.read_global_concurrency_limit_by_name(name_slot("moscow-times")).active_slots


def find_lease_note(settings: Settings) -> Path:
    return settings.spool_dir / f"{name_slot('moscow-times')}.lease"


def test_the_slot_is_for_one_and_comes_back(settings: Settings) -> None:
    with crawling_alone(settings, "moscow-times"):
        assert count_holders() == 1
        with pytest.raises(RunInProgress, match="another run crawls"), crawling_alone(settings, "moscow-times", 0.1):
            pass
        with crawling_alone(settings, "another-site", 0.1):
            assert count_holders() == 1
    assert count_holders() == 0
    assert not is_awaited("moscow-times")
    assert not find_lease_note(settings).exists()


@contextmanager
def starting_elsewhere(settings: Settings) -> Iterator["subprocess.Popen[str]"]:
    """Another process, which takes the slot or waits for it, and has it until its standard input ends."""
    environment = {"PREFECT_API_URL": PREFECT_API_URL.value(), "BROADSHEET_DATA_DIR": str(settings.data_dir)}
    command = [sys.executable, "-c", HOLDER]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=os.environ | environment, stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        process.kill()


def wait_for_slot(process: "subprocess.Popen[str]") -> None:
    assert process.stdout
    assert process.stdout.readline() == "held\n"


def is_free(settings: Settings) -> bool:
    try:
        with crawling_alone(settings, "moscow-times", 0):
            return True
    except RunInProgress:
        return False


def test_a_killed_run_s_slot_is_free_for_the_next_one_of_its_folder_and_a_live_one_s_is_not(
    settings: Settings, make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    copied = make_settings(data_dir=tmp_path / "copied")
    with starting_elsewhere(settings) as process:
        wait_for_slot(process)
        shutil.copytree(settings.data_dir, copied.data_dir)
        assert not is_free(settings)
        process.kill()
        process.wait()
    assert not is_free(copied)  # whose note is the other's: nothing is known of that one there
    with (settings.spool_dir / CRAWL_LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert not is_free(settings)  # the dead one's crawl has not closed yet
    assert count_holders() == 1
    assert is_free(settings)
    assert count_holders() == 0
    assert is_free(copied)


def test_a_lease_that_ended_is_taken_anew_unless_another_run_has_the_slot(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    noted: list[UUID | None] = []
    with crawling_alone(settings, "moscow-times"):  # makes the limit
        pass
    name = name_slot("moscow-times")
    with get_client(sync_client=True) as client:
        first = take_lease(client, name)
        assert first
        keeper = LeaseRenewer(name, first, FIRST_SECONDS, noted.append)
        keeper.renew(client)
        assert noted == []
        give_back(first)
        with crawling_alone(settings, "moscow-times"):
            keeper.renew(client)
            assert "another run has the slot" in caplog.text
            assert noted == []
        keeper.renew(client)
    [second] = noted
    assert second not in {first, None}
    assert not is_free(settings)
    keeper.start()
    keeper.end()
    assert noted[-1] is None
    assert is_free(settings)


def test_one_that_waits_is_seen_by_whoever_asks_and_waited_for_by_whoever_gives_way(settings: Settings) -> None:
    demand = WaitingRuns("moscow-times", ask_seconds=0)
    with ExitStack() as stack:
        with crawling_alone(settings, "moscow-times"):
            assert not demand()
            process = stack.enter_context(starting_elsewhere(settings))
            wait_until(demand)
            assert not WaitingRuns("moscow-times")()  # who asked a moment ago does not ask again
        give_way("moscow-times", turn_seconds=0.05)
        assert not is_awaited("moscow-times")
        wait_for_slot(process)
        assert not is_free(settings)
        process.communicate()
        assert process.returncode == 0
    assert is_free(settings)


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
    assert any("another run waited for the crawl" in note for note in first.notes)
    # What was on the wire when it gave way may have been cut off: that is asked for again, and nothing else twice.
    asked = Counter({path: server.requests[path] for path in pages_of(server.requests)})
    assert sum(count - 1 for count in asked.values()) <= 1
    assert sum(month.outcomes.get("stored", 0) for month in report.months) == PAGE_COUNT
    assert list(find_breaches(settings)) == []
