"""The command `metrics`, and `/metrics` over HTTP for whatever else serves it."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.failure import UsageFailure
from schemas.printing import print_line

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

    from schemas.settings import Settings

CACHE_SECONDS = 15
"""How long computed metrics are served again, at least: several scrapers cost no more than one."""

CACHE_FACTOR = 20
"""How many times as long as they took to compute: a large archive's cost a twentieth of a core at most. Not for those
of an archive that could not be read: it may be back soon, and waiting for a database costs nothing."""


class MetricsUnservable(UsageFailure):
    """`/metrics` cannot be served at the host and port of the settings."""


class ArchiveCollector:
    """Computes the metrics when they are scraped."""

    def __init__(self, settings: "Settings") -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._metrics: list[Metric] = []
        self._stale_at = 0.0
        self._reported = ""

    def collect(self) -> "list[Metric]":
        """Return the metrics, computed now or not long ago."""
        with self._lock:
            started = time.monotonic()
            if not self._metrics or started > self._stale_at:
                is_complete = self.compute()
                ended = time.monotonic()
                cost = CACHE_FACTOR * (ended - started) if is_complete else 0
                self._stale_at = ended + max(CACHE_SECONDS, cost)
            return self._metrics

    def compute(self) -> bool:
        """Compute the metrics now, and return whether none is missing; report a reason on standard error once."""
        from pipeline.metrics import read_metrics  # at the first scrape: unread metrics need no memory

        self._metrics, failure = read_metrics(self._settings)
        reason = str(failure) if failure else ""
        if reason and reason != self._reported:
            print_line(f"broadsheet: the metrics are incomplete: {reason}")
        self._reported = reason
        return failure is None


@contextmanager
def serving_metrics(settings: "Settings") -> Iterator[str | None]:
    """Within the block, serve `/metrics` at the host and port of the settings; yield its URL, None without a port.

    Raises:
        MetricsUnservable: something else listens there, or the host is not this machine's.
    """
    if not settings.metrics_port:
        yield None
        return
    from prometheus_client import CollectorRegistry, start_http_server

    host, port = settings.metrics_host, settings.metrics_port
    registry = CollectorRegistry()
    registry.register(ArchiveCollector(settings))
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise MetricsUnservable(f"metrics cannot be served at {host}:{port}: {error.strerror or error}") from None
    try:
        yield f"http://{f'[{host}]' if ':' in host else host}:{port}/metrics"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def metrics(
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.prom", help="Write them to a file, for node_exporter's textfiles.")
    ] = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="Serve them at BROADSHEET_METRICS_PORT until stopped.")
    ] = False,
) -> None:
    """Print the archive's metrics for Prometheus; or write them to a file, or serve them."""
    from schemas.settings import load_settings

    settings = load_settings()
    if serve:
        if out:
            raise typer.BadParameter("--serve and --out exclude each other")
        _serve(settings)
        return
    from pipeline.metrics import check_textfile, read_metrics, render_metrics, write_textfile

    if out:
        check_textfile(out)
    found, failure = read_metrics(settings)
    content = render_metrics(found)
    if out:
        write_textfile(out, content)
    else:
        sys.stdout.write(content.decode())
    if failure:  # `broadsheet_up` says so too
        raise failure


def _serve(settings: "Settings") -> None:
    if not settings.metrics_port:
        raise typer.BadParameter("--serve needs a port: set BROADSHEET_METRICS_PORT")
    with serving_metrics(settings) as url:
        print_line(f"broadsheet: metrics are at {url}; Ctrl-C stops it")
        threading.Event().wait()
