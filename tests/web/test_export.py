"""An export whose client goes away, and a query that takes too long: neither occupies the server."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from starlette.types import Message

from pipeline.archive import Archive, open_archive
from schemas.settings import Settings
from tests.postgresql import PostgreSQL
from tests.web.conftest import BASE_URL
from tests.web.sample import article_id, fill
from web.app import EXPORT_COUNT, create_app

SCOPE: dict[str, Any] = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/export.jsonl",
    "raw_path": b"/export.jsonl",
    "root_path": "",
    "query_string": b"",
    "headers": [(b"host", b"127.0.0.1")],
}


def list_temporary_files() -> set[str]:
    """List the files without a name that this process has open."""
    targets = []
    for one in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # that of the folder itself
            targets.append(str(one.readlink()))
    return {one for one in targets if one.startswith(gettempdir()) and one.endswith("(deleted)")}


async def export(archive: Archive, after_count: int) -> tuple[int, int]:
    """Ask for an export, and go away after some messages; return the status, and the free places for others."""
    app: Any = create_app(archive)
    sent: list[Message] = []
    is_gone = asyncio.Event()

    async def send(message: Message) -> None:
        sent.append(message)
        if len(sent) >= after_count:
            is_gone.set()

    async def receive() -> Message:
        if after_count:
            await is_gone.wait()
        return {"type": "http.disconnect"}

    await app(SCOPE, receive, send)
    places = app._app.state.context.export_places  # noqa: SLF001 - the guarded application
    return sent[0]["status"], sum(places.acquire(blocking=False) for _ in range(EXPORT_COUNT + 1))


@pytest.mark.parametrize(("after_count", "status"), [(0, 400), (3, 200)])
def test_an_export_ends_with_its_client(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, after_count: int, status: int
) -> None:
    monkeypatch.setattr("web.routes.export.CHUNK_BYTES", 16)  # so that there is a middle
    before = list_temporary_files()
    assert asyncio.run(export(archive, after_count)) == (status, EXPORT_COUNT)
    assert list_temporary_files() <= before


def test_while_exports_are_made_the_next_one_waits_but_a_request_for_headers_makes_none(archive: Archive) -> None:
    app: Any = create_app(archive)
    client = TestClient(app, base_url=BASE_URL)
    places = app._app.state.context.export_places  # noqa: SLF001 - the guarded application
    for _ in range(EXPORT_COUNT):
        assert places.acquire(blocking=False)
    refused = client.get("/export.csv")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "60")
    told = client.head("/export.csv")
    assert (told.status_code, told.headers["content-type"], told.content) == (200, "text/csv; charset=utf-8", b"")
    assert "content-length" not in told.headers
    assert client.head("/export.csv?q=%22").status_code == client.get("/export.csv?q=%22").status_code == 400


SLOW = {
    "sqlite": "SELECT article_row.* FROM article_row, (WITH RECURSIVE n(x) AS "
    "(SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) AS x FROM n) AS slow WHERE slow.x IS NOT NULL",
    "postgresql": "SELECT article_row.* FROM article_row, "
    "(SELECT pg_sleep(600)::text AS x) AS slow WHERE slow.x IS NOT NULL",
}
"""Selects whose first row takes forever."""


@pytest.fixture(params=SLOW)
def slow(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Archive]:
    """An archive of which no article can be read in time."""
    given: dict[str, Any] = {"data_dir": tmp_path / "data", "serve_query_seconds": 0.5}
    server: PostgreSQL | None = None
    if request.param == "postgresql":
        server = PostgreSQL()
        name = f"test_{uuid4().hex}"
        server.create(name)
        given["database_url"] = server.url(name)
    settings = Settings.model_validate(given)
    with open_archive(settings, writable=True) as archive:
        fill(archive.database)
        with archive.database.begin() as session:
            session.execute(text("ALTER TABLE article RENAME TO article_row"))
            session.execute(text(f"CREATE VIEW article AS {SLOW[request.param]}"))
    with open_archive(settings, writable=False) as archive:
        yield archive
    if server:
        server.stop()


def test_a_query_that_takes_too_long_is_ended_and_others_are_answered(slow: Archive) -> None:
    client = TestClient(create_app(slow), base_url=BASE_URL)
    for path in (f"/article/{article_id(1)}", f"/history/{article_id(1)}", f"/api/v1/articles/{article_id(1)}"):
        response = client.get(path)
        assert response.status_code == 503
        assert "took too long" in response.text
        assert response.headers["retry-after"]
    assert client.get("/health").status_code == 200
