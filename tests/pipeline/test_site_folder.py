"""Another publisher is added as the guide says: `site new`, a line by hand, `site check`, `ingest`."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

import sites
from cli.main import app
from pipeline.archive import open_archive
from pipeline.ingest import ingest_once
from pipeline.site_check import check_site, summarize
from pipeline.site_folder import (
    PageUnusable,
    SiteExists,
    SiteNameInvalid,
    SitesDirMissing,
    load_saved_page,
    make_capture,
    make_site_folder,
)
from replica import riverbend
from replica.pages import serving
from schemas.settings import Settings
from sites.installed import load_profiles
from sites.publishers import Publishers
from storage.schema.tables import Article

URL = f"{riverbend.ORIGIN}{riverbend.PATHS[0]}"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings that lead to the publisher, with a folder for its profile, which child processes know too."""
    folder = tmp_path / "publishers"
    folder.mkdir()
    monkeypatch.setenv("BROADSHEET_SITES_DIR", str(folder))
    known = dict(vars(sites.PUBLISHERS))
    with serving(riverbend.make_pages()) as origins:
        yield Settings(
            data_dir=tmp_path / "data", sites_dir=folder, delay_seconds=0, origins=origins, contact="test@example.org"
        )
    vars(sites.PUBLISHERS).clear()
    vars(sites.PUBLISHERS).update(known)


def test_a_publisher_is_added_and_ingested_as_the_guide_says(settings: Settings) -> None:
    done = make_site_folder(settings, "riverbend-post", URL)
    assert [one for one in done.missing if "time zone" not in one] == []
    assert any("fits 3 of 4 listed URLs" in one for one in done.found)
    path = Path(done.folder) / "__init__.py"
    text = path.read_text(encoding="utf-8")
    assert text.count("FIXME") == 2  # what the mark means, and the time zone
    path.write_text(text.replace('ZoneInfo("UTC")', 'ZoneInfo("Europe/London")'), encoding="utf-8")
    vars(sites.PUBLISHERS).update(profiles=load_profiles(settings.sites_dir))  # as the next command would

    found = check_site(settings, sites.get_site("riverbend-post"))
    assert found.is_good, found
    assert found.page_count == len(riverbend.PATHS)

    report = ingest_once(settings, "riverbend-post", "all")
    assert report.problems == ()
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        stored = {(one.id, one.published_on, one.body) for one in session.scalars(select(Article))}
    days, body = date(2024, 6, 6), "\n\n".join(riverbend.BODY)
    assert stored == {(f"riverbend-post:en:{number}", days, body) for number in range(41001, 41004)}


def test_a_saved_page_is_enough_and_what_it_lacks_is_marked(settings: Settings, tmp_path: Path) -> None:
    saved = tmp_path / "page.html"
    saved.write_bytes(b"<html><body><h1>A plain page</h1><p>Some text.</p></body></html>")
    done = make_site_folder(settings, "plain", "https://plain.example/one", saved)
    text = (Path(done.folder) / "__init__.py").read_text(encoding="utf-8")
    assert text.count("FIXME") == 6  # what it means, time zone, language, pattern, feeds, sitemaps
    assert len(done.missing) == 6  # the same five, and the publication's name
    profile = load_profiles(settings.sites_dir)["plain"]
    assert profile.identify("https://plain.example/one").id == "plain:en:one"


@pytest.mark.parametrize(
    ("name", "url", "error"),
    [
        ("Kyiv Post", "https://plain.example/1", SiteNameInvalid),
        ("../up", "https://plain.example/1", SiteNameInvalid),
        ("plain", "ftp://plain.example/1", SiteNameInvalid),
        ("meduza", "https://plain.example/1", SiteExists),
        ("other", "https://meduza.io/en/news/2024/01/02/x", SiteExists),
    ],
)
def test_what_cannot_be_a_publisher_is_refused(settings: Settings, name: str, url: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        make_site_folder(settings, name, url, Path("absent.html"))


def test_a_page_that_cannot_be_had_is_named(settings: Settings) -> None:
    with pytest.raises(PageUnusable, match="No such file"):
        load_saved_page(Path("absent.html"), URL)
    with pytest.raises(PageUnusable, match="404"):
        make_site_folder(settings, "riverbend-post", f"{riverbend.ORIGIN}/absent")
    with pytest.raises(SitesDirMissing, match="BROADSHEET_SITES_DIR"):
        make_site_folder(settings.model_copy(update={"sites_dir": None}), "plain", URL)


def test_a_check_says_where_values_are_from_and_what_is_no_article() -> None:
    profile = Publishers([sites.get_site("generic")]).get("generic")
    pages = [make_capture(URL, riverbend.render_page(riverbend.PATHS[0])), make_capture(URL, b"<html></html>")]
    found = summarize(profile, pages)
    assert {one.field: one.sources for one in found.fields if one.found_count}["headline"] == {"json-ld": 1}
    assert not found.is_good
    assert [problem.partition(": ")[2].partition(":")[0] for problem in found.problems] == ["empty-page"]


def test_the_list_of_sites_marks_the_one_that_is_meant() -> None:
    run = CliRunner().invoke(app, ["site", "list", "--json"])
    found = {one["name"]: one for one in json.loads(run.stdout)}
    assert found.keys() == {one.name for one in sites.PUBLISHERS.list_own()}
    assert [name for name, one in found.items() if one["is_scheduled"]] == ["moscow-times"]
