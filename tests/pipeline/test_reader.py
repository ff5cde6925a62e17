"""Captures read in child processes: the same outcomes in the same order, and none that blocks the next."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

import sites
from pipeline.archive import open_archive
from pipeline.file_import import import_paths
from pipeline.ingest import ingest_once
from pipeline.interpret import read_outcome
from pipeline.reader import Page, Reader, ReaderContext, end_idle_process
from pipeline.reprocess.reprocess import reprocess
from replica.server import running
from replica.site import Site
from schemas.outcome import ArticleRead
from schemas.reprocess import Change
from schemas.settings import Settings
from sites.publishers import Publishers
from spiders.warc import Exchange, WarcWriter
from storage.articles.selection import ArticleFilter, iterate_articles
from storage.articles.terms import add_terms
from storage.ledger.quarantine import list_quarantine
from storage.warc.capture import iterate_captures
from tests.waiting import wait_until

ROOT = Path(__file__).parent.parent.parent

LIMIT_SECONDS = 2.0
"""Several times what a process needs for its first page, most of which are imports."""

REASON = "reader-failed: it took more than 2 s of processor time"


def write_warc(folder: Path, site: Site) -> Path:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    with WarcWriter(folder / "warc", site="test", run_id="reader") as writer:
        for article in site.articles:
            body = article.page_html().encode()
            writer.write_exchange(Exchange(article.url, datetime.now(UTC), b"GET / HTTP/1.1\r\n\r\n", head, body))
    (path,) = (folder / "warc").iterdir()
    return path


def read_pages(path: Path) -> list[Page]:
    return [Page(capture) for capture, _ in iterate_captures(path, path.name, 0, 10_000_000)]


def make_hanging(headline: str) -> Publishers:
    """Return rules that hang at pages with this headline, in C code that signal handlers cannot interrupt soon."""
    profile = sites.get_site("moscow-times")
    for_ever = re.compile(rf"^(?={re.escape(headline)}$)(?:.|.)+!$")
    return sites.PUBLISHERS.replacing(replace(profile, page=replace(profile.page, title_suffix=for_ever)))


def list_readers() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if "pipeline.reading_process" in one.cmdline()]


@pytest.fixture(autouse=True)
def _leaves_a_spare_alone() -> Iterator[None]:
    yield
    assert len(list_readers()) <= 1
    end_idle_process()
    assert list_readers() == []


@pytest.mark.parametrize("process_count", [1, 2])
def test_reading_processes_return_the_same_outcomes_in_the_same_order(tmp_path: Path, process_count: int) -> None:
    pages = read_pages(write_warc(tmp_path, Site(40)))
    with closing(Reader(ReaderContext(), process_count)) as reader:
        assert reader.read(pages) == [read_outcome(page.capture) for page in pages]
        assert len(list_readers()) == process_count


def test_articles_are_read_with_their_terms_for_the_database(tmp_path: Path) -> None:
    pages = read_pages(write_warc(tmp_path, Site(3)))
    expected = [add_terms(read_outcome(page.capture), "postgresql") for page in pages]
    with closing(Reader(ReaderContext(dialect="postgresql"))) as reader:
        assert reader.read(pages) == expected
    assert any(one.terms for one in expected if isinstance(one, ArticleRead))


def test_the_next_reader_reuses_the_process_of_the_last_one(tmp_path: Path) -> None:
    pages = read_pages(write_warc(tmp_path, Site(3)))
    pids = []
    for publishers in (sites.PUBLISHERS, make_hanging("another headline")):
        with closing(Reader(ReaderContext(publishers))) as reader:
            assert reader.read(pages) == [read_outcome(page.capture) for page in pages]
            pids += [one.pid for one in list_readers()]
    assert len(pids) == 2
    assert len(set(pids)) == 1


@pytest.mark.parametrize("process_count", [1, 2])
def test_a_page_that_hangs_the_reader_fails_and_the_others_are_read(tmp_path: Path, process_count: int) -> None:
    site = Site(20)
    pages = read_pages(write_warc(tmp_path, site))
    expected = [read_outcome(page.capture) for page in pages]
    place = next(
        place for place, article in enumerate(site.articles) if type(expected[place]).__name__ == "ArticleRead"
    )
    publishers = make_hanging(site.articles[place].head.headline)
    with closing(Reader(ReaderContext(publishers), process_count, limit_seconds=LIMIT_SECONDS)) as reader:
        outcomes = reader.read(pages)
    assert [getattr(outcomes[place], "reasons", None)] == [(REASON,)]
    assert outcomes[:place] + outcomes[place + 1 :] == expected[:place] + expected[place + 1 :]


def test_a_process_killed_from_outside_costs_no_page(tmp_path: Path) -> None:
    pages = read_pages(write_warc(tmp_path, Site(3)))
    with closing(Reader(ReaderContext())) as reader:
        expected = reader.read(pages)
        [process] = list_readers()
        process.kill()
        assert reader.read(pages) == expected


@pytest.fixture
def hanging(make_settings: Callable[..., Settings]) -> Iterator[tuple[Settings, Publishers, str]]:
    """Settings for a replica, rules that hang at one of its pages, and the id of that article."""
    site = Site(8, bad_pages=False)
    article = site.articles[3]
    with running(site) as server:
        yield (
            make_settings(origins=dict(server.origins)),
            make_hanging(article.head.headline),
            sites.identify(article.url).key,
        )


def audit_hanging(settings: Settings, key: str, stored_count: int) -> None:
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        stored = {one.id for one in iterate_articles(session, ArticleFilter(include_duplicates=True))}
        [aside] = list_quarantine(session)
    assert (aside.key, aside.reasons) == (key, (REASON,))
    assert len(stored - {key}) == len(stored) == stored_count


def test_a_run_continues_after_the_reader_hangs_and_reprocessing_repairs_it(
    hanging: tuple[Settings, Publishers, str],
) -> None:
    settings, publishers, key = hanging
    report = ingest_once(settings, "moscow-times", "sitemaps", publishers=publishers, reading_seconds=LIMIT_SECONDS)
    assert report.problems == ()
    audit_hanging(settings, key, report.outcomes["stored"])

    assert reprocess(settings, apply=True).changes[Change.CURED] == 1
    found = reprocess(settings, apply=True, publishers=publishers, reading_seconds=LIMIT_SECONDS)
    # That these rules do not come to an end says nothing of what is stored.
    assert found.changes == {Change.UNCHANGED: report.outcomes["stored"], Change.UNREADABLE: 1}
    [problem] = found.problems
    assert problem.endswith(REASON)


def test_an_import_continues_after_the_reader_hangs(make_settings: Callable[..., Settings], tmp_path: Path) -> None:
    site = Site(8, bad_pages=False)
    article = site.articles[3]
    path = write_warc(tmp_path, site)
    settings, publishers = make_settings(), make_hanging(article.head.headline)
    with open_archive(settings, writable=True, publishers=publishers, reading_seconds=LIMIT_SECONDS) as archive:
        report = import_paths(archive, [path])
    audit_hanging(settings, sites.identify(article.url).key, report.outcomes["stored"])


READING = """
import sys
from contextlib import closing
from pathlib import Path
from tests.pipeline.test_reader import ReaderContext, Reader, make_hanging, read_pages
pages = read_pages(Path(sys.argv[1]))
with closing(Reader(ReaderContext(make_hanging(sys.argv[2])))) as reader:
    reader.read(pages[:1])
    print("ready", flush=True)
    reader.read(pages)
"""


def test_reading_processes_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    site = Site(8, bad_pages=False)
    path = write_warc(tmp_path, site)
    command = [sys.executable, "-c", READING, str(path), site.articles[3].head.headline]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == "ready\n"
        [worker] = psutil.Process(parent.pid).children(recursive=True)
        before = worker.cpu_times().user
        wait_until(lambda: worker.cpu_times().user > before + 1)  # it hangs
        parent.kill()
        _, alive = psutil.wait_procs([worker], timeout=20)
    assert alive == []
