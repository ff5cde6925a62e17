"""What a reader sees when something fails."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from pipeline.archive import open_archive
from pipeline.status import RecordRedacted, RecordUnknown
from schemas.redaction import Tombstone
from schemas.settings import Settings
from storage.engine import DatabaseLost
from storage.outage import QueryTimedOut
from tests.web.conftest import BASE_URL
from tests.web.sample import article_id, fill
from web.app import create_app
from web.error_page import add_error_pages

TOMBSTONE = Tombstone(
    id="moscow-times:en:1", reason="As the court ordered.", redacted_at=datetime(2026, 10, 1, tzinfo=UTC)
)


def test_a_database_that_is_away_is_reported_without_its_place(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    with open_archive(settings, writable=True) as opened:
        fill(opened.database)
    with open_archive(settings, writable=False) as opened:
        client = TestClient(create_app(opened), base_url=BASE_URL)
        assert client.get("/health").status_code == 200
        opened.database.close()
        (tmp_path / "data").rename(tmp_path / "moved")
        for path in ("/", f"/article/{article_id(1)}", "/api/v1/search", "/api/v1/coverage", "/export.csv", "/health"):
            response = client.get(path)
            assert response.status_code == 503, path
            assert response.headers["retry-after"]
            assert str(tmp_path) not in response.text
            assert "does not respond" in response.text
        (tmp_path / "moved").rename(tmp_path / "data")
        assert "Peace Talks" in client.get("/").text


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (QueryTimedOut("the query took too long, and was ended"), 503, "The query took too long, and was ended."),
        (DatabaseLost("postgresql://me@host/archive: gone"), 503, "does not respond"),
        (RecordUnknown("no record nothing in the archive"), 404, "No record nothing in the archive."),
        (RecordRedacted(TOMBSTONE), 410, "moscow-times:en:1 was redacted on 2026-10-01: As the court ordered."),
        (KeyError("a secret"), 500, "a defect of the program"),
    ],
)
def test_each_failure_has_its_page(client: TestClient, error: Exception, status: int, says: str) -> None:
    app = make_failing_app(client, error)
    for path in ("/fails", "/api/fails"):
        response = TestClient(app, base_url=BASE_URL, raise_server_exceptions=False).get(path)
        assert response.status_code == status
        assert says in response.text
        assert "secret" not in response.text
        assert "postgresql" not in response.text


def make_failing_app(client: TestClient, error: Exception) -> FastAPI:
    """Return an application with two routes that fail, and the templates of the client's own."""
    app = FastAPI()
    add_error_pages(app)
    app.state.context = client.app._app.state.context  # type: ignore[attr-defined]  # noqa: SLF001 - the guarded one

    def fail(_request: Request) -> None:
        raise error

    app.get("/fails")(fail)
    app.get("/api/fails")(fail)
    return app
