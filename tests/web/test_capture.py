"""The captures of an article: shown inert, with the text of the record marked, and their WARC records."""

import io
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from html import unescape
from pathlib import Path

import pytest
from lxml import html
from lxml.html import HtmlElement
from starlette.testclient import TestClient
from warcio.archiveiterator import ArchiveIterator

from pipeline.archive import Archive, open_archive
from pipeline.status import find_record
from schemas.capture import CaptureRef
from schemas.settings import Settings
from storage.articles.article import list_articles
from storage.warc.tombstone import erase_records
from tests.web.captured import HOSTILE, OLD_SENTENCE, START, make_archive
from tests.web.conftest import BASE_URL
from web.app import create_app

FOUND_SHARE = 0.95
"""Least share of an article's words that is marked in its captures. Measured: all of them."""

ID = "moscow-times:en"
LOADING = (
    "src",
    "srcset",
    "href",
    "action",
    "formaction",
    "poster",
    "background",
    "data",
    "ping",
    "cite",
    "id",
    "name",
)

Serve = Callable[..., TestClient]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = Path(tmp_path_factory.mktemp("captured"))
    found = Settings(data_dir=folder / "data", serve_requests_per_minute=0)
    make_archive(found, folder)
    return found


@pytest.fixture(scope="module")
def archive(settings: Settings) -> Iterator[Archive]:
    with open_archive(settings, writable=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(archive: Archive) -> TestClient:
    return TestClient(create_app(archive), base_url=BASE_URL)


def list_ids(archive: Archive) -> list[str]:
    with closing(sqlite3.connect(archive.settings.data_dir / "broadsheet.db")) as database:
        return [row[0] for row in database.execute("select id from article order by id")]


def list_captures(client: TestClient, article_id: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = client.get(f"/api/v1/captures/{article_id}").json()["captures"]
    return found


def frame_of(client: TestClient, capture: dict[str, str]) -> HtmlElement:
    url = capture["record_url"].replace("/api/v1/records/", "/capture-page/")
    return html.fromstring(client.get(url).content)


def words_of(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text)


def test_the_text_of_every_article_is_found_again_in_its_captures(client: TestClient, archive: Archive) -> None:
    ids = list_ids(archive)
    assert len(ids) > 20
    with archive.database.read() as session:
        records = list_articles(session, ids)
    assert len({record.kind for record in records}) > 3
    for record in records:
        marked = [
            word
            for capture in list_captures(client, record.id)
            for mark in frame_of(client, capture).xpath("//mark")
            for word in words_of(mark.text_content())
        ]
        wanted = words_of(record.body)
        assert len(marked) >= FOUND_SHARE * len(wanted), record.id
        assert set(marked) >= set(wanted) or len(set(wanted) - set(marked)) <= len(wanted) / 20


def test_what_is_not_text_is_not_marked(client: TestClient, archive: Archive) -> None:
    for record_id in list_ids(archive):
        body = words_of(find_record(archive, record_id).body)
        for capture in list_captures(client, record_id)[-1:]:
            marked = [
                word for mark in frame_of(client, capture).xpath("//mark") for word in words_of(mark.text_content())
            ]
            assert len(marked) <= len(body), record_id


def test_the_marks_lead_from_one_to_the_next(client: TestClient) -> None:
    frame = html.fromstring(client.get(f"/capture-page/{ID}:{HOSTILE}").content)
    ids = frame.xpath("//mark/@id")
    assert ids == [f"m{number}" for number in range(1, len(ids) + 1)]
    assert len(ids) > 5
    assert frame.xpath("//main//a/@href") == [f"#m{number}" for number in range(2, len(ids) + 1)]


def test_a_hostile_page_is_inert(client: TestClient) -> None:
    response = client.get(f"/capture-page/{ID}:{HOSTILE}")
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "; sandbox;" in policy
    assert "allow-" not in policy
    assert "frame-ancestors 'self'" in policy
    assert response.headers["x-frame-options"] == "SAMEORIGIN"
    frame = html.fromstring(response.content)
    page = frame.xpath("//main")[0]
    assert OLD_SENTENCE in page.text_content()
    assert not page.xpath(
        ".//script | .//style | .//svg | .//iframe | .//img | .//form | .//button | .//meta | .//base"
    )
    assert "window.hacked=1<" not in response.text
    for element in page.iter():
        for name, value in element.attrib.items():
            ours = element.tag in {"a", "mark"} and str(value).startswith(("#m", "m"))
            assert ours or str(name) not in LOADING, (element.tag, name, value)
            assert not str(name).startswith("on")


def test_the_page_of_captures_shows_the_frame_sandboxed(client: TestClient) -> None:
    page = html.fromstring(client.get(f"/capture/{ID}:{HOSTILE}").content)
    (frame,) = page.xpath("//iframe")
    assert frame.get("sandbox") == ""
    assert client.get(frame.get("src").partition("#")[0]).status_code == 200
    heads = " ".join(page.xpath("//pre/text()"))
    for shown in ("GET https://", "User-Agent: a test", "HTTP/1.1 200 OK", "WARC-Type: response", "WARC-Type: request"):
        assert shown in heads
    assert "verified just now" in page.text_content()


def test_a_live_blog_lists_its_page_and_its_posts(client: TestClient, archive: Archive) -> None:
    ids = [one for one in list_ids(archive) if find_record(archive, one).kind == "live"]
    assert ids
    page = unescape(client.get(f"/capture/{ids[0]}").text)
    assert "posts of the live blog" in page
    captures = list_captures(client, ids[0])
    assert {one["media_type"] for one in captures} == {"text/html", "application/json"}
    (posts,) = [one for one in captures if one["media_type"] == "application/json"]
    assert len(frame_of(client, posts).xpath("//mark")) > 1


def test_an_imported_text_and_a_row_are_shown(client: TestClient, archive: Archive) -> None:
    (text_id,) = [one for one in list_ids(archive) if one.startswith("text:")]
    assert "imported file" in client.get(f"/capture/{text_id}").text
    assert html.fromstring(client.get(f"/capture-page/{text_id}").content).xpath("//pre//mark")
    row_id = f"{ID}:90003"
    page = client.get(f"/capture/{row_id}").text
    assert "row of an imported table" in page
    frame = html.fromstring(client.get(f"/capture-page/{row_id}").content)
    assert OLD_SENTENCE in [one.text_content() for one in frame.xpath("//dd//mark")]


def test_a_capture_shows_the_version_that_was_read_from_it(client: TestClient) -> None:
    old, new = (frame_of(client, one) for one in list_captures(client, f"{ID}:90001"))
    assert "version 1 are marked" in old.text_content()
    assert "version 2 are marked" in new.text_content()
    assert "mayor" in " ".join(old.xpath("//mark/text()"))
    assert "governor" in " ".join(new.xpath("//mark/text()"))


def test_the_source_is_plain_text(client: TestClient) -> None:
    response = client.get(f"/capture-source/{ID}:{HOSTILE}")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in response.headers["content-security-policy"]
    assert "<script>window.hacked=1</script>" in response.text


def test_the_warc_record_is_downloaded_with_its_request(client: TestClient, archive: Archive) -> None:
    (capture,) = list_captures(client, f"{ID}:{HOSTILE}")
    response = client.get(capture["record_url"])
    assert response.headers["content-type"] == "application/warc"
    assert response.headers["content-disposition"].startswith("attachment; ")
    records = [(one.rec_type, one.content_stream().read()) for one in ArchiveIterator(io.BytesIO(response.content))]
    assert [kind for kind, _ in records] == ["response", "request"]
    ref = CaptureRef.model_validate(capture["ref"])
    with (archive.settings.warc_dir / ref.warc).open("rb") as file:
        file.seek(ref.offset)
        assert response.content.startswith(file.read(ref.length))
    again = client.get(capture["record_url"], headers={"If-None-Match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(f"/api/v1/records/{ID}:{HOSTILE}").content == response.content


@pytest.mark.parametrize("path", ["capture", "capture-page", "capture-source", "api/v1/records"])
@pytest.mark.parametrize("query", ["warc=../broadsheet.db&offset=0", "offset=0", "warc=x", "warc=a&offset=99999999999"])
def test_nothing_but_the_articles_captures_can_be_asked_for(client: TestClient, path: str, query: str) -> None:
    assert client.get(f"/{path}/{ID}:{HOSTILE}?{query}").status_code == 404


@pytest.fixture
def serve(settings: Settings, tmp_path: Path) -> Iterator[Serve]:
    """Serve a copy of the archive, after something was done to it."""
    opened = []

    def serve_copy(change: Callable[[Settings], None], **special: str) -> TestClient:
        shutil.copytree(settings.data_dir, tmp_path / "data")
        change(settings.model_copy(update={"data_dir": tmp_path / "data"}))
        copied = Settings(data_dir=tmp_path / "data", serve_requests_per_minute=0, **special)  # type: ignore[arg-type]
        opened.append(open_archive(copied, writable=False))
        return TestClient(create_app(opened[-1].__enter__()), base_url=BASE_URL)

    yield serve_copy
    for one in opened:
        one.__exit__(None, None, None)


def list_warcs(settings: Settings) -> list[Path]:
    return sorted(settings.warc_dir.glob("*.warc.gz"))


def remove_warcs(settings: Settings) -> None:
    for path in list_warcs(settings):
        path.unlink()


def find_ref(settings: Settings) -> CaptureRef:
    with open_archive(settings, writable=False) as archive:
        return find_record(archive, f"{ID}:{HOSTILE}").capture


def damage(settings: Settings) -> None:
    ref = find_ref(settings)
    path = settings.warc_dir / ref.warc
    data = bytearray(path.read_bytes())
    data[ref.offset + ref.length // 2] ^= 1
    path.write_bytes(data)


def erase(settings: Settings) -> None:
    ref = find_ref(settings)
    with open_archive(settings, writable=False) as archive:
        erase_records(archive.warcs, ref.warc, [ref], START)


def lose(settings: Settings) -> None:
    ref = find_ref(settings)
    with closing(sqlite3.connect(settings.data_dir / "broadsheet.db")) as database, database:
        database.execute("update capture set length = 0 where warc = ? and offset = ?", (ref.warc, ref.offset))


@pytest.mark.parametrize(
    ("change", "said", "status", "record_status"),
    [
        (remove_warcs, "This capture is lost", 404, 404),
        (lose, "This capture is lost", 404, 404),
        (damage, "is damaged", 404, 200),  # its bytes are evidence too
        (erase, "was erased", 410, 410),
    ],
)
def test_a_capture_that_cannot_be_read_is_explained(
    serve: Serve, change: Callable[[Settings], None], said: str, status: int, record_status: int
) -> None:
    client = serve(change)
    page = client.get(f"/capture/{ID}:{HOSTILE}")
    assert page.status_code == 200
    assert said in page.text
    assert "<iframe" not in page.text
    assert client.get(f"/capture-page/{ID}:{HOSTILE}").status_code == status
    assert client.get(f"/capture-source/{ID}:{HOSTILE}").status_code == status
    assert client.get(f"/api/v1/records/{ID}:{HOSTILE}").status_code == record_status
    assert client.get(f"/history/{ID}:{HOSTILE}").status_code == 200


def test_a_store_that_does_not_respond_is_named_as_the_cause(serve: Serve, tmp_path: Path) -> None:
    client = serve(remove_warcs, warc_url=f"file://{tmp_path}/secret-place")
    page = client.get(f"/capture/{ID}:{HOSTILE}")
    assert page.status_code == 200
    assert "does not respond" in page.text
    assert "secret-place" not in page.text
    for path in ("capture-page", "api/v1/records"):
        response = client.get(f"/{path}/{ID}:{HOSTILE}")
        assert (response.status_code, response.headers["retry-after"]) == (503, "5")
