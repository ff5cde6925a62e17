"""`broadsheet metrics`, and `/metrics` over HTTP."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Barrier, Thread

import httpx
import pytest

from cli.metrics import ArchiveCollector, MetricsUnservable, serving_metrics
from flows.server import find_port
from pipeline.archive import open_archive
from pipeline.file_import import import_paths
from schemas.settings import Settings
from tests.docker.compose import ROOT
from tests.waiting import wait_until

Broadsheet = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def settings(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An archive of the seeds, which says where to serve its metrics."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("metrics") / "data", metrics_port=find_port(0))
    with open_archive(settings, writable=True) as archive:
        import_paths(archive, sorted(seeds.glob("*.txt")))
    return settings


@pytest.fixture
def url(settings: Settings) -> Iterator[str]:
    with serving_metrics(settings) as url:
        assert url == f"http://127.0.0.1:{settings.metrics_port}/metrics"
        yield url


def read_value(text: str, name: str) -> float:
    [line] = [line for line in text.splitlines() if line.startswith(f"{name} ")]
    return float(line.split()[1])


def test_the_metrics_are_printed_or_written(broadsheet: Broadsheet, settings: Settings, tmp_path: Path) -> None:
    given = {"BROADSHEET_DATA_DIR": str(settings.data_dir)}
    printed = broadsheet("metrics", **given)
    assert (printed.returncode, printed.stderr) == (0, "")
    assert read_value(printed.stdout, "broadsheet_articles") == 5
    path = tmp_path / "broadsheet.prom"
    written = broadsheet("metrics", "--out", path, **given)
    assert (written.returncode, written.stdout, written.stderr) == (0, "", "")
    assert read_value(path.read_text(), "broadsheet_articles") == 5


def test_without_an_archive_the_file_says_so_and_the_command_fails(
    broadsheet: Broadsheet, data_dir: Path, tmp_path: Path
) -> None:
    path = tmp_path / "broadsheet.prom"
    ended = broadsheet("metrics", "--out", path)
    assert ended.returncode == 2
    assert "nothing is stored yet" in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert read_value(path.read_text(), "broadsheet_up") == 0
    assert not data_dir.exists()


def test_a_scrape_neither_waits_for_a_run_nor_holds_one_up(settings: Settings, url: str) -> None:
    with open_archive(settings, writable=True) as archive, archive.database.begin():
        # A run has the folder's lock and is writing.
        assert read_value(httpx.get(url).text, "broadsheet_up") == 1
        with archive.database.read():
            pass
    with open_archive(settings, writable=True) as archive, archive.database.begin():
        pass  # the next one begins at once


def test_scrapes_at_the_same_time_are_computed_once(url: str) -> None:
    barrier, found = Barrier(4), []

    def scrape() -> None:
        barrier.wait()
        found.append(httpx.get(url).text)

    threads = [Thread(target=scrape) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len({read_value(text, "broadsheet_metrics_timestamp_seconds") for text in found}) == 1


def test_only_loopback_is_listened_on_and_only_reading_is_served(settings: Settings, url: str) -> None:
    assert httpx.post(url).status_code == 405
    with socket.socket() as probe:  # another address of loopback is another interface
        assert probe.connect_ex(("127.0.0.2", settings.metrics_port)) != 0


def test_without_a_port_nothing_is_served() -> None:
    with serving_metrics(Settings()) as url:
        assert url is None


@pytest.mark.usefixtures("url")
def test_a_port_that_is_taken_is_one_line(settings: Settings) -> None:
    with pytest.raises(MetricsUnservable, match="Address already in use"), serving_metrics(settings):
        pass


def test_an_archive_that_goes_away_is_reported_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    collector = ArchiveCollector(Settings(data_dir=tmp_path / "none"))
    for _ in range(2):
        collector.compute()
    said = capfd.readouterr().err
    assert said.startswith("broadsheet: the metrics are incomplete: nothing is stored yet")
    assert said.count("\n") == 1


def test_a_worker_of_the_deployment_serves_them_beside_its_command(settings: Settings) -> None:
    port = find_port(0)
    environment = os.environ | {
        "BROADSHEET_DATA_DIR": str(settings.data_dir),
        "BROADSHEET_METRICS_PORT": str(port),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    command = [sys.executable, str(ROOT / "docker" / "worker.py"), "sleep", "600"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as worker:

        def is_served() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        wait_until(is_served)
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=60).text
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=60)
    assert read_value(text, "broadsheet_articles") == 5
    wait_until(lambda: not is_served())
