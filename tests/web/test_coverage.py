"""The coverage pages and their API: the numbers of `broadsheet status`, day by day and run by run."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from lxml import etree, html
from starlette.testclient import TestClient

from pipeline.archive import Archive, open_archive
from pipeline.status import read_status
from schemas.settings import Settings
from storage.runs.run import open_run
from storage.schema.tables import RunStatus
from tests.storage.coverage_sample import fill, record_run
from tests.storage.sample import SITE, at, identify
from tests.web.conftest import BASE_URL
from tests.web.test_hostile import PLANT
from web.app import create_app

API = "/api/v1/coverage"

PAGES = (
    "/coverage",
    "/coverage/days",
    "/coverage/days/2026",
    "/coverage/days/1999",
    "/coverage/sections",
    "/coverage/sections/2026",
    "/coverage/sources",
    "/coverage/missing",
    "/coverage/quarantine",
    "/coverage/quarantine/1",
    "/coverage/runs",
)

PLOTS = ("months", "durations", "outcomes", "agreement", "drift", "findings")


@pytest.fixture(scope="module")
def covered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """An archive with reasons, runs, and scripts planted in what a publisher can write into them."""
    settings = Settings(data_dir=Path(tmp_path_factory.mktemp("data")), serve_requests_per_minute=0)
    with open_archive(settings, writable=True) as opened:
        fill(opened.database, headline=PLANT, section=PLANT)
        for hours in (1, 2, 3):
            record_run(opened.database, hours)
        record_run(opened.database, 4, status=RunStatus.FAILED, problems=(PLANT,), notes=(PLANT,))
        with opened.database.begin() as session:
            open_run(session, kind="ingest", site=SITE, started_at=at(5))
    with open_archive(settings, writable=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def reader(covered: Archive) -> TestClient:
    return TestClient(create_app(covered), base_url=BASE_URL)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(data_dir=Path(tmp_path_factory.mktemp("data")), serve_requests_per_minute=0)
    with open_archive(settings, writable=True):
        pass
    with open_archive(settings, writable=False) as opened:
        yield TestClient(create_app(opened), base_url=BASE_URL)


@pytest.mark.parametrize("path", PAGES)
def test_nothing_that_is_planted_becomes_markup(reader: TestClient, path: str) -> None:
    response = reader.get(path)
    assert response.status_code == 200
    tree = html.fromstring(response.content)
    assert tree.xpath("//main//script | //main//img[not(starts-with(@src, '/coverage/plots/'))] | //main//svg") == []
    assert tree.xpath("//@onerror | //@onload | //@style") == []


def test_reasons_of_the_publishers_are_shown_as_text(reader: TestClient) -> None:
    for path in ("/coverage/missing", "/coverage/quarantine/1", "/coverage/runs"):
        assert "<script>alert(1)</script>" in html.fromstring(reader.get(path).content).text_content()


@pytest.mark.parametrize("path", [path for path in PAGES if not path.endswith("/1")])
def test_an_empty_archive_has_these_pages_too(empty: TestClient, path: str) -> None:
    assert empty.get(path).status_code == 200


def _read(reader: TestClient, path: str) -> str:
    """Return the text of a page, with a space between elements."""
    return " ".join(" ".join(html.fromstring(reader.get(path).content).itertext()).split())


def test_the_numbers_are_those_of_status(reader: TestClient, covered: Archive) -> None:
    status = read_status(covered)
    text = _read(reader, "/coverage")
    assert f"{status.completeness:.2%} complete" in text
    assert f"{status.advertised_count} URLs advertised" in text
    for state, count in status.ledger.items():
        assert f"{state} {count} " in text
    for month in status.months:
        stored = month.stored_count + month.duplicate_count
        assert f"{month.month or 'unknown'} {month.advertised_count} {stored} {month.missing_count}" in text


def test_a_day_of_the_calendar_leads_to_its_articles(reader: TestClient) -> None:
    tree = html.fromstring(reader.get("/coverage/days/2026").content)
    (link,) = tree.xpath("//div[@class='calendar']//a[starts-with(@aria-label, '1 October:')]")
    found = html.fromstring(reader.get(link.get("href")).content)
    assert found.xpath("//ol[contains(@class, 'hits')]//h2")
    days = reader.get(f"{API}/days/2026").json()["days"]
    rows = tree.xpath("//details[@id='table']//tbody/tr/th//text()")
    assert [one["day"] for one in days] == [row.strip() for row in rows if row.strip()]
    assert date.fromisoformat(days[0]["day"]) == date(2026, 1, 1)


@pytest.mark.parametrize("name", PLOTS)
@pytest.mark.parametrize("ending", ["", "-narrow"])
def test_a_plot_is_a_picture_that_runs_and_loads_nothing(reader: TestClient, name: str, ending: str) -> None:
    response = reader.get(f"/coverage/plots/{name}{ending}.svg")
    assert response.headers["Content-Type"].startswith("image/svg+xml")
    assert response.headers["Content-Security-Policy"].startswith(
        "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    )
    tree = etree.fromstring(response.content)
    assert (
        tree.xpath("//*[local-name()='script'] | //@*[local-name()='href'] | //*[local-name()='foreignObject']") == []
    )
    assert b"@import" not in response.content
    assert not re.search(rb"url\((?!#)", response.content)


def test_each_plot_has_its_values_in_a_table(reader: TestClient) -> None:
    tree = html.fromstring(reader.get("/coverage/runs").content)
    figures = tree.xpath("//figure[.//img]")
    assert len(figures) >= 4
    for figure in figures:
        assert figure.xpath("string(.//img/@alt)")
        assert len(figure.xpath(".//table/tbody/tr")) == 4
    (durations,) = tree.xpath("//figure[h2[@id='durations']]")
    assert durations.xpath("string(.//tbody/tr[1]/td)") == "30"


def test_a_run_has_a_page(reader: TestClient) -> None:
    tree = html.fromstring(reader.get("/coverage/runs").content)
    links = tree.xpath("//section//a/@href | //main//tbody//th/a/@href")
    runs = list(dict.fromkeys(link for link in links if link.startswith("/coverage/runs/")))
    assert len(runs) == 5
    texts = [_read(reader, run) for run in runs]
    assert "it goes on" in texts[0]
    assert "Status failed" in texts[1]
    assert "12 responses archived, 8 of them pages" in texts[2]


@pytest.mark.parametrize("name", ["missing", "quarantine", "runs"])
def test_lists_are_read_page_by_page(reader: TestClient, name: str) -> None:
    member = {"missing": "urls", "quarantine": "records", "runs": "runs"}[name]
    everything = reader.get(f"{API}/{name}", params={"limit": 100}).json()
    assert everything["next_cursor"] is None
    found, cursor = [], None
    for _ in range(len(everything[member])):
        page = reader.get(f"{API}/{name}", params={"limit": 1} | ({"cursor": cursor} if cursor else {})).json()
        found += page[member]
        cursor = page["next_cursor"]
    assert cursor is None
    assert found == everything[member]


def test_a_missing_article_names_its_reason(reader: TestClient) -> None:
    found = reader.get(f"{API}/missing", params={"state": "blocked"}).json()["urls"]
    assert [(one["url"], one["reason"]) for one in found] == [(identify(5).url, "robots.txt")]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/coverage?site=nobody", 400),
        ("/coverage/days/0", 400),
        ("/coverage/days/10000", 400),
        ("/coverage/missing?cursor=x", 400),
        ("/coverage/missing?state=lost", 400),
        ("/coverage/missing?month=2026-1", 400),
        ("/coverage/quarantine?cursor=-1", 400),
        ("/coverage/quarantine/99", 404),
        ("/coverage/quarantine/99999999999999999999", 400),
        ("/coverage/runs/nothing", 404),
        ("/coverage/plots/nothing.svg", 404),
        (f"{API}/days/x", 400),
        (f"{API}/missing?limit=0", 400),
        (f"{API}/runs/nothing", 404),
    ],
)
def test_what_cannot_be_answered_says_so(reader: TestClient, path: str, status: int) -> None:
    assert reader.get(path).status_code == status
