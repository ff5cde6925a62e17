"""Rights as seen, from the crawl to the release, and the evidence of how the crawl kept to the rules."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from pipeline.archive import Archive, open_archive
from pipeline.compliance import RunUnknown, make_compliance_report
from pipeline.ingest import ingest_once
from pipeline.release import make_release
from pipeline.reprocess.reprocess import reprocess
from pipeline.status import find_details
from pipeline.verification import verify_release
from replica.answer import Answer
from replica.handler import Asked
from replica.model import WWW
from replica.server import running
from replica.site import Site
from schemas.export import ArticleFilter
from schemas.release import LEFT_OUT_PATH, PROVENANCE_PATH, LeftOutReason
from schemas.reprocess import Change
from schemas.rights import TDM_FILE_PATH
from schemas.search import SearchFilter
from schemas.settings import Settings
from storage.articles.selection import count_matching, count_reserved, iterate_articles
from storage.copying.database_copy import copy_database
from storage.schema.tables import RightsRow
from storage.search.finding import search_articles
from storage.search.query import read_query
from tests.postgresql import PostgreSQL

SITE = Site(24, reserved=("/2023/",), duplicate_share=0)
POLICY = f"{WWW}/page/tdm-policy"
IS_RESERVED = f"{WWW}/2023/"


def ask_to_wait(asked: Asked) -> Answer | None:
    """Ask for a second's pause, once."""
    is_first = asked.path == "/sitemap/newsmap.xml" and asked.count == 1
    return Answer(b"", status=503, headers=(("Retry-After", "1"),)) if is_first else None


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of an archive of a site that reserves the articles of a year."""
    folder = tmp_path_factory.mktemp("rights")
    with running(SITE, fault=ask_to_wait) as server:
        found = Settings(
            data_dir=folder / "data",
            contact="ops@example.org",
            delay_seconds=0.05,
            concurrency=1,
            origins=dict(server.origins),
        )
        ingest_once(found, "moscow-times", "sitemaps")
        asked = server.requests
    assert asked[TDM_FILE_PATH] == 1
    return found


@pytest.fixture(scope="module")
def archive(settings: Settings) -> Iterator[Archive]:
    with open_archive(settings, writable=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def other(archive: Archive, settings: Settings) -> Iterator[Archive]:
    """The same archive on PostgreSQL."""
    server = PostgreSQL()
    try:
        server.create("rights")
        copy_database(archive.database, server.url("rights"), lambda *_: None)
        given = settings.model_copy(update={"database_url": server.url("rights")})
        with open_archive(given, writable=False) as opened:
            yield opened
    finally:
        server.stop()


def list_urls(archive: Archive, **wanted: object) -> list[str]:
    with archive.database.read() as session:
        chosen = ArticleFilter.model_validate(wanted)
        found = [article.url or "" for article in iterate_articles(session, chosen)]
        assert count_matching(session, chosen) == len(found)
    return found


def test_a_capture_keeps_what_was_said_when_it_was_fetched(archive: Archive) -> None:
    urls = list_urls(archive)
    url = next(one for one in urls if one.startswith(IS_RESERVED))
    rights = find_details(archive, url).rights
    assert rights
    assert rights.tdm
    assert rights.robots_txt
    assert rights.tdm_file
    assert (rights.tdm.is_reserved, rights.tdm.policy_url) == (True, POLICY)
    assert [(one.bot, one.names, one.source.value) for one in rights.directives] == [
        ("googlebot", ("noarchive",), "meta")
    ]
    assert (rights.tdm_file.url, rights.tdm_file.status) == (f"{WWW}{TDM_FILE_PATH}", 200)
    assert rights.robots_txt.fetched_at < rights.tdm_file.fetched_at
    free = find_details(archive, next(one for one in urls if not one.startswith(IS_RESERVED))).rights
    assert free
    assert free.tdm is None
    assert free.tdm_file == rights.tdm_file


def test_both_databases_leave_out_what_is_reserved(archive: Archive, other: Archive) -> None:
    urls = list_urls(archive)
    reserved = [url for url in urls if url.startswith(IS_RESERVED)]
    free = [url for url in urls if not url.startswith(IS_RESERVED)]
    assert reserved
    assert free
    for one in (archive, other):
        assert list_urls(one, respect_tdm=True) == free
        assert list_urls(one, rights="tdm-reserved") == reserved
        assert list_urls(one, rights="NoArchive") == list_urls(one, rights="googlebot:noarchive")
        assert list_urls(one, rights="archive") == list_urls(one, rights="no%") == []
        query = read_query("a OR the")
        for kept, wanted in ((set(urls), {}), (set(free), {"respect_tdm": True})):
            hits = search_articles(one.database, query, SearchFilter.model_validate({"limit": 99} | wanted))
            assert {hit.url for hit in hits} <= kept
            assert wanted == {} or hits
        with one.database.read() as session:
            counts = count_reserved(session, ArticleFilter(respect_tdm=True))
        assert (counts.reserved_count, counts.unknown_count) == (len(reserved), 0)


def test_a_release_names_what_it_left_out_and_keeps_the_rights_of_the_rest(archive: Archive, tmp_path: Path) -> None:
    made = make_release(archive, tmp_path / "release", ArticleFilter(respect_tdm=True))
    lines = [json.loads(line) for line in (tmp_path / "release" / LEFT_OUT_PATH).read_text().splitlines()]
    left_out = {line["url"] for line in lines if line["reason"] == "tdm-reserved"}
    assert left_out == set(list_urls(archive, rights="tdm-reserved"))
    assert made.left_out_counts[LeftOutReason.TDM_RESERVED] == len(left_out)
    card = (tmp_path / "release" / "README.md").read_text()
    assert f"| articles whose text and data mining is reserved | {len(left_out)} |" in card
    assert "opens in ReplayWeb.page" in card
    rows = [json.loads(line) for line in (tmp_path / "release" / PROVENANCE_PATH).read_text().splitlines()]
    assert {row["rights"]["tdm_file"]["status"] for row in rows} == {200}
    assert verify_release(tmp_path / "release").problems == ()


def test_rights_that_were_never_read_are_unknown_until_the_captures_are_read_again(
    make_settings: Callable[..., Settings],
) -> None:
    with running(SITE) as server:
        settings = make_settings(origins=dict(server.origins))
        ingest_once(settings, "moscow-times", "feeds")
    with open_archive(settings, writable=True) as archive:
        free = list_urls(archive, respect_tdm=True)
        with archive.database.begin() as session:
            session.execute(delete(RightsRow))
        assert free
        assert list_urls(archive, respect_tdm=True) == []
        assert find_details(archive, free[0]).rights is None
        with archive.database.read() as session:
            assert count_reserved(session, ArticleFilter(respect_tdm=True)).unknown_count >= len(free)
    assert set(reprocess(settings).changes) == {Change.ANNOTATED, Change.QUARANTINED}
    report = reprocess(settings, apply=True)
    assert report.run
    assert report.run.outcomes["annotated"] == report.changes[Change.ANNOTATED]
    with open_archive(settings, writable=False) as archive:
        assert list_urls(archive, respect_tdm=True) == free
    assert set(reprocess(settings).changes) == {Change.UNCHANGED, Change.QUARANTINED}


def test_a_run_on_the_replica_kept_to_the_rules(archive: Archive) -> None:
    report = make_compliance_report(archive)
    assert report.is_sound
    assert [agent.partition("/")[0] for agent in report.user_agents] == ["broadsheet"]
    assert report.contact == "ops@example.org"
    hosts = {one.host: one for one in report.hosts}
    www, static = hosts["www.themoscowtimes.com"], hosts["static.themoscowtimes.com"]
    assert www.delay_seconds == 0.05
    assert www.smallest_pause_seconds
    assert www.median_pause_seconds
    assert www.smallest_pause_seconds <= www.median_pause_seconds
    assert [one.status for one in www.robots_txt] == [one.status for one in www.tdm_file] == [200]
    assert static.tdm_file == ()  # no page of it was requested
    assert www.forbidden_count == 1
    assert "embargoed" in www.forbidden_examples[0]
    assert 0 < www.reserved_count < www.page_count
    [busy] = static.busy
    assert (busy.status, busy.asked_seconds) == (503, 1.0)
    assert busy.waited_seconds
    assert busy.waited_seconds >= 0.75
    for run_id in (report.run_id, report.run_id[-6:]):
        assert make_compliance_report(archive, run_id) == report


def test_a_run_that_is_not_there_is_named(archive: Archive) -> None:
    with pytest.raises(RunUnknown, match="no run has the id nobody"):
        make_compliance_report(archive, "nobody")


def test_evidence_that_cannot_be_read_is_no_evidence(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    data = settings.data_dir
    for path in data.iterdir():
        if path.name != "warc":
            (folder / path.name).symlink_to(path.absolute())
    (folder / "warc").mkdir()
    moved = settings.model_copy(update={"data_dir": folder})
    with open_archive(moved, writable=False) as archive:
        report = make_compliance_report(archive)
    assert not report.is_sound
    assert all("could not be read" in problem for problem in report.problems)
