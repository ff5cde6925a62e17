"""The command `serve`, really started."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from cli.serve import HostUnusable, listening
from pipeline.archive import open_archive
from schemas.settings import Settings
from tests.web.sample import fill


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    with open_archive(Settings(data_dir=folder), writable=True) as archive:
        fill(archive.database)
    return folder


@pytest.mark.parametrize(("number", "says"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")])
def test_the_archive_is_served_until_a_signal_ends_it(data_dir: Path, number: signal.Signals, says: str) -> None:
    environment = os.environ | {"BROADSHEET_DATA_DIR": str(data_dir)}
    command = [sys.executable, "-m", "cli", "serve", "--port", "0"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        found = re.search(r"http://127\.0\.0\.1:\d+/", process.stderr.readline())
        assert found
        with httpx.Client() as client:  # whose connection stays open while the server is to end
            assert "Peace Talks" in client.get(f"{found[0]}article/moscow-times:en:2").text
            process.send_signal(number)
            assert process.stderr.read() == f"broadsheet: {says}\n"
            assert process.wait() == 128 + number


def test_a_port_that_is_taken_is_one_line() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(HostUnusable, match="already in use"),
        listening("127.0.0.1", taken.getsockname()[1]),
    ):
        pass


def test_a_host_that_is_not_here_is_one_line() -> None:
    with pytest.raises(HostUnusable), listening("192.0.2.1", 0):
        pass


def test_no_part_of_a_response_waits_for_an_acknowledgement() -> None:
    with listening("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
