"""The whole data flow, without orchestration: the replica's pages become the records that it knows."""

import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.archive import open_archive
from pipeline.file_import import import_paths
from pipeline.ingest import ContactMissing, ingest_once
from replica.answer import XML, Answer
from replica.handler import Asked
from replica.server import Handle, running
from replica.site import Site
from schemas.article import ArticleRecord
from schemas.crawl import CrawlLine, FetchResult
from schemas.report import RunReport
from schemas.settings import Settings
from storage.articles.selection import ArticleFilter, iterate_articles
from storage.ledger.frontier import find_entry
from storage.runs.run import list_runs
from storage.warc.capture import read_capture
from storage.warc.store import WarcStore
from tests.pipeline.killing import Trap, make_victim

STATES_AFTER_FIRST_RUN = {"missing": "pending", "duplicate": "stored"}
"""The replica's state -> the ledger's state after one run; another test covers which of two copies is the duplicate."""


def read_records(settings: Settings) -> dict[str, ArticleRecord]:
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        return {one.id: one for one in iterate_articles(session, ArticleFilter(include_duplicates=True))}


def read_states(settings: Settings, site: Site) -> dict[str, str]:
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        found = {url: find_entry(session, url) for url in site.advertised}
    return {url: entry.state.value if entry else "unknown" for url, entry in found.items()}


def count_page_requests(server: Handle, site: Site) -> Counter[str]:
    pages = {article.path for article in site.articles}
    return Counter({path: count for path, count in server.requests.items() if path in pages})


@pytest.fixture(scope="module")
def ingested(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, RunReport]]:
    """An archive after its first run, for reading only."""
    folder = tmp_path_factory.mktemp("ingested")
    with running(site) as server:
        given = {"data_dir": folder, "contact": "test@example.org", "delay_seconds": 0, "concurrency": 8}
        settings = Settings.model_validate(given | {"origins": dict(server.origins)})
        yield settings, ingest_once(settings, "moscow-times", "all")


def test_every_record_equals_the_sites_article(ingested: tuple[Settings, RunReport], site: Site) -> None:
    settings, report = ingested
    assert report.problems == ()
    found = read_records(settings)
    expected = {article.expected["id"]: article.expected for article in site.articles}
    assert found.keys() == expected.keys()
    for record_id, fields in expected.items():
        record = found[record_id].model_dump(mode="json")
        assert {name: record[name] for name in fields} == fields


def test_every_advertised_url_ends_in_its_expected_state(ingested: tuple[Settings, RunReport], site: Site) -> None:
    settings, report = ingested
    states = read_states(settings, site)
    expected = {url: STATES_AFTER_FIRST_RUN.get(outcome, outcome) for url, outcome in site.advertised.items()}
    assert {url: STATES_AFTER_FIRST_RUN.get(state, state) for url, state in states.items()} == expected
    assert report.ledger == Counter(states.values())
    assert report.advertised_count == len(site.advertised)


def test_of_near_duplicate_articles_all_but_one_are_marked_as_duplicates(
    ingested: tuple[Settings, RunReport], site: Site
) -> None:
    records = read_records(ingested[0])
    found: dict[str, set[str]] = defaultdict(set)
    expected: dict[str, set[str]] = defaultdict(set)
    for record in records.values():
        if record.duplicate_of:
            found[record.duplicate_of] |= {record.id, record.duplicate_of}
    for copy_id, original_id in (site.duplicates | site.near_duplicates).items():
        expected[original_id] |= {copy_id, original_id}
    assert expected
    assert set(map(frozenset, found.values())) == set(map(frozenset, expected.values()))


def test_every_response_is_in_a_warc_file_that_warcio_accepts(
    ingested: tuple[Settings, RunReport],
) -> None:
    settings, report = ingested
    command = [sys.executable, "-m", "warcio.cli", "check", *map(str, settings.warc_dir.iterdir())]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        captures = [record.capture for record in iterate_articles(session)]
    assert len(captures) == report.outcomes["stored"]
    for ref in captures:
        assert read_capture(ref, WarcStore(settings.warc_dir), settings.max_page_bytes).ref == ref


def test_a_second_run_stores_nothing_and_fetches_no_article(settings: Settings, server: Handle, site: Site) -> None:
    ingest_once(settings, "moscow-times", "all")
    before = read_records(settings)
    server.reset()
    report = ingest_once(settings, "moscow-times", "all")
    assert not report.outcomes.keys() & {"stored", "duplicate", "revised", "quarantined"}
    assert report.advertised_new_count == 0
    assert count_page_requests(server, site) == {}
    assert read_records(settings) == before


def test_limit_is_respected_and_the_next_run_continues(settings: Settings, server: Handle, site: Site) -> None:
    ingest_once(settings, "moscow-times", "all", limit=12)
    # Some of the newest URLs lead to no article.
    assert 0 < sum(count_page_requests(server, site).values()) == len(read_records(settings)) < 12
    ingest_once(settings, "moscow-times", "all")
    assert max(count_page_requests(server, site).values()) == 1
    assert len(read_records(settings)) == len(site.articles)


def test_the_seeds_as_pages_and_as_texts_have_the_same_bodies(settings: Settings, seeds: Path) -> None:
    ingest_once(settings, "moscow-times", "all")
    pages = {record.body: record.id for record in read_records(settings).values()}
    with open_archive(settings, writable=True) as archive:
        report = import_paths(archive, sorted(seeds.glob("*.txt")))
    assert report.outcomes == {"duplicate": 5}
    texts = [record for record in read_records(settings).values() if record.id.startswith("text:")]
    assert len(texts) == 5
    for text in texts:
        assert text.duplicate_of == pages[text.body]
        assert (text.duplicate_kind, text.similarity) == ("exact", 1.0)


def test_an_unresponsive_source_is_a_problem_of_the_run(make_settings: Callable[..., Settings]) -> None:
    nobody = "http://127.0.0.1:1"
    origins = {"https://www.themoscowtimes.com": nobody, "https://static.themoscowtimes.com": nobody}
    report = ingest_once(make_settings(origins=origins), "moscow-times", "feeds")
    host = "www.themoscowtimes.com"
    assert report.problems == (f"{host}: robots.txt could not be read, so nothing was fetched from this host",)
    with open_archive(make_settings(origins=origins), writable=False) as archive, archive.database.read() as session:
        assert [run.status.value for run in list_runs(session)] == ["failed"]


@pytest.mark.parametrize(("broken", "status"), [("/rss/news", "degraded"), ("/rss/", "failed")])
def test_a_run_with_a_broken_source_is_degraded_unless_all_are_broken(
    make_settings: Callable[..., Settings], site: Site, broken: str, status: str
) -> None:
    def break_feeds(asked: Asked) -> Answer | None:
        return Answer(b"oops", XML) if asked.path.startswith(broken) else None

    with running(site, thread=True, fault=break_feeds) as server:
        settings = make_settings(origins=dict(server.origins))
        report = ingest_once(settings, "moscow-times", "feeds", limit=2)
    assert any("/rss/news: " in problem for problem in report.problems)
    assert report.is_degraded == (status == "degraded")
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        assert [run.status.value for run in list_runs(session)] == [status]


def test_completeness_below_its_floor_is_a_problem_of_the_run(
    make_settings: Callable[..., Settings], server: Handle
) -> None:
    settings = make_settings(origins=dict(server.origins), floors={"completeness": 0.9})
    assert any(
        "completeness" in problem for problem in ingest_once(settings, "moscow-times", "feeds", limit=3).problems
    )
    assert ingest_once(settings, "moscow-times", "feeds").problems == ()


def test_every_kind_of_page_becomes_its_expected_record(make_settings: Callable[..., Settings], tmp_path: Path) -> None:
    site = Site(70, kinds=("article", "opinion", "gallery", "video", "podcast", "live", "archive"), bad_pages=False)
    archived = [article.url for article in site.articles if "/archive/" in article.url]
    assert archived
    (tmp_path / "archived.txt").write_text("\n".join(archived))
    with running(site) as server:
        settings = make_settings(origins=dict(server.origins))
        with open_archive(settings, writable=True) as archive:
            import_paths(archive, [tmp_path / "archived.txt"])
        report = ingest_once(settings, "moscow-times", "all")
    assert report.problems == ()
    assert "quarantined" not in report.outcomes
    found = {key: record.model_dump(mode="json") for key, record in read_records(settings).items()}
    assert {article.expected["kind"] for article in site.articles} >= {"gallery", "video", "podcast", "live"}
    for article in site.articles:
        record = found.pop(article.expected["id"])
        assert {name: record[name] for name in article.expected} == article.expected
    assert not found


HOSTILE = {
    "/rss/news": b"<rss version='2.0'><channel><item><link>http://[bad</link><pubDate>Fri, 31 Dec 9999 23:59:59 -0100"
    b"</pubDate></item><item><link>https://www.themoscowtimes.com/2024/01/02/x-a1</link></item></channel></rss>",
}


def answer_hostile(asked: Asked) -> Answer | None:
    """Respond with feeds of invalid URLs and dates, and with a redirect to an invalid URL."""
    if asked.path == "/2024/01/02/x-a1":
        return Answer(b"", status=302, location="http://[bad")
    body = HOSTILE.get(asked.path)
    return Answer(body, "application/rss+xml") if body else None


def test_a_hostile_response_stops_no_run(make_settings: Callable[..., Settings]) -> None:
    with running(Site(5), fault=answer_hostile) as server:
        settings = make_settings(origins=dict(server.origins))
        first = ingest_once(settings, "moscow-times", "all")
        second = ingest_once(settings, "moscow-times", "all")
    assert first.outcomes["stored"] > 0
    assert second.outcomes.keys().isdisjoint({"stored", "revised"})


def test_a_damaged_line_in_a_dead_crawls_log_stops_no_run(settings: Settings) -> None:
    log = settings.spool_dir / "dead" / "pages-1.jsonl"
    log.parent.mkdir(parents=True)
    line = CrawlLine(
        url="https://www.themoscowtimes.com/2024/01/02/x-a1",
        result=FetchResult.FAILED,
        at=datetime.now(UTC),
        error="TimeoutError",
    )
    log.write_text('{"url": "https://exam' + "\n" + line.model_dump_json() + '\n{"url":')
    report = ingest_once(settings, "moscow-times", "feeds", limit=0)
    assert report.outcomes["failed"] == 1
    assert not log.exists()


def test_a_file_that_is_not_a_warc_file_is_a_problem_of_each_run_and_stops_none(settings: Settings) -> None:
    settings.warc_dir.mkdir(parents=True)
    (settings.warc_dir / "notes.warc").write_text("Somebody's notes.")
    report = ingest_once(settings, "moscow-times", "feeds")
    assert [problem for problem in report.problems if problem.startswith("notes.warc")] == list(report.problems)
    assert report.outcomes["stored"] > 0


def test_a_source_that_fails_once_and_then_responds_is_not_a_problem(make_settings: Callable[..., Settings]) -> None:
    with running(Site(5), fault=fail_once) as server:
        report = ingest_once(make_settings(origins=dict(server.origins)), "moscow-times", "feeds")
    assert report.problems == ()


def fail_once(asked: Asked) -> Answer | None:
    """Fail the first request of one feed."""
    return Answer(b"", status=503) if asked.path == "/rss/news" and asked.count == 1 else None


def test_a_live_crawl_without_a_contact_is_refused(make_settings: Callable[..., Settings]) -> None:
    with pytest.raises(ContactMissing):
        ingest_once(make_settings(contact=""), "moscow-times", "feeds")


INGEST = """
import sys
from pipeline.ingest import ingest_once
from schemas.settings import load_settings
print(ingest_once(load_settings(), "moscow-times", "all").model_dump_json())
"""


def test_a_run_that_is_killed_is_continued_by_the_next(make_settings: Callable[..., Settings], site: Site) -> None:
    trap = Trap(counts_pages_alone=True)
    with running(site, thread=True, fault=trap) as server:
        settings = make_settings(origins=dict(server.origins))
        victim = make_victim(settings, (sys.executable, "-c", INGEST))
        assert victim.kill_at(trap, 20, "run")
        report = victim.run()
        requests = count_page_requests(server, site)
    assert "was interrupted" in str(report["notes"])
    assert report["problems"] == []
    found = read_records(settings)
    assert {record_id: one.body for record_id, one in found.items()} == {
        article.expected["id"]: article.expected["body"] for article in site.articles
    }
    # A page whose answer was under way when the crawl was stopped may be asked for once more.
    assert sum(requests.values()) <= len(site.articles) + settings.concurrency
