"""A release of the replica's articles, unpacked by pywb and served by it on loopback."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from pipeline.archive import open_archive
from pipeline.ingest import ingest_once
from pipeline.release import make_release
from replica.server import running
from replica.site import Site
from schemas.export import ArticleFilter
from schemas.release import WACZ_PATH
from schemas.settings import Settings
from storage.warc.cdxj import TIME_FORMAT
from tests.waiting import PATIENCE_SECONDS, wait_until

ROOT = Path(__file__).parent.parent.parent
PYWB = ROOT / ".venv-replay" / "bin"
"""An environment of its own: pywb needs redis 2.10, Prefect needs redis 8."""

COLLECTION = "release"
KINDS = ("article", "opinion", "gallery", "video", "podcast", "live")
ARTICLE_COUNT = 48


@dataclass(frozen=True)
class Replay:
    """pywb, serving a collection."""

    client: httpx.Client

    def get(self, url: str, fetched_at: datetime, modifier: str) -> httpx.Response:
        """Request a capture: with the modifier `id_` as it was archived, with `mp_` as readers get it."""
        return self.client.get(f"/{COLLECTION}/{fetched_at:{TIME_FORMAT}}{modifier}/{url}", follow_redirects=False)


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of an archive with articles of every kind."""
    folder = tmp_path_factory.mktemp("release")
    with running(Site(ARTICLE_COUNT, kinds=KINDS)) as server:
        settings = Settings(
            data_dir=folder / "data",
            contact="test@example.org",
            delay_seconds=0,
            concurrency=8,
            origins=dict(server.origins),
        )
        assert ingest_once(settings, "moscow-times", "sitemaps").problems == ()
    with open_archive(settings, writable=False) as archive:
        make_release(archive, folder / "release", ArticleFilter())
    return folder / "release"


@pytest.fixture(scope="session")
def replay(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    """The release's WACZ file, added to a collection by pywb's own command, and served."""
    folder = tmp_path_factory.mktemp("pywb")
    manage = str(PYWB / "wb-manager")
    subprocess.run([manage, "init", COLLECTION], cwd=folder, check=True, capture_output=True)
    added = [manage, "add", "--unpack-wacz", COLLECTION, str(release / WACZ_PATH)]
    subprocess.run(added, cwd=folder, check=True, capture_output=True)
    with serving(folder) as url, httpx.Client(base_url=url, trust_env=False, timeout=PATIENCE_SECONDS) as client:
        yield Replay(client)


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve the collections of a folder; yield the server's URL."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [str(PYWB / "wayback"), "--bind", "127.0.0.1", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=dict(os.environ))
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: process.poll() is not None or responds(url))
        assert process.poll() is None, (folder / "log").read_text()
        yield url
    finally:
        process.terminate()
        process.wait()


def responds(url: str) -> bool:
    """Whether a server responds at this URL."""
    with suppress(httpx.TransportError):
        return httpx.get(url, trust_env=False).is_success
    return False
