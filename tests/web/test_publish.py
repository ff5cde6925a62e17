"""A published site, as files: its links, its policy, what is left out, and publishing again."""

import os
import posixpath
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

import orjson
import pytest
from lxml import etree, html

from pipeline.archive import open_archive
from pipeline.redaction import redact
from schemas.article import Kind
from schemas.export import ArticleFilter
from schemas.release import LeftOutReason, ReleaseEmpty
from schemas.settings import Settings
from storage.static_site.folder import STATE_NAME, FolderUnusable
from tests.storage.coverage_sample import fill as fill_coverage
from tests.storage.coverage_sample import record_run
from tests.waiting import wait_until
from tests.web.captured import HOSTILE, make_archive
from tests.web.published import count_searched, list_files, make_sample, parse, path_of, publish
from tests.web.sample import article_id, fill
from web.routes import browse
from web.static_site.build import Options
from web.static_site.place import encode_name, link_files

EVERYTHING = Options(has_captures=True)


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An archive of real captures, a hostile one among them."""
    folder = Path(tmp_path_factory.mktemp("captured"))
    settings = Settings(data_dir=folder / "data")
    make_archive(settings, folder)
    return settings


@pytest.fixture(scope="module")
def site(captured: Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """All of it, published with captures and the search."""
    folder = Path(tmp_path_factory.mktemp("site"))
    published = publish(captured, folder, options=EVERYTHING)
    assert published.problems == ()
    files = list_files(folder)
    assert published.file_count == published.written_count == len(files)
    assert published.bytes == sum(map(len, files.values()))
    return files


@pytest.fixture
def sample(tmp_path: Path) -> Settings:
    return make_sample(tmp_path)


def list_links(files: dict[str, bytes]) -> Iterator[tuple[str, html.HtmlElement, str]]:
    for path, body in files.items():
        if path.endswith(".html"):
            for element, attribute, url, _ in parse(body).iterlinks():
                if attribute is not None:
                    yield path, element, url


def test_every_link_leads_to_a_file_and_nothing_is_loaded_from_elsewhere(site: dict[str, bytes]) -> None:
    inner_count = 0
    for path, element, url in list_links(site):
        parts = urlsplit(url)
        if parts.scheme or parts.netloc:
            assert (element.tag, parts.scheme) in {("a", "https"), ("a", "http")}, (path, url)
        elif parts.path:
            assert not parts.path.startswith("/"), (path, url)
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(parts.path)))
            assert target in site, (path, url)
            inner_count += 1
    assert inner_count > 100


def test_every_page_has_its_policy_before_anything_is_loaded(site: dict[str, bytes]) -> None:
    for path, body in site.items():
        if path.endswith(".html"):
            head = list(next(parse(body).iter("head")))
            policies = [one.get("content", "") for one in head if one.get("http-equiv") == "Content-Security-Policy"]
            assert len(policies) == 1, path
            assert policies[0].startswith("default-src 'none'"), path
            assert [one.tag for one in head].index("meta") < min(
                (at for at, one in enumerate(head) if one.tag in {"link", "script", "style"}), default=99
            )
            assert ("wasm-unsafe-eval" in policies[0]) == (path == "index.html")
            assert "frame-ancestors" not in policies[0]
            assert not [one for one in parse(body).iter("form") if one.get("action")], path


def test_there_are_pages_of_each_kind(site: dict[str, bytes]) -> None:
    folders = {path.partition("/")[0] for path in site}
    assert folders >= {"article", "history", "capture", "capture-page", "cite", "api", "browse", "static", "pagefind"}
    assert {"index.html", "about.html", "browse.html", "left-out.jsonl", "feed.atom"} <= set(site)


def test_articles_are_found_from_the_start_page_without_javascript(site: dict[str, bytes]) -> None:
    seen, waiting = set(), ["index.html"]
    while waiting:
        path = waiting.pop()
        if path in seen or not path.endswith(".html"):
            continue
        seen.add(path)
        links = [element.get("href") for element in parse(site[path]).iter("a")]
        waiting += [
            posixpath.normpath(posixpath.join(posixpath.dirname(path), urlsplit(one).path))
            for one in links
            if one and not urlsplit(one).scheme and urlsplit(one).path
        ]
    assert seen == {path for path in site if path.endswith(".html")}


def test_a_hostile_capture_is_inert_as_a_file_too(site: dict[str, bytes]) -> None:
    pages = [body for path, body in site.items() if path.startswith("capture-page/") and f"/{HOSTILE}" in path]
    assert pages
    for body in pages:
        page = parse(body)
        assert not list(page.iter("script", "iframe", "base", "img", "form"))
        assert not [url for _, _, url, _ in page.iterlinks() if not url.startswith("#")]


def test_the_feed_has_relative_links_and_ids_of_its_own(site: dict[str, bytes]) -> None:
    feed = etree.fromstring(site["feed.atom"])
    ids = [str(one.text) for one in feed.iter("{*}id")]
    assert len(ids) == len(set(ids))
    assert all(one.startswith("urn:uuid:") for one in ids)
    assert all(one.get("href") in site for one in feed.iter("{*}link"))


def test_the_index_has_every_article(site: dict[str, bytes]) -> None:
    counts = count_searched(site)
    assert list(counts.values()) == [sum(path.startswith("article/") for path in site)]
    assert not [path for path in site if "-ui" in path]


def test_without_captures_nothing_of_a_captured_page_is_published(captured: Settings, tmp_path: Path) -> None:
    publish(captured, tmp_path / "site")
    files = list_files(tmp_path / "site")
    assert not [path for path in files if "capture" in path or path.endswith(".warc.gz")]
    assert not [url for _, _, url in list_links(files) if "capture" in url]


def test_no_run_has_a_published_page(tmp_path: Path) -> None:
    """Its parameters are the operator's: the paths of what was imported, for example."""
    settings = Settings(data_dir=tmp_path / "data")
    with open_archive(settings, writable=True) as archive:
        fill_coverage(archive.database)
        record_run(archive.database, 1)
    publish(settings, tmp_path / "site")
    files = list_files(tmp_path / "site")
    assert {"coverage.html", "coverage/runs.html", "coverage/plots/durations.svg"} <= files.keys()
    assert not [path for path in files if path.startswith("coverage/runs/")]
    assert publish(settings, tmp_path / "site").written_count == 0  # no page has the time at which it was made


def test_publishing_again_writes_nothing(sample: Settings, tmp_path: Path) -> None:
    first = publish(sample, tmp_path / "site", options=Options())
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "site").rglob("*.*") if path.is_file()}
    again = publish(sample, tmp_path / "site", options=Options())
    assert (again.rendered_count, again.written_count, again.deleted_count) == (0, 0, 0)
    assert (again.file_count, again.bytes) == (first.file_count, first.bytes)
    state = tmp_path / "site" / STATE_NAME
    assert all(path.stat().st_mtime_ns == at for path, at in before.items() if state not in path.parents)


def test_only_what_changed_is_written_and_what_is_gone_is_deleted(sample: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    publish(sample, folder)
    before = list_files(folder)
    with open_archive(sample, writable=True) as archive:
        fill(archive.database, {7: {"headline": "A Seventh", "body": "The seventh text."}})
    redact(sample, article_id(2), "a request")
    published = publish(sample, folder)
    after = list_files(folder)
    assert published.rendered_count == 1
    assert not [path for path, body in after.items() if b"They spoke." in body or b"Peace Talks" in body]
    assert path_of(article_id(2)) in before
    assert path_of(article_id(2)) not in after
    assert b"The seventh text." in after[path_of(article_id(7))]
    assert after[path_of(article_id(3))] == before[path_of(article_id(3))]
    publish(sample, tmp_path / "fresh")
    assert after == list_files(tmp_path / "fresh")


def test_what_was_taken_down_is_deleted_even_if_nothing_can_be_published(sample: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    publish(sample, folder)
    redact(sample, article_id(2), "a request")
    with pytest.raises(ReleaseEmpty):
        publish(sample, folder, ArticleFilter(kind=Kind.VIDEO))
    left = list_files(folder)
    assert not [path for path, body in left.items() if b"They spoke." in body or b"Peace Talks" in body]
    assert path_of(article_id(3)) in left


def test_a_file_that_was_lost_or_cut_is_made_again(sample: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    publish(sample, folder)
    before = list_files(folder)
    (folder / path_of(article_id(1))).write_bytes(b"")
    (folder / path_of(article_id(3))).unlink()
    assert publish(sample, folder).written_count == 2
    assert list_files(folder) == before


def test_another_selection_replaces_the_first(sample: Settings, tmp_path: Path) -> None:
    publish(sample, tmp_path / "site")
    wanted = ArticleFilter(kind=Kind.OPINION)
    publish(sample, tmp_path / "site", wanted)
    files = list_files(tmp_path / "site")
    assert [path for path in files if path.startswith("article/")] == [path_of(article_id(2))]
    assert b"kind: opinion" in files["about.html"]
    publish(sample, tmp_path / "fresh", wanted)
    assert files == list_files(tmp_path / "fresh")


def test_what_is_left_out_is_said(sample: Settings, tmp_path: Path) -> None:
    redact(sample, article_id(3), "a request")
    published = publish(sample, tmp_path / "site")
    files = list_files(tmp_path / "site")
    left_out = [orjson.loads(line) for line in files["left-out.jsonl"].splitlines()]
    assert {(one["id"], one["reason"]) for one in left_out} == {
        (article_id(3), "redacted"),
        *((one["id"], "duplicate") for one in left_out if one["reason"] == "duplicate"),
    }
    assert published.left_out_counts[LeftOutReason.REDACTED] == 1
    assert b"taken down" in files["about.html"]


def test_a_link_to_an_article_that_is_not_published_becomes_text(sample: Settings, tmp_path: Path) -> None:
    publish(sample, tmp_path / "site", ArticleFilter(include_duplicates=True))
    everything = list_files(tmp_path / "site")
    publish(sample, tmp_path / "site")
    duplicate = next(
        iter({one for one in everything if one.startswith("article/")} - list_files(tmp_path / "site").keys())
    )
    linking = [path for path, _, url in list_links(everything) if url.endswith(posixpath.basename(duplicate))]
    assert any(path.startswith("article/") for path in linking)
    assert not [url for _, _, url in list_links(list_files(tmp_path / "site")) if posixpath.basename(duplicate) in url]


def test_publishing_that_was_killed_goes_on(captured: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    environment = os.environ | {"BROADSHEET_DATA_DIR": str(captured.data_dir)}
    command = [sys.executable, "-m", "cli", "publish", str(folder), "--no-search", "--captures"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        wait_until(lambda: sum(1 for _ in folder.glob("article/**/*.html")) >= 5)
        process.send_signal(signal.SIGKILL)
    options = Options(has_captures=True, has_search=False)
    (folder / "article" / "mine.txt").write_text("This file is not the site's.")
    publish(captured, folder, options=options)
    publish(captured, tmp_path / "fresh", options=options)
    files = list_files(folder)
    assert files.pop("article/mine.txt")
    assert files == list_files(tmp_path / "fresh")


def test_files_of_a_killed_run_that_are_needed_no_more_are_deleted(sample: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    publish(sample, folder)
    before = list_files(folder)
    # What a kill leaves: a file that is noted as begun, and is in no manifest.
    for name in ("article/gone.html", "article/.gone.html.part"):
        (folder / name).write_text("gone")
    with (folder / STATE_NAME / "journal").open("a") as journal:
        journal.write(f"article/gone.html\n{path_of(article_id(1))}\narticle/cu")
    (folder / path_of(article_id(1))).write_text("by the killed run")
    publish(sample, folder)
    assert list_files(folder) == before


@pytest.mark.parametrize("is_absolute", [False, True])
@pytest.mark.parametrize("place", ["journal", "manifest"])
def test_a_forged_path_leads_out_of_no_folder(
    sample: Settings, tmp_path: Path, place: str, *, is_absolute: bool
) -> None:
    folder, mine = tmp_path / "site", tmp_path / "mine.txt"
    publish(sample, folder)
    mine.write_text("mine")
    path = str(mine) if is_absolute else "article/../../mine.txt"
    if place == "journal":
        (folder / STATE_NAME / "journal").write_text(f"{path}\n")
    else:
        with closing(sqlite3.connect(folder / STATE_NAME / "manifest.db")) as manifest:
            manifest.execute("INSERT INTO file VALUES (?, 'gone', x'', 4)", (path,))
            manifest.commit()
    with pytest.raises(FolderUnusable, match="leads out"):
        publish(sample, folder)
    assert mine.read_text() == "mine"


def test_planted_links_are_not_followed(sample: Settings, tmp_path: Path) -> None:
    folder, mine, elsewhere = tmp_path / "site", tmp_path / "mine.txt", tmp_path / "elsewhere"
    publish(sample, folder)
    before = list_files(folder)
    mine.write_text("mine")
    (folder / "index.html").unlink()
    (folder / ".index.html.part").symlink_to(mine)
    publish(sample, folder)
    assert mine.read_text() == "mine"
    assert list_files(folder) == before
    (folder / "article").rename(elsewhere)
    (folder / "article").symlink_to(elsewhere)
    redact(sample, article_id(2), "a request")
    with pytest.raises(FolderUnusable, match="leads out"):
        publish(sample, folder)
    assert path_of(article_id(2)) in {f"article/{path}" for path in list_files(elsewhere)}


def test_a_damaged_state_is_said_in_one_line(sample: Settings, tmp_path: Path) -> None:
    state = tmp_path / "site" / STATE_NAME
    publish(sample, tmp_path / "site")
    (state / "journal").write_bytes(b"\0\0\xff\n")  # as after a power cut
    publish(sample, tmp_path / "site")
    (state / "manifest.db").write_bytes(b"no database" * 1000)
    with pytest.raises(FolderUnusable, match="damaged"):
        publish(sample, tmp_path / "site")


def test_who_may_look_into_a_folder_stays_the_choice_of_its_owner(sample: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir(mode=0o700)
    publish(sample, folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_is_not_ours_is_refused(sample: Settings, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("mine")
    for folder in (tmp_path / "mine", tmp_path / "mine" / "file", sample.data_dir / "site", tmp_path / "no" / "site"):
        with pytest.raises(FolderUnusable):
            publish(sample, folder)
    assert [one.name for one in (tmp_path / "mine").iterdir()] == ["file"]


def test_if_nothing_matches_a_site_is_left_as_it_is(sample: Settings, tmp_path: Path) -> None:
    publish(sample, tmp_path / "site")
    before = list_files(tmp_path / "site")
    with pytest.raises(ReleaseEmpty):
        publish(sample, tmp_path / "site", ArticleFilter(section="nowhere"))
    assert list_files(tmp_path / "site") == before
    with pytest.raises(ReleaseEmpty):
        publish(sample, tmp_path / "other", ArticleFilter(section="nowhere"))
    shutil.rmtree(tmp_path / "other", ignore_errors=True)


@pytest.mark.parametrize(
    "names", [("a", "A"), ("a/b", "a~2fb"), ("é", "~c3~a9"), ("", "~"), (".", ".."), ("x" * 300, "x" * 301)]
)
def test_each_name_has_a_file_of_its_own_on_any_system(names: tuple[str, str]) -> None:
    one, other = map(encode_name, names)
    assert one.casefold() != other.casefold()
    assert all(0 < len(name) < 200 and set(name).isdisjoint('/\\:*?"<>|') and name.strip(".") for name in (one, other))


def test_links_are_relative() -> None:
    assert link_files("index.html", "a/b.html") == "a/b.html"
    assert link_files("a/b/c.html", "a/d.html") == "../d.html"


def test_hostile_values_stay_text(tmp_path: Path) -> None:
    hostile = '"><script>alert(1)</script><img src=https://evil.example/x onerror=alert(1)>'
    settings = Settings(data_dir=tmp_path / "data")
    with open_archive(settings, writable=True) as archive:
        special = {"headline": hostile, "subtitle": hostile, "body": hostile, "section": hostile, "tags": (hostile,)}
        fill(archive.database, {1: special})
    publish(settings, tmp_path / "site")
    for path, body in list_files(tmp_path / "site").items():
        if path.endswith(".html"):
            page = parse(body)
            assert {one.get("src") for one in page.iter("script")} <= {"static/search.js"}
            assert not list(page.iter("img"))


def test_the_manifest_names_every_file(sample: Settings, tmp_path: Path) -> None:
    publish(sample, tmp_path / "site")
    with closing(sqlite3.connect(tmp_path / "site" / STATE_NAME / "manifest.db")) as manifest:
        paths = {path for (path,) in manifest.execute("SELECT path FROM file")}
    assert paths == set(list_files(tmp_path / "site"))


def test_a_defect_of_one_page_is_a_problem_and_costs_no_other(
    sample: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(browse, "list_years", fail)
    made = publish(sample, tmp_path / "site")
    assert any("browse" in problem and "status 500" in problem for problem in made.problems)
    assert any(path.startswith("article/") for path in list_files(tmp_path / "site"))
