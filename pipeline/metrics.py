"""Computes the metrics of an archive, for Prometheus: what `status` shows, and what its runs do."""

import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

import sites
from pipeline.archive import Archive, open_archive
from pipeline.quality.drift import FINDINGS, list_findings
from pipeline.quality.provenance import AGREED, AGREEMENT, ANY_PAGE
from pipeline.site_metrics import describe_sites
from pipeline.status import Status, read_status
from schemas.failure import Failure, UsageFailure
from schemas.outcome import State
from schemas.settings import Settings
from spiders.host_backoff import HostBackoffs
from storage.atomic_file import USER_FILE_MODE, replace_file
from storage.ledger.frontier import count_due
from storage.reports.activity import (
    OTHER_HOST,
    LastRun,
    RunCount,
    count_responses,
    count_runs,
    find_last_successes,
    find_newest_publication,
    list_last_runs,
    list_problems,
    measure_database,
    measure_warcs,
)
from storage.schema.tables import RunStatus

PREFIX = "broadsheet_"

DAY = timedelta(days=1)

ENDED = (RunStatus.COMPLETED, RunStatus.DEGRADED, RunStatus.FAILED, RunStatus.INTERRUPTED)

CODES = ("2xx", "3xx", "4xx", "5xx")
"""Like `ENDED`, all are there from the beginning: Prometheus sees no increase in a counter that begins at 1."""

TEXTFILE_SUFFIX = ".prom"
"""The only files that node_exporter's textfile collector reads."""


class TextfileUnwritable(UsageFailure):
    """The file cannot be written."""


class Reading(NamedTuple):
    """All metrics at one time."""

    metrics: list[Metric]
    failure: Failure | None
    """Why the archive could not be read; its metrics are missing then."""


class _Fixed(Collector):
    """A collector of metrics that were computed before."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> list[Metric]:
        return self._metrics


def read_metrics(settings: Settings) -> Reading:
    """Compute all metrics. Nothing is written, and no run waits for it."""
    started = time.monotonic()
    metrics = [_describe_build(), *_describe_disk(settings), *_describe_backoffs(settings)]
    failure = None
    try:
        with open_archive(settings, writable=False) as archive:
            status = read_status(archive)
            metrics += [*_describe_status(status), *_describe_activity(archive, status)]
            metrics += describe_sites(archive, status.checked_at)
    except Failure as error:
        failure = error
    metrics += [
        _gauge("up", "Whether the archive could be read, 1 or 0.", failure is None),
        _gauge("metrics_timestamp_seconds", "When these metrics were computed.", time.time()),
        _gauge("metrics_duration_seconds", "How long that took.", time.monotonic() - started),
    ]
    return Reading(metrics, failure)


def render_metrics(metrics: list[Metric]) -> bytes:
    """Return metrics in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Fixed(metrics))
    return generate_latest(registry)


def check_textfile(path: Path) -> None:
    """Check the name of a file for node_exporter's textfile collector.

    Raises:
        TextfileUnwritable: the collector would not read it.
    """
    if path.suffix != TEXTFILE_SUFFIX:
        raise TextfileUnwritable(f"{path}: node_exporter reads only files whose names end in {TEXTFILE_SUFFIX}")


def write_textfile(path: Path, content: bytes) -> None:
    """Write a file for node_exporter's textfile collector, which never sees a part of it.

    Raises:
        TextfileUnwritable: it cannot be written.
    """
    try:
        with replace_file(path, USER_FILE_MODE) as file:  # node_exporter is another user
            file.write(content)
    except OSError as error:
        raise TextfileUnwritable(f"{path} cannot be written: {error.strerror or error}") from None


def _describe_build() -> Metric:
    return InfoMetricFamily(f"{PREFIX}build", "The version of Broadsheet.", {"version": version("broadsheet")})


def _describe_disk(settings: Settings) -> Iterator[Metric]:
    folder = settings.data_dir.absolute()
    while not folder.exists():
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    yield _gauge("disk_free_bytes", "Free space on the data directory's disk.", usage.free)
    yield _gauge("disk_size_bytes", "Size of the data directory's disk.", usage.total)


def _describe_backoffs(settings: Settings) -> Iterator[Metric]:
    named, crawled = _list_hosts(), [urlsplit(origin).netloc for origin in _list_origins()]
    ends = dict.fromkeys(crawled, 0.0)
    for host, until in HostBackoffs(settings.spool_dir).list_active().items():
        label = host if host in named else OTHER_HOST
        ends[label] = max(ends.get(label, 0.0), until.timestamp())
    text = "Until when a host asked not to be contacted; 0 if it did not."
    yield _gauges("host_backoff_end_timestamp_seconds", text, "host", ends)


def _list_hosts() -> tuple[str, ...]:
    """Return the hosts of all profiles, those that are crawled first; any other is one too many for a label."""
    hosts = [urlsplit(origin).netloc for origin in _list_origins()]
    known = sorted(host for profile in sites.PUBLISHERS.profiles.values() for host in profile.hosts)
    return tuple(dict.fromkeys((*hosts, *known)))


def _list_origins() -> list[str]:
    return [origin for profile in sites.PUBLISHERS.profiles.values() for origin in profile.origins]


def _describe_status(status: Status) -> Iterator[Metric]:
    """Yield what `status --json` shows."""
    yield _gauge("articles", "Stored articles, without duplicates.", status.article_count)
    yield _gauge("duplicate_articles", "Stored articles with the same text as another one.", status.duplicate_count)
    yield _gauge("quarantined_captures", "Quarantined captures.", status.quarantined_count)
    yield _gauge("advertised_urls", "URLs that any source ever advertised.", status.advertised_count)
    ledger = {state.value: status.ledger.get(state.value, 0) for state in State}
    yield _gauges("urls", "Advertised URLs by their state in the ledger.", "state", ledger)
    text = "Stored (with duplicates) / obtainable advertised articles, 0 to 1."
    yield _gauge("completeness_ratio", text, status.completeness)
    yield _gauge("ledger_problems", "Contradictions in the ledger.", len(status.problems))
    text = "Share of the newest articles that contain known boilerplate, 0 to 1, in the last run that stored any."
    yield _gauge("leak_ratio", text, status.leak_rate)
    text = "Paragraphs in many unrelated articles that are in no boilerplate list, in the last run that stored any."
    yield _gauge("recurring_paragraphs", text, len(status.recurring))
    # The "kind" of all pages is their sum, which a query makes itself.
    pages = {kind: reading.page_count for kind, reading in status.reading.items() if kind != ANY_PAGE}
    yield _gauges("reading_pages", "Articles read by the last run that stored any, by kind.", "kind", pages)
    agreement = Counter({AGREED: 0})
    for reading in status.reading.values():
        agreement.update(reading.sources.get(AGREEMENT, {}))
    text = "Articles of that run by how the two readings of the body agree, or how they differ."
    yield _gauges("reading_agreement_pages", text, "agreement", agreement)


def _describe_activity(archive: Archive, status: Status) -> Iterator[Metric]:
    at, plan = status.checked_at, archive.settings.revisit_plan
    with archive.database.read() as session:
        due = count_due(session, None, at, plan)
        newest = find_newest_publication(session, at)
        warcs = measure_warcs(session)
        database_bytes = measure_database(session)
        problems = list_problems(session, at - DAY)
        responses = count_responses(session, _list_hosts())
        runs, last_runs, successes = count_runs(session), list_last_runs(session), find_last_successes(session)
    yield from _describe_runs(runs)
    yield from _describe_last_runs(last_runs, successes)
    queue = {"new": due.new_count, "known": due.known_count}
    yield _gauges("due_urls", "URLs to fetch now: without an article yet, or to be revisited.", "pages", queue)
    text = "Publication time of the newest article."
    yield _gauge("newest_article_timestamp_seconds", text, newest.timestamp() if newest else None)
    findings = {name: len(list_findings(problems, [name])) for name in FINDINGS}
    yield _gauges("day_findings", "What the runs of the last day noticed about their reading.", "finding", findings)
    yield _describe_responses(responses)
    yield _gauge("warc_files", "WARC files that are loaded, wherever they are.", warcs.file_count)
    yield _gauge("warc_bytes", "Their loaded bytes.", warcs.loaded_bytes)
    yield _gauge("database_bytes", "Size of the database.", database_bytes)


def _describe_runs(runs: list[RunCount]) -> Iterator[Metric]:
    total = CounterMetricFamily(f"{PREFIX}runs", "Runs that ended, by kind and status.", labels=("kind", "status"))
    duration = SummaryMetricFamily(f"{PREFIX}run_duration_seconds", "Durations of runs that ended.", labels=("kind",))
    for kind, group in groupby(runs, key=lambda one: one.kind):
        by_status = {one.status: one for one in group if one.status is not RunStatus.RUNNING}
        for status in ENDED:
            total.add_metric((kind, status), by_status[status].run_count if status in by_status else 0)
        ended = by_status.values()
        duration.add_metric((kind,), sum(one.run_count for one in ended), sum(one.seconds for one in ended))
    yield total
    yield duration
    running = dict.fromkeys((one.kind for one in runs), 0)
    running |= {one.kind: one.run_count for one in runs if one.status is RunStatus.RUNNING}
    yield _gauges("running_runs", "Runs that go on, or died and were not followed by another.", "kind", running)


def _describe_last_runs(last_runs: list[LastRun], successes: Mapping[str, datetime]) -> Iterator[Metric]:
    seconds = {one.kind: (one.ended_at - one.started_at).total_seconds() for one in last_runs}
    yield _gauges("last_run_duration_seconds", "Duration of the run that ended last.", "kind", seconds)
    ends = {one.kind: one.ended_at.timestamp() for one in last_runs}
    yield _gauges("last_run_end_timestamp_seconds", "When that run ended.", "kind", ends)
    counts = {one.kind: one.problem_count for one in last_runs}
    yield _gauges("last_run_problems", "Problems in its report; 0 for a good or a killed run.", "kind", counts)
    succeeded = {kind: at.timestamp() for kind, at in successes.items()}
    yield _gauges("last_success_timestamp_seconds", "When the last run that did its work ended.", "kind", succeeded)


def _describe_responses(responses: Mapping[tuple[str, int], int]) -> Metric:
    text = "Responses in WARC files to the crawl's requests, robots.txt and feeds included."
    family = CounterMetricFamily(f"{PREFIX}responses", text, labels=("host", "code"))
    classes: Counter[tuple[str, str]] = Counter()
    for (host, status), count in responses.items():
        classes[host, f"{status // 100}xx"] += count
    for host in sorted({host for host, _ in responses}):
        for code in CODES:
            family.add_metric((host, code), classes[host, code])
    return family


def _gauge(name: str, text: str, value: float | None) -> Metric:
    """Return a metric without labels; without a value, it has only its description."""
    return GaugeMetricFamily(f"{PREFIX}{name}", text, value=None if value is None else float(value))


def _gauges(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}{name}", text, labels=(label,))
    for key, value in values.items():
        family.add_metric((key,), value)
    return family
