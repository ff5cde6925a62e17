"""`broadsheet record`: a captured page becomes a test case."""

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.archive import Archive, open_archive
from pipeline.file_import import import_paths
from pipeline.recording import PageUnrecorded, make_slug, record_page
from pipeline.status import RecordUnknown
from replica.route import find_answer
from replica.site import Article, Site
from schemas.settings import Settings
from spiders.warc import Exchange, WarcWriter


@pytest.fixture(scope="module")
def article() -> Article:
    """Any article of the replica."""
    return Site(8).articles[6]


@pytest.fixture
def archive(make_settings: Callable[..., Settings], article: Article, tmp_path: Path) -> Iterator[Archive]:
    """An archive with one imported page."""
    page = tmp_path / "page.html"
    page.write_text(article.page_html(), encoding="utf-8")
    with open_archive(make_settings(), writable=True) as opened:
        import_paths(opened, [page])
        yield opened


@pytest.mark.parametrize("by", ["id", "url"])
def test_a_recorded_page_expects_what_reading_finds_until_a_person_has_checked_it(
    archive: Archive, article: Article, tmp_path: Path, by: str
) -> None:
    folder = record_page(archive, getattr(article, by), tmp_path / "pages")
    assert folder.parent == tmp_path / "pages" / "moscow-times"
    assert gzip.decompress((folder / "page.html.gz").read_bytes()).decode() == article.page_html()
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    assert expected["checked"] is False
    assert {name: expected[name] for name in article.expected} == article.expected
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    assert (meta["url"], meta["status"], meta["companions"]) == (article.url, 200, [])


def test_a_page_is_not_recorded_over_another(archive: Archive, article: Article, tmp_path: Path) -> None:
    folder = record_page(archive, article.id, tmp_path)
    (folder / "expected.json").write_text("checked by hand", encoding="utf-8")
    with pytest.raises(PageUnrecorded, match="already exists"):
        record_page(archive, article.id, tmp_path)
    assert (folder / "expected.json").read_text(encoding="utf-8") == "checked by hand"


def test_a_page_that_is_not_archived_is_one_line(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(RecordUnknown, match="no page of moscow-times:en:1 in the archive"):
        record_page(archive, "moscow-times:en:1", tmp_path / "pages")
    assert not (tmp_path / "pages").exists()


def test_a_lost_warc_file_is_one_line(archive: Archive, article: Article, tmp_path: Path) -> None:
    for path in archive.settings.warc_dir.iterdir():
        path.unlink()
    with pytest.raises(PageUnrecorded, match="cannot be read"):
        record_page(archive, article.id, tmp_path / "pages")


def test_an_unwritable_folder_is_one_line(archive: Archive, article: Article, tmp_path: Path) -> None:
    (tmp_path / "pages").write_text("a file", encoding="utf-8")
    with pytest.raises(PageUnrecorded, match="cannot be written"):
        record_page(archive, article.id, tmp_path / "pages")


def test_a_live_blog_is_recorded_with_its_posts(make_settings: Callable[..., Settings], tmp_path: Path) -> None:
    live = next(one for one in Site(12, kinds=("live",)).articles if one.head.kind == "live")
    posts = find_answer(live.site, "www", f"/live/{live.head.number}/0").body
    answers = {
        live.url: ("text/html; charset=utf-8", live.page_html().encode()),
        posts_url(live): ("application/json", posts),
    }
    with WarcWriter(tmp_path / "crawl", site="moscow-times", run_id="1") as writer:
        for url, (media_type, body) in answers.items():
            head = f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nSet-Cookie: secret=1\r\n\r\n".encode()
            writer.write_exchange(Exchange(url, datetime.now(UTC), f"GET {url} HTTP/1.1\r\n\r\n".encode(), head, body))
    with open_archive(make_settings(), writable=True) as archive:
        import_paths(archive, [tmp_path / "crawl"])
        folder = record_page(archive, live.id, tmp_path / "pages")
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    assert expected["body"] == live.expected["body"]
    assert gzip.decompress((folder / "companion-1.gz").read_bytes()) == posts
    assert "secret" not in (folder / "meta.json").read_text(encoding="utf-8")


def posts_url(live: Article) -> str:
    return f"https://www.themoscowtimes.com/live/{live.head.number}/0"


@pytest.mark.parametrize(
    ("url", "slug"),
    [
        ("https://www.themoscowtimes.com/2024/06/29/a-slug-a85656", "a-slug-a85656"),
        ("https://example.org/", "example-org"),
        ("https://example.org/a/Ünï%20?x=1", "n-20"),
        ("https://example.org/" + "long-" * 40 + "a1", "ng-" + "long-" * 11 + "a1"),
    ],
)
def test_a_folder_is_named_after_its_url(url: str, slug: str) -> None:
    assert make_slug(url) == slug
