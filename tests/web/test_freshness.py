"""What has changed in the archive is shown by a server that was running before, on both databases."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pyarrow import parquet
from sqlalchemy import update
from starlette.testclient import TestClient

from pipeline.archive import open_archive
from pipeline.file_import import import_paths
from pipeline.redaction import redact, undo_redaction
from pipeline.reprocess.reprocess import reprocess
from schemas.settings import Settings
from storage.schema.tables import Article
from storage.search.index import rebuild_index
from tests.postgresql import PostgreSQL
from tests.web.captured import FILLER, NEW_SENTENCE, OLD_SENTENCE, page_of, url_of, write_captures
from tests.web.conftest import BASE_URL
from web.app import create_app

REDACTED, OTHER, NEW = 90011, 90012, 90013
ID = f"moscow-times:en:{REDACTED}"
API = "/api/v1"
WORD = "Xylophone"
"""Of the redacted article's headline."""

TRAINS = tuple(
    f"Train {number} to the south was late again, said a conductor whom we called by phone." for number in range(4)
)
STORY = tuple(f"On day {number} of the festival, someone played this old zither to a full hall." for number in range(4))

LISTS = (
    "/",
    "/?q=xylophone",
    "/?sort=oldest",
    "/feed.atom",
    "/feed.atom?q=xylophone",
    "/browse/2024-10",
    "/export.jsonl",
    "/export.jsonl?q=xylophone",
    "/export.csv",
    f"{API}/search",
    f"{API}/search?q=xylophone",
    f"{API}/articles",
)
PAGES = (
    *(f"/{name}/{ID}" for name in ("article", "history", "capture", "capture-page", "capture-source")),
    *(f"/cite/{style}/{ID}" for style in ("bibtex", "ris", "csl")),
    *(f"{API}/{name}/{ID}" for name in ("articles", "revisions", "differences", "captures", "records")),
    f"/article/{url_of(REDACTED)}",
)
COUNTS = ("/browse", "/coverage", f"{API}/coverage", "/coverage/sections", f"{API}/coverage/sections")
"""Pages that name no article, but count them."""


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    server = PostgreSQL()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Of an archive with two articles; one of them has two versions."""
    given: dict[str, Any] = {"data_dir": tmp_path / "data", "serve_requests_per_minute": 0}
    name = f"test_{uuid4().hex}"
    if request.param == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        server.create(name)
        given["database_url"] = server.url(name)
    made = Settings.model_validate(given)
    pages = (
        page_of(REDACTED, OLD_SENTENCE, *FILLER, headline=f"The {WORD} Is Tuned"),
        page_of(REDACTED, NEW_SENTENCE, *FILLER[1:], headline=f"The {WORD} Is Sold"),
    )
    store(made, tmp_path / "first", *((REDACTED, page) for page in pages), (OTHER, page_of(OTHER, *TRAINS)))
    yield made
    if request.param == "postgresql":
        server.drop(name)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with open_archive(settings, writable=False) as archive, TestClient(create_app(archive), BASE_URL) as made:
        yield made


def store(settings: Settings, folder: Path, *pages: tuple[int, bytes]) -> None:
    warc = write_captures(folder, [(url_of(number), "text/html", page) for number, page in pages])
    with open_archive(settings, writable=True) as archive:
        assert not import_paths(archive, [warc]).problems


def count(client: TestClient, **asked: str) -> Any:
    return client.get(f"{API}/search", params=asked).json()["count"]


def count_sections(client: TestClient) -> int:
    """Count the articles that the coverage by section has: kept for some seconds, unless any is redacted."""
    return sum(one["stored_count"] for one in client.get(f"{API}/coverage/sections").json()["sections"])


def list_parquet_ids(client: TestClient) -> list[str]:
    found: list[str] = parquet.read_table(io.BytesIO(client.get("/export.parquet").content))["id"].to_pylist()
    return found


def test_a_redacted_article_is_gone_at_once_from_a_running_server(settings: Settings, client: TestClient) -> None:
    before = {path: client.get(path) for path in (*LISTS, *PAGES, *COUNTS)}
    assert {path for path, response in before.items() if response.status_code != 200} == set()
    assert {path for path in LISTS if WORD not in before[path].text and ID not in before[path].text} == set()
    assert ID in list_parquet_ids(client)
    assert count(client)["total_count"] == 2
    assert count_sections(client) == 2
    redact(settings, ID, "a court's order", erase=True)
    for path, first in before.items():
        tag = {"If-None-Match": first.headers["etag"]} if "etag" in first.headers else {}
        response = client.get(path, headers=tag)
        assert response.status_code == (410 if path in PAGES else 200), path
        assert WORD not in response.text, path
        assert "tuned" not in response.text.lower(), path
        if path in PAGES:
            assert "was redacted on" in response.text
            assert "a court's order" in response.text.replace("&#39;", "'")
    assert list_parquet_ids(client) == [f"moscow-times:en:{OTHER}"]
    assert count(client)["total_count"] == 1
    assert count(client, q="xylophone")["total_count"] == 0
    assert sum(count(client)["days"].values()) == sum(one["count"] for one in count(client)["facets"]["kind"]) == 1
    assert client.get(f"{API}/coverage").json()["article_count"] == 1
    assert count_sections(client) == 1


def test_an_article_that_is_let_in_again_is_back_at_once(settings: Settings, client: TestClient) -> None:
    redact(settings, ID, "by mistake")
    assert count(client)["total_count"] == 1
    undo_redaction(settings, ID)
    assert count(client, q="xylophone")["total_count"] == 1
    assert client.get(f"/article/{ID}").status_code == 200


def test_a_new_article_is_a_hit_at_once(settings: Settings, client: TestClient, tmp_path: Path) -> None:
    paths = ("/", "/?q=zither", "/feed.atom", f"{API}/articles?q=zither", "/browse/2024-10", "/export.jsonl?q=zither")
    before = {path: client.get(path) for path in paths}
    assert {path for path, response in before.items() if "Zither" in response.text} == set()
    store(settings, tmp_path / "second", (NEW, page_of(NEW, *STORY, headline="The Zither")))
    for path, first in before.items():
        response = client.get(path, headers={"If-None-Match": first.headers.get("etag", "")})
        assert response.status_code == 200, path
        assert "The Zither" in re.sub("</?mark>", "", response.text), path
    assert count(client)["total_count"] == 3


def test_what_is_read_anew_is_found_by_its_new_values_at_once(
    settings: Settings, request: pytest.FixtureRequest
) -> None:
    with open_archive(settings, writable=True) as archive, archive.database.begin() as session:
        wrong = {"headline": "The Balalaika", "authors": ["Nobody"], "section": "wrong", "published_at": None}
        session.execute(update(Article).where(Article.id == ID).values(**wrong, published_on=None))
        rebuild_index(session)
    client: TestClient = request.getfixturevalue("client")  # which reads the values when it starts
    assert count(client, q="balalaika")["total_count"] == 1
    assert [one["value"] for one in count(client)["facets"]["section"]] == ["wrong"]
    reprocess(settings, apply=True)
    assert count(client, q="balalaika")["total_count"] == 0
    assert [hit["id"] for hit in client.get(f"{API}/search?q=xylophone").json()["hits"]] == [ID]
    assert count(client)["facets"]["section"] == []
    assert sum(count(client)["days"].values()) == 2
