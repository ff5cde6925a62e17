"""One crawl of a publisher at a time on one Prefect server; a backfill gives way to whoever waits."""

import contextvars
import json
import threading
from collections import Counter
from datetime import UTC, date, datetime

import pytest
from prefect.client.orchestration import get_client

import flows.slot
from flows.archive import RunInProgress
from flows.backfill import run_backfill
from flows.ingest import run_ingest
from flows.progress import Progress, listening
from flows.slot import crawling_alone, is_awaited, name_slot
from replica.server import Handle
from replica.site import Site
from schemas.report import BackfillReport, RunReport
from schemas.settings import Settings
from tests.flows.asking import pages_of
from tests.flows.killing import find_breaches

SITE = Site(240, bad_pages=False, moved_share=0)
SINCE, UNTIL = date(2024, 3, 1), date(2024, 3, 31)
PAGE_COUNT = 8
"""Of a backfill: it takes some seconds, in which another run starts."""

pytestmark = pytest.mark.usefixtures("prefect")


@pytest.fixture
def site() -> Site:
    """In place of the other tests' site: every address of this one leads to an article, a dozen and more a month."""
    return SITE


def count_holders() -> int:
    with get_client(sync_client=True) as client:
        return client.read_global_concurrency_limit_by_name(name_slot("moscow-times")).active_slots


def test_the_slot_is_for_one_and_comes_back() -> None:
    with crawling_alone("moscow-times"):
        assert count_holders() == 1
        with pytest.raises(RunInProgress, match="another run crawls"), crawling_alone("moscow-times", 0.1):
            pass
        with crawling_alone("another-site", 0.1):
            assert count_holders() == 1
    assert count_holders() == 0
    assert not is_awaited("moscow-times")


def test_a_backfill_gives_way_to_a_run_that_waits_and_goes_on_afterwards(
    settings: Settings, server: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROADSHEET_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("BROADSHEET_CONTACT", settings.contact)
    monkeypatch.setenv("BROADSHEET_DELAY_SECONDS", "0.3")
    monkeypatch.setenv("BROADSHEET_ORIGINS", json.dumps(settings.origins))
    monkeypatch.setattr(flows.slot, "ASK_SECONDS", 0.2)
    monkeypatch.setattr(flows.slot, "TURN_SECONDS", 0.2)
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
    assert is_fetching.wait(60)
    latest: RunReport = run_ingest("moscow-times", "feeds", 1)
    ended_at = datetime.now(UTC)
    thread.join(120)
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
    assert sum(month.outcomes["stored"] for month in report.months) == PAGE_COUNT
    assert list(find_breaches(settings)) == []
