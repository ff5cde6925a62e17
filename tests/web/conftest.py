"""An archive with a few articles, and a client of the server that shows it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from pipeline.archive import Archive, open_archive
from schemas.settings import Settings
from tests.web.sample import fill
from web.app import create_app

BASE_URL = "http://127.0.0.1:8600"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """The sample, in SQLite; tests only read it."""
    settings = Settings(data_dir=Path(tmp_path_factory.mktemp("data")), serve_requests_per_minute=0)
    with open_archive(settings, writable=True) as opened:
        fill(opened.database)
    with open_archive(settings, writable=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(archive: Archive) -> TestClient:
    return TestClient(create_app(archive), base_url=BASE_URL)
