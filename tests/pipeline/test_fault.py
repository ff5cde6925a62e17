"""Each way in which a URL can misbehave ends in exactly one state."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pipeline.archive import open_archive
from pipeline.ingest import ingest_once
from replica.answer import Answer
from replica.fault import BEHAVIOURS, Faults
from replica.handler import Asked
from replica.server import Handle, running
from replica.site import Article, Site
from schemas.report import RunReport
from schemas.settings import Settings
from storage.ledger.frontier import LedgerEntry, audit_ledger, find_entry
from tests.faults import ENDS
from tests.pipeline.asking import is_page

SITE = Site(28, duplicate_share=0, near_duplicate_share=0, moved_share=0.2, bad_pages=False)


@dataclass(frozen=True)
class Met:
    """A site in which every fault has a URL, after two runs."""

    articles: dict[str, Article]
    """Fault -> the article that has it."""
    reports: tuple[RunReport, RunReport]
    entries: tuple[dict[str, LedgerEntry], dict[str, LedgerEntry]]
    """After each run: URL -> its entry."""
    problems: list[str]
    requests: dict[str, int]


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Met]:
    still, moved = (
        [one for one in SITE.newest_first if bool(one.head.old_paths) is has_moved] for has_moved in (False, True)
    )
    # The busy one is the oldest, and asked for last: its host is slowed down from then on.
    special = {"redirect-chain": moved[0], "429-with-retry-after": still[-1]}
    articles = dict(zip(BEHAVIOURS, still, strict=False)) | special
    faults = Faults({urlsplit(article.sitemap_url).path: name for name, article in articles.items()})
    with running(SITE, fault=faults) as server:
        folder = tmp_path_factory.mktemp("faults")
        # Long enough for a busy machine to unpack the bomb: a timeout would have it requested again.
        settings = make_settings(folder, server, gone_hours=0, timeout_seconds=5, revisit_hours=())
        first = ingest_once(settings, "moscow-times", "sitemaps")
        entries = read_entries(settings)
        second = ingest_once(settings, "moscow-times", "sitemaps")
        with open_archive(settings, writable=False) as archive, archive.database.read() as session:
            problems = audit_ledger(session)
        requests = {name: server.requests[urlsplit(article.sitemap_url).path] for name, article in articles.items()}
        yield Met(articles, (first, second), (entries, read_entries(settings)), problems, requests)


def make_settings(folder: Path, server: Handle, **given: object) -> Settings:
    mine = {"data_dir": folder, "contact": "test@example.org", "delay_seconds": 0, "concurrency": 8}
    return Settings.model_validate(mine | {"origins": dict(server.origins), "max_page_bytes": 1_000_000} | given)


def read_entries(settings: Settings) -> dict[str, LedgerEntry]:
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        found = {article.url: find_entry(session, article.url) for article in SITE.articles}
    return {url: entry for url, entry in found.items() if entry}


def test_every_fault_is_in_the_table() -> None:
    assert ENDS.keys() == BEHAVIOURS.keys()


@pytest.mark.parametrize("name", ENDS)
def test_each_fault_ends_in_its_state(met: Met, name: str) -> None:
    _, *states, request_count, error = ENDS[name]
    url = met.articles[name].url
    assert [entries[url].state.value for entries in met.entries] == states
    assert met.requests[name] == request_count
    last_error = met.entries[1][url].last_error
    assert (last_error or "").startswith(error) if error else last_error is None


def test_failures_are_retried_and_gone_pages_are_not(met: Met) -> None:
    for name, ended in ENDS.items():
        state = ended.second
        entry = met.entries[1][met.articles[name].url]
        if state == "failed":
            assert entry.attempts >= 1
            assert entry.next_try_at
            assert entry.next_try_at > met.reports[1].ended_at
        elif state in {"gone", "quarantined"}:
            assert entry.next_try_at is None


def test_all_other_articles_are_stored_and_the_counts_add_up(met: Met) -> None:
    troubled = {article.url for article in met.articles.values()}
    others = [article.url for article in SITE.newest_first if article.url not in troubled]
    assert {met.entries[0][url].state.value for url in others} == {"stored"}
    assert met.problems == []
    for report in met.reports:
        assert report.problems == ()
        assert sum(report.ledger.values()) == report.advertised_count == len(SITE.newest_first)


def test_the_urls_of_a_redirect_chain_become_aliases(met: Met) -> None:
    article = met.articles["redirect-chain"]
    entry = met.entries[1][article.url]
    assert any("-again-" in url for url in {entry.url, *entry.aliases})


def fail_robots(asked: Asked) -> Answer | None:
    return Answer(b"", status=500) if asked.path == "/robots.txt" and asked.origin == "www" else None


def test_without_a_readable_robots_txt_no_page_is_requested(
    make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    with running(SITE, fault=fail_robots) as server:
        settings = make_settings(origins=dict(server.origins), data_dir=tmp_path / "robots")
        report = ingest_once(settings, "moscow-times", "sitemaps")
        asked = server.requests
    assert not [path for path in asked if is_page(path)]
    # It says nothing of the pages: they wait as they are, and the run says why.
    assert set(report.ledger) == {"pending"}
    assert {entry.attempts for entry in read_entries(settings).values()} == {0}
    host = "www.themoscowtimes.com"
    assert report.problems == (f"{host}: robots.txt could not be read, so nothing was fetched from this host",)
    assert report.unreachable_hosts == (host,)
