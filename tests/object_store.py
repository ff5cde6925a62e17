"""An S3 on loopback: moto's server, in a process of its own."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from fsspec import get_filesystem_class

from flows.server import find_port
from pipeline.reader import end_idle_process
from tests.waiting import wait_until


@contextmanager
def running_s3() -> Iterator[dict[str, str]]:
    """Within the block, an S3 without buckets is up; yield the usual AWS variables that lead to it."""
    forget_clients()
    port = find_port(0)
    command = [sys.executable, "-c", "from moto.server import main; main()", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_until(lambda: _is_listening(port))
            yield {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_DEFAULT_REGION": "us-east-1",
            }
        finally:
            server.kill()


def forget_clients() -> None:
    """Drop the library's S3 clients: they lead to another test's server, whatever the variables say by now.

    The reading process that waits for the next reader has its own.
    """
    get_filesystem_class("s3").clear_instance_cache()
    end_idle_process()


def _is_listening(port: int) -> bool:
    with socket.socket() as found:
        return found.connect_ex(("127.0.0.1", port)) == 0
