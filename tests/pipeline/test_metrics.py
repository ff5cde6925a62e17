"""The metrics say what `status` says; alert rules, dashboard and documents name metrics that exist."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML

from pipeline.archive import open_archive
from pipeline.database_copy import copy_archive
from pipeline.ingest import ingest_once
from pipeline.metrics import TextfileUnwritable, read_metrics, render_metrics, write_textfile
from pipeline.status import Status, read_status
from replica.server import running
from replica.site import Site
from schemas.settings import Settings
from spiders.host_backoff import HostBackoffs
from storage.engine import DatabaseMissing
from tests.postgresql import PostgreSQL

ROOT = Path(__file__).parent.parent.parent
MONITORING = ROOT / "docker" / "monitoring"
DOCUMENT = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
RULES: list[dict[str, Any]] = YAML(typ="safe").load(MONITORING / "alerts.yml")["groups"][0]["rules"]
PANELS: list[dict[str, Any]] = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))["panels"]
QUERIES = [
    *((rule["alert"], rule["expr"]) for rule in RULES),
    *((panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]),
]
PROMETHEUS_OWN = {"up": {"job", "instance"}, "ALERTS": {"alertname", "alertstate"}}
"""Metrics that Prometheus itself makes, and their labels."""

UNITS = ("_seconds", "_bytes", "_ratio", "_info")
SUMMARY_SUFFIXES = ("_count", "_sum")


class Series(NamedTuple):
    """A sample's name and labels."""

    name: str
    labels: tuple[tuple[str, str], ...] = ()


def read_series(content: bytes) -> dict[Series, float]:
    families = text_string_to_metric_families(content.decode())
    samples = [one for family in families for one in family.samples]
    found = {Series(one.name, tuple(sorted(one.labels.items()))): one.value for one in samples}
    assert len(found) == len(samples)  # none is there twice
    return found


def pick(series: dict[Series, float], name: str, label: str) -> dict[str, float]:
    """Label value -> value of a metric with one label."""
    return {dict(labels)[label]: value for (found, labels), value in series.items() if found == f"broadsheet_{name}"}


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    server = PostgreSQL()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An archive of a small site, after one run that its own settings let fail."""
    with running(Site(20, duplicate_share=0.3)) as server:
        settings = Settings(
            data_dir=tmp_path_factory.mktemp("metrics") / "data",
            contact="test@example.org",
            delay_seconds=0,
            concurrency=8,
            origins=dict(server.origins),
            floors={"completeness": 1.0},
        )
        ingest_once(settings, "moscow-times", "all")
    return settings


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, ingested: Settings) -> Settings:
    """The archive, on each database."""
    if request.param == "sqlite":
        return ingested
    server: PostgreSQL = request.getfixturevalue("postgresql")
    server.create("metrics")
    url = server.url("metrics")
    copy_archive(ingested, url)
    return ingested.model_copy(update={"database_url": url})


def read_archive(settings: Settings) -> tuple[Status, dict[Series, float]]:
    with open_archive(settings, writable=False) as archive:
        status = read_status(archive)
    found = read_metrics(settings)
    assert found.failure is None
    return status, read_series(render_metrics(found.metrics))


def test_every_value_equals_that_of_the_status(settings: Settings) -> None:
    status, series = read_archive(settings)
    [run] = status.runs
    assert run.report
    assert run.ended_at
    alone = {
        "up": 1,
        "articles": status.article_count,
        "duplicate_articles": status.duplicate_count,
        "quarantined_captures": status.quarantined_count,
        "advertised_urls": status.advertised_count,
        "completeness_ratio": status.completeness,
        "leak_ratio": status.leak_rate,
        "recurring_paragraphs": len(status.recurring),
        "ledger_problems": len(status.problems),
        "warc_files": 1,
    }
    assert {name: series[Series(f"broadsheet_{name}")] for name in alone} == alone
    assert status.duplicate_count  # else the test shows little
    assert status.quarantined_count
    urls = pick(series, "urls", "state")
    assert {state: count for state, count in urls.items() if count} == status.ledger
    assert sum(urls.values()) == status.advertised_count
    pages = {kind: found.page_count for kind, found in status.reading.items() if kind != "page"}
    assert pick(series, "reading_pages", "kind") == pages
    assert pick(series, "reading_agreement_pages", "agreement")["agreed"] == sum(pages.values())
    assert pick(series, "last_run_problems", "kind") == {"ingest": len(run.report.problems)} == {"ingest": 1}
    assert pick(series, "last_run_end_timestamp_seconds", "kind") == {"ingest": run.ended_at.timestamp()}
    assert pick(series, "runs_total", "status") == {"completed": 0, "degraded": 0, "failed": 1, "interrupted": 0}
    assert pick(series, "last_success_timestamp_seconds", "kind") == {}
    assert pick(series, "site_articles", "site") == {"moscow-times": status.article_count}
    assert pick(series, "site_scheduled", "site") == {"moscow-times": 1}
    assert pick(series, "site_completeness_ratio", "site") == {"moscow-times": status.completeness}
    assert pick(series, "site_urls", "state") == urls
    assert pick(series, "site_due_urls", "pages") == pick(series, "due_urls", "pages")
    responses = sum(value for (name, _), value in series.items() if name == "broadsheet_responses_total")
    assert responses == run.report.request_count


def test_the_exposition_follows_the_conventions(settings: Settings) -> None:
    """What `promtool check metrics` looks for."""
    content = render_metrics(read_metrics(settings).metrics).decode()
    described = re.findall(r"^# (HELP|TYPE) (\w+) (.+)$", content, re.MULTILINE)
    names = [name for kind, name, _ in described if kind == "HELP"]
    types = {name: text for kind, name, text in described if kind == "TYPE"}
    assert len(names) == len(set(names)) == len(types) > 30
    for name, kind in types.items():
        assert re.fullmatch(r"broadsheet_[a-z]+(?:_[a-z]+)*", name)
        assert name.endswith("_total") == (kind == "counter"), name
        assert not name.endswith(SUMMARY_SUFFIXES), name
        assert not any(unit in name and not name.endswith(unit) for unit in UNITS), name
    for sample in read_series(content.encode()):
        assert sample.name.removesuffix("_count").removesuffix("_sum") in types, sample


def test_openmetrics_can_be_asked_for_too(settings: Settings) -> None:
    metrics = read_metrics(settings).metrics

    class Fixed:
        def collect(self) -> list[Metric]:
            return metrics

    text = generate_latest(Fixed()).decode()  # type: ignore[no-untyped-call] # of the library
    families = parse_openmetrics(text)  # type: ignore[no-untyped-call] # of the library
    assert {family.name for family in families} == {metric.name for metric in metrics}


def test_hosts_that_no_profile_names_share_a_label(ingested: Settings) -> None:
    backoffs = HostBackoffs(ingested.spool_dir)
    for host in ("www.themoscowtimes.com", "a.example", 'b".example\n'):
        backoffs.record(host, timedelta(hours=1))
    _, series = read_archive(ingested)
    (ingested.spool_dir / "resting.json").unlink()
    ends = pick(series, "host_backoff_end_timestamp_seconds", "host")
    assert {host for host, end in ends.items() if end} == {"www.themoscowtimes.com", "other"}
    assert ends["ru.themoscowtimes.com"] == 0
    assert len(series) < 150  # however long the archive lasts


def test_label_values_are_escaped() -> None:
    family = GaugeMetricFamily("a", "A \\ b\nc.", labels=("label",))
    family.add_metric(('say "no"\\\n',), 1)
    assert read_series(render_metrics([family])) == {Series("a", (("label", 'say "no"\\\n'),)): 1}


def test_no_secret_is_shown_even_if_the_database_does_not_respond(ingested: Settings) -> None:
    secret = "hush"  # noqa: S105 - nobody's
    given = {
        "database_url": f"postgresql://me:{secret}@127.0.0.1:1/none",
        "notify_url": f"mailto://me:{secret}@example.org",
        "contact": f"{secret}@example.org",
    }
    found = read_metrics(Settings(data_dir=ingested.data_dir / secret, warc_url="", **given))  # type: ignore[arg-type]
    assert found.failure
    content = render_metrics(found.metrics).decode()
    assert secret not in f"{content}{found.failure}"


def test_an_archive_that_cannot_be_read_is_a_metric(tmp_path: Path) -> None:
    found = read_metrics(Settings(data_dir=tmp_path / "none"))
    assert isinstance(found.failure, DatabaseMissing)
    series = read_series(render_metrics(found.metrics))
    assert series[Series("broadsheet_up")] == 0
    assert series[Series("broadsheet_disk_free_bytes")] > 0
    assert Series("broadsheet_articles") not in series
    assert not (tmp_path / "none").exists()


def test_a_textfile_is_replaced_as_a_whole_and_others_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "broadsheet.prom"
    path.write_text("before")
    before = path.open()
    write_textfile(path, b"after")
    with before:
        assert before.read() == "before"  # whoever reads it sees one of the two
    assert path.read_text() == "after"
    assert path.stat().st_mode & 0o044 == 0o044
    assert list(tmp_path.iterdir()) == [path]


def test_a_textfile_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(TextfileUnwritable, match=r"folder\.prom cannot be written: No such file or directory"):
        write_textfile(tmp_path / "none" / "folder.prom", b"")


def test_each_alert_and_panel_names_metrics_and_labels_that_exist(ingested: Settings) -> None:
    found: dict[str, set[str]] = {  # no run has succeeded
        "broadsheet_last_success_timestamp_seconds": {"kind"},
        "broadsheet_site_last_success_timestamp_seconds": {"site"},
    }
    for series in read_archive(ingested)[1]:
        found.setdefault(series.name, set()).update(label for label, _ in series.labels)
    found |= PROMETHEUS_OWN
    for title, query in QUERIES:
        named = list_metrics(query)
        assert named, title
        for name, labels in named:
            assert name in found, title
            assert labels <= found[name] | {"job"}, (title, name)
        grouped = {label for group in re.findall(r"\b(?:by|on) \(([\w, ]+)\)", query) for label in group.split(", ")}
        assert grouped <= set().union(*(found[name] for name, _ in named)), title


def list_metrics(query: str) -> list[tuple[str, set[str]]]:
    """The metrics that a query names, with the labels by which it selects."""
    found = re.findall(r"\b(broadsheet_\w+|up|ALERTS)\b(?:\{([^}]*)\})?", query)
    return [(name, set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers))) for name, matchers in found]


def test_every_label_value_that_a_query_selects_can_occur(ingested: Settings) -> None:
    _, series = read_archive(ingested)
    values = {(name, *pair) for name, labels in series for pair in labels}
    values.add(("broadsheet_last_success_timestamp_seconds", "kind", "ingest"))
    for title, query in QUERIES:
        for name, matchers in re.findall(r"\b(broadsheet_\w+)\{([^}]*)\}", query):
            for label, wanted in re.findall(r'(\w+)(?:=~|!=|=)"([^"]*)"', matchers):
                for value in wanted.split("|"):
                    assert (name, label, value) in values, title


def test_every_metric_and_every_alert_is_explained(ingested: Settings) -> None:
    content = render_metrics(read_metrics(ingested).metrics).decode()
    names = set(re.findall(r"^# TYPE (\w+)", content, re.MULTILINE))
    assert set(re.findall(r"^\| `(broadsheet_\w+)", DOCUMENT, re.MULTILINE)) == names
    alerts = [rule["alert"] for rule in RULES]
    assert re.findall(r"^\| `(Broadsheet\w+)`", DOCUMENT, re.MULTILINE) == alerts
    assert len(set(alerts)) == len(alerts)


def test_panels_have_titles_ids_and_places_of_their_own() -> None:
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    cells = [
        (x, y)
        for panel in PANELS
        for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert all(0 <= x < 24 for x, _ in cells)
    source = YAML(typ="safe").load(MONITORING / "datasource.yml")["datasources"][0]
    assert {target["datasource"]["uid"] for panel in PANELS for target in panel["targets"]} == {source["uid"]}
