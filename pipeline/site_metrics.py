"""Computes the metrics of each publisher in an archive, for Prometheus."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from pipeline.archive import Archive
from pipeline.run import measure_completeness
from pipeline.site_choice import list_chosen
from schemas.outcome import State
from storage.ledger.frontier import count_due, count_states
from storage.reports.calendar import list_sites
from storage.reports.site_activity import (
    count_site_articles,
    count_site_quarantine,
    find_last_site_successes,
    find_newest_publications,
)

PREFIX = "broadsheet_site_"


def describe_sites(archive: Archive, at: datetime) -> Iterator[Metric]:
    """Yield what the archive-wide metrics say, for each site that is scheduled or has anything in the archive."""
    chosen, plan = list_chosen(archive.settings), archive.settings.revisit_plan
    with archive.database.read() as session:
        sites = sorted({*chosen, *list_sites(session)})
        articles, quarantined = count_site_articles(session), count_site_quarantine(session)
        ledgers = {site: count_states(session, site) for site in sites}
        due = {site: count_due(session, site, at, plan) for site in sites}
        newest = find_newest_publications(session, at)
        successes = find_last_site_successes(session, "ingest")
    yield _gauge("scheduled", "Whether the schedule crawls the site, 1 or 0.", {one: one in chosen for one in sites})
    yield _gauge("articles", "The site's articles, without duplicates.", {one: articles.get(one, 0) for one in sites})
    counts = {one: quarantined.get(one, 0) for one in sites}
    yield _gauge("quarantined_captures", "Quarantined captures of its URLs.", counts)
    shares = {site: measure_completeness(_by_name(found)) for site, found in ledgers.items()}
    text = "Stored (with duplicates) / obtainable of its advertised articles, 0 to 1."
    yield _gauge("completeness_ratio", text, {site: share for site, share in shares.items() if share is not None})
    yield _gauge("newest_article_timestamp_seconds", "Publication time of its newest article.", _in_seconds(newest))
    text = "When its last ingest that did its work ended."
    yield _gauge("last_success_timestamp_seconds", text, _in_seconds(successes))
    states = {(site, state.value): found.get(state, 0) for site, found in ledgers.items() for state in State}
    yield _gauges("urls", "Its advertised URLs by their state in the ledger.", "state", states)
    queue = {
        (site, pages): count
        for site, found in due.items()
        for pages, count in (("new", found.new_count), ("known", found.known_count))
    }
    yield _gauges("due_urls", "Its URLs to fetch now: without an article yet, or to be revisited.", "pages", queue)


def _by_name(ledger: Mapping[State, int]) -> dict[str, int]:
    return {state.value: count for state, count in ledger.items()}


def _in_seconds(times: Mapping[str, datetime]) -> dict[str, float]:
    return {site: at.timestamp() for site, at in times.items()}


def _gauge(name: str, text: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}{name}", text, labels=("site",))
    for site, value in values.items():
        family.add_metric((site,), value)
    return family


def _gauges(name: str, text: str, label: str, values: Mapping[tuple[str, str], float]) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}{name}", text, labels=("site", label))
    for key, value in values.items():
        family.add_metric(key, value)
    return family
