"""`broadsheet doctor --live`: the live sites, compared line by line with their expectations."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

import sites
from pipeline.archive import RunInProgress, lock_folder, lock_site, make_folders
from pipeline.ingest import ContactMissing
from pipeline.integrity.live_site import audit_live
from pipeline.integrity.live_sites import audit_live_sites
from replica import meduza, pages, pangea
from schemas.settings import Settings
from sites.expectation import Expectation, SiteExpectations, is_met
from tests.cli.starting import run_command
from tests.pipeline.live_site import PATHS, make_site, serving

NO_SERVER = "http://127.0.0.1:1"

ORDER = ["voa", "rferl", "meduza", "moscow-times"]

MakeSettings = Callable[..., Settings]
Results = dict[tuple[str, str], str]


def look(make_settings: MakeSettings, pages: dict[str, str]) -> Results:
    with serving(pages) as (origins, _):
        found = audit_live(make_settings(origins=origins), "moscow-times")
    assert all(check.ok is (check.result != "missing") for check in found)
    return {(check.name, check.where): check.result for check in found}


def test_an_unchanged_site_passes_with_few_requests(make_settings: MakeSettings, tmp_path: Path) -> None:
    with serving(make_site()) as (origins, asked):
        found = audit_live(make_settings(origins=origins), "moscow-times")
    assert {check.result for check in found} <= {"found", "not seen"}
    # A photo, and updates and tags where nobody says that each page has them, may be on no page of the sample.
    assert {(check.name, check.where) for check in found if check.result == "not seen"} == {
        ("photo", "default"),
        ("photo", "opinion"),
    }
    assert set(PATHS.values()) | {"/live/6/0"} <= set(asked)
    assert len(asked) == len(set(asked)) + 2 < 30  # robots.txt and tdmrep.json of both hosts
    # What was fetched for the look is no part of the archive.
    assert not (tmp_path / "data").exists()


def test_a_missing_structure_is_named_with_its_page(make_settings: MakeSettings) -> None:
    pages = make_site()
    pages[PATHS["gallery"]] = pages[PATHS["gallery"]].replace("article__gallery__item", "carousel")
    pages["/news"] = pages["/news"].replace("article-excerpt-lead", "hero")
    pages["/live/6/0"] = pages["/live/6/0"].replace('"body": "<p>', '"html": "<p>')
    pages[PATHS["default"]] = pages[PATHS["default"]].replace("BreadcrumbList", "Breadcrumbs")
    del pages["/sitemap/newsmap.xml"]
    found = look(make_settings, pages)
    assert {name for name, result in found.items() if result == "missing"} == {
        ("gallery items", "gallery"),
        ("lead card", "/news"),
        ("text under body", "live posts"),
        ("breadcrumb", "default"),
        ("news sitemaps", "newsmap.xml"),
    }


def test_kinds_without_a_page_in_the_sample_are_not_seen(make_settings: MakeSettings) -> None:
    pages = make_site() | {"/news": make_site()["/news/19"]}
    found = look(make_settings, pages)
    assert found["summary", "live"] == found["text under body", "live posts"] == "not seen"
    assert found["lead card", "/news"] == "missing"


def test_a_page_that_only_sounds_live_is_not_taken_for_live(make_settings: MakeSettings) -> None:
    pages = make_site()
    pages[PATHS["live"]] = pages[PATHS["default"]]
    found = look(make_settings, pages)
    assert found["summary", "live"] == "not seen"
    assert "missing" not in found.values()


def test_what_robots_txt_forbids_is_not_requested(make_settings: MakeSettings) -> None:
    pages = make_site()
    pages["/robots.txt"] += "Disallow: /galleries\n"
    with serving(pages) as (origins, asked):
        found = audit_live(make_settings(origins=origins), "moscow-times")
    assert "/galleries" not in asked
    [line] = [check for check in found if check.where == "/galleries"]
    assert (line.result, line.ok) == ("not seen", True)
    assert "robots.txt forbids it" in line.detail


def test_on_an_unresponsive_site_everything_is_missing(make_settings: MakeSettings) -> None:
    origins = dict.fromkeys(sites.get_site("moscow-times").origins, "http://127.0.0.1:1")
    found = audit_live(make_settings(origins=origins), "moscow-times")
    assert {check.result for check in found} == {"missing", "not seen"}


def test_without_a_contact_nothing_is_requested(make_settings: MakeSettings) -> None:
    with pytest.raises(ContactMissing):
        audit_live(make_settings(contact=""), "moscow-times")


def test_no_live_crawl_beside_a_run(make_settings: MakeSettings) -> None:
    settings = make_settings()
    make_folders(settings)
    with lock_folder(settings, wait_seconds=0), pytest.raises(RunInProgress):
        audit_live(settings, "moscow-times")


def test_a_site_that_cannot_be_checked_does_not_keep_the_others_from_it(make_settings: MakeSettings) -> None:
    with serving(make_site()) as (own, _), pages.serving(meduza.make_pages() | pangea.make_pages()) as others:
        settings = make_settings(origins=own | others | dict.fromkeys(sites.get_site("rferl").origins, NO_SERVER))
        make_folders(settings)
        with lock_site(settings, "voa", wait_seconds=0) as lock:
            lock.admit_others()
            found = audit_live_sites(settings, ORDER)
    results = {site: {one.name: one.result for one in found if one.site == site} for site in ORDER}
    assert list(dict.fromkeys(one.site for one in found)) == ORDER
    assert results["voa"] == {"site": "failed"}
    assert [one.detail for one in found if one.result == "failed" and "another run" in one.detail]
    assert results["rferl"]["page"] == "missing"
    assert [results["meduza"][name] for name in ("headline", "published_at", "body")] == ["found"] * 3
    assert results["moscow-times"]["lead card"] == "found"
    assert {one.site for one in found if not one.ok} == {"voa", "rferl"}


def test_without_a_contact_no_site_of_several_is_asked(make_settings: MakeSettings) -> None:
    with serving(make_site()) as (origins, asked), pytest.raises(ContactMissing):
        audit_live_sites(make_settings(contact="", origins=origins), ("moscow-times", "meduza"))
    assert asked == []


def run_doctor(
    tmp_path: Path, pages: dict[str, str], *options: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    with serving(pages) as (origins, _):
        origins |= {meduza.ORIGIN: NO_SERVER}
        environment = {"BROADSHEET_DATA_DIR": str(tmp_path / "data"), "BROADSHEET_ORIGINS": json.dumps(origins)}
        environment |= settings
        environment |= {"BROADSHEET_CONTACT": "me@example.org", "BROADSHEET_DELAY_SECONDS": "0", "COLUMNS": "300"}
        return run_command(["doctor", "--live", *options], environment, tmp_path)


def test_the_command_exits_1_where_something_is_missing_and_shows_every_line(tmp_path: Path) -> None:
    ended = run_doctor(tmp_path, make_site(), "--json")
    assert ended.returncode == 0, ended.stderr
    lines = [line for line in json.loads(ended.stdout) if "where" in line]
    [lead] = [line for line in lines if line["name"] == "lead card"]
    assert (lead["where"], lead["result"], lead["ok"]) == ("/news", "found", True)
    shown = run_doctor(tmp_path, make_site() | {"/rss/all": "<html>Home</html>"})
    assert shown.returncode == 1
    assert any("MISSING" in line and "/rss/all" in line for line in shown.stdout.splitlines())


def test_the_command_checks_every_site_of_the_settings_or_the_named_one(tmp_path: Path) -> None:
    both = {"BROADSHEET_SITES": '["meduza", "moscow-times"]'}
    ended = run_doctor(tmp_path, make_site(), "--json", **both)
    assert ended.returncode == 1
    lines = [line for line in json.loads(ended.stdout) if "where" in line]
    assert list(dict.fromkeys(line["site"] for line in lines)) == ["meduza", "moscow-times"]
    assert {line["site"] for line in lines if not line["ok"]} == {"meduza"}
    shown = run_doctor(tmp_path, make_site(), "--site", "moscow-times", **both)
    assert shown.returncode == 0, shown.stdout
    assert [line for line in shown.stdout.splitlines() if line.startswith("the live site")] == [
        "the live site moscow-times"
    ]


@pytest.mark.parametrize(
    "expected", [site.expected for site in sites.PUBLISHERS.profiles.values()], ids=list(sites.PUBLISHERS.profiles)
)
def test_every_expectation_can_be_looked_for(expected: SiteExpectations) -> None:
    names = {*expected.sources, *(kind.name for kind in expected.kinds), expected.companion}
    for one in expected.expectations:
        assert set(one.where) <= names, one.name
        if one.form in {"html", "xml"}:
            etree.XPath(one.finds)
        elif one.form == "text":
            re.compile(one.finds)


@pytest.mark.parametrize("form", ["html", "xml", "json", "json-ld", "text"])
@pytest.mark.parametrize(
    "body", [b"", b"\x00\xff", b"[" * 100_000, b"<", b'<script type="application/ld+json">{</script>']
)
def test_a_malformed_response_only_lacks_structures(form: str, body: bytes) -> None:
    finds = {"json": "*/body", "json-ld": "NewsArticle/headline", "text": "x"}.get(form, "//h1")
    assert not is_met(Expectation("x", ("y",), finds, form), body)  # type: ignore[arg-type]  # each form, by its name
