"""A backfill under Prefect: a subflow per month, its progress and its report."""

import json
from datetime import date

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import ArtifactSort

from flows.backfill import backfill, run_backfill
from pipeline.ingest import ingest_once
from pipeline.progress import Progress, listening
from replica.answer import XML, Answer
from replica.feed import render_sitemap
from replica.handler import Asked
from replica.model import MOSCOW
from replica.server import Handle, running
from replica.site import Site
from schemas.settings import Settings
from tests.pipeline.asking import pages_of
from tests.pipeline.killing import read_facts

SINCE, UNTIL = date(2024, 1, 10), date(2024, 3, 20)
SITE = Site(72, bad_pages=False, moved_share=0)


pytestmark = pytest.mark.usefixtures("prefect")


@pytest.fixture
def site() -> Site:
    """Replace the other tests' site by one where every URL leads to an article."""
    return SITE


@pytest.fixture(autouse=True)
def _environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the settings into the environment, where flows read them."""
    monkeypatch.setenv("BROADSHEET_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("BROADSHEET_CONTACT", settings.contact)
    monkeypatch.setenv("BROADSHEET_DELAY_SECONDS", "0")
    monkeypatch.setenv("BROADSHEET_ORIGINS", json.dumps(settings.origins))


def read_newest(key: str) -> object:
    """Return the newest artifact of this key, as other tests' runs have stored some too."""
    wanted = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
    with get_client(sync_client=True) as client:
        [newest] = client.read_artifacts(artifact_filter=wanted, sort=ArtifactSort.CREATED_DESC, limit=1)
    return newest.data


def list_wanted() -> set[str]:
    return {one.id for one in SITE.newest_first if SINCE <= one.head.published_at.astimezone(MOSCOW).date() <= UNTIL}


def test_a_backfill_is_a_run_per_month_newest_first_and_resumes_where_it_stopped(
    settings: Settings, server: Handle
) -> None:
    heard: list[Progress] = []
    with listening(heard.append):
        first = run_backfill("moscow-times", SINCE, UNTIL, 12)
    assert (first.months[0].since, first.months[0].until) == (date(2024, 3, 1), UNTIL)
    assert sum(month.page_count for month in first.months) == 12
    last = [one for one in heard if one.stage.endswith(" fetch")][-1]
    assert last.done_count == last.total_count
    server.reset()
    second = run_backfill("moscow-times", SINCE, UNTIL, None)
    assert [month.since for month in second.months] == [date(2024, 3, 1), date(2024, 2, 1), SINCE]
    assert read_facts(settings).keys() == list_wanted()
    pages = pages_of(server.requests)
    assert len(pages) == len(list_wanted()) - 12
    assert {month.kind for month in second.months} == {"backfill"}
    assert second.problems == ()
    assert read_newest("backfill-moscow-times") == 100
    assert all(f"| {month} | " in str(read_newest("backfill-moscow-times-report")) for month in ("2024-03", "2024-02"))


def name_in_the_month_before(asked: Asked) -> Answer | None:
    """Serve two months' sitemaps, with an article of the second month in the first's; the third month's is broken."""
    if asked.path == "/sitemap/2024-3.xml":
        return Answer(b"oops", XML)
    month = {"/sitemap/2024-1.xml": 1, "/sitemap/2024-2.xml": 2}.get(asked.path)
    if month is None:
        return None
    urls = [*SITE.sitemap_urls[2024, month]]
    moved = SITE.sitemap_urls[2024, 2][0]
    urls = [*urls, moved] if month == 1 else urls[1:]
    return Answer(render_sitemap(urls).encode(), XML)


def test_an_article_named_only_by_the_previous_months_sitemap_is_fetched_too(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    since, until = date(2024, 1, 1), date(2024, 2, 29)
    with running(SITE, fault=name_in_the_month_before) as server:
        monkeypatch.setenv("BROADSHEET_ORIGINS", json.dumps(server.origins))
        report = run_backfill("moscow-times", since, date(2024, 3, 2), None)
    # A month's problem does not affect the others.
    assert [problem for problem in report.problems if "2024-3.xml" in problem]
    wanted = {one.id for one in SITE.newest_first if since <= one.head.published_at.astimezone(MOSCOW).date() <= until}
    assert read_facts(settings).keys() == wanted


def fail_robots(asked: Asked) -> Answer | None:
    return Answer(b"", status=500) if asked.path == "/robots.txt" and asked.origin == "www" else None


def test_an_unreachable_host_is_asked_only_once_per_month_of_the_backfill(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(SITE, fault=fail_robots) as server:
        monkeypatch.setenv("BROADSHEET_ORIGINS", json.dumps(server.origins))
        report = run_backfill("moscow-times", date(2024, 1, 1), date(2024, 2, 29), None)
    assert [month.unreachable_hosts for month in report.months] == [("www.themoscowtimes.com",)] * 2


def test_a_backfill_fails_if_the_archive_is_below_its_floor_after_the_last_month(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BROADSHEET_FLOORS", '{"completeness": 1.0}')
    state = backfill("moscow-times", SINCE, UNTIL, 1, return_state=True)
    assert state.type is StateType.FAILED
    assert "completeness" in str(state.message)


def test_a_floor_reached_with_the_last_month_is_not_broken(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest_once(settings, "moscow-times", "sitemaps", 0)
    # A month has a twelfth of the articles: the newest month alone would be below the floor.
    monkeypatch.setenv("BROADSHEET_FLOORS", '{"completeness": 0.1}')
    report = run_backfill("moscow-times", date(2024, 8, 1), date(2024, 9, 30), None)
    assert [month.ledger["stored"] / month.advertised_count > 0.1 for month in report.months] == [False, True]
    assert (report.broken_floors, report.problems) == ((), ())


def test_an_invalid_range_of_days_is_rejected() -> None:
    state = backfill("moscow-times", UNTIL, SINCE, return_state=True)
    assert state.type is StateType.FAILED
    assert "is after" in str(state.message)
