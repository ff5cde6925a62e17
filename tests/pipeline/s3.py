"""An S3 on loopback, behind a proxy that makes it slow or unreachable."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fsspec import filesystem
from moto.server import ThreadedMotoServer

from tests.object_store import forget_clients
from tests.proxy import Proxy, running_proxy


@contextmanager
def running_s3(bucket: str) -> Iterator[Proxy]:
    """Within the block, the usual AWS variables lead to an S3 with this empty bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    with running_proxy(server.get_host_and_port()[1]) as proxy, pytest.MonkeyPatch.context() as patch:
        variables = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{proxy.port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_MAX_ATTEMPTS": "1",  # an outage is one at once
        }
        for name, value in variables.items():
            patch.setenv(name, value)
        forget_clients()
        filesystem("s3").mkdir(bucket)
        yield proxy
    server.stop()
