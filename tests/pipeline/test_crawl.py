"""The crawl process, as a run uses it."""

import os
import resource
import signal
from pathlib import Path

import pytest

from pipeline.crawl import Crawler, CrawlFailed
from spiders.session import REPORT_BYTES
from tests.pipeline.killing import find_crawls
from tests.spiders.child import Crawl, make_crawl
from tests.spiders.server import WWW, Publisher, running_publisher
from tests.waiting import wait_until

PAGES = tuple(f"{WWW}/page/{number}" for number in range(3))
MANY = tuple(f"{WWW}/page/{number}" for number in range(100_000))
"""More pages than it has time to fetch."""

START_SECONDS = 60
"""Until a crawl has fetched its first page, on a busy machine."""


def finish(crawler: Crawler) -> None:
    while not crawler.has_ended(1):
        pass


def make(folder: Path, publisher: Publisher, urls: tuple[str, ...]) -> Crawl:
    return make_crawl(folder, urls=urls, origins=publisher.origins)


def wait_for_page(publisher: Publisher) -> None:
    wait_until(lambda: any("/page/" in one.path for one in publisher.asked_for(WWW)))


def test_one_process_does_job_after_job(tmp_path: Path) -> None:
    with running_publisher() as publisher, Crawler() as crawler:
        first, second, third = (make(tmp_path / name, publisher, PAGES) for name in ("1", "2", "3"))
        crawler.begin(first.job)
        finish(crawler)
        [pid] = find_crawls()
        for crawl in (second, third):
            crawler.begin(crawl.job)
            finish(crawler)
            crawler.check()
            assert sorted(crawl.read_lines()) == sorted(PAGES)
            assert find_crawls() == [pid]
    assert find_crawls() == []


def test_a_file_that_has_grown_by_a_batch_is_reported_during_the_job(tmp_path: Path) -> None:
    with running_publisher() as publisher, Crawler() as crawler:
        crawl = make(tmp_path, publisher, (f"{WWW}/heavy", *MANY))
        crawler.begin(crawl.job)
        while not (names := crawler.pop_grown_files()):
            assert not crawler.has_ended(START_SECONDS)
        [name] = names
        assert (crawl.job.warc_dir / name).stat().st_size >= REPORT_BYTES
        assert crawler.pop_grown_files() == []


def test_a_killed_process_is_a_failure_and_the_next_job_gets_another(tmp_path: Path) -> None:
    with running_publisher() as publisher, Crawler() as crawler:
        crawler.begin(make(tmp_path / "1", publisher, MANY).job)
        wait_for_page(publisher)
        os.kill(find_crawls()[0], signal.SIGKILL)
        finish(crawler)
        with pytest.raises(CrawlFailed, match="ended with exit status -9"):
            crawler.check()
        second = make(tmp_path / "2", publisher, PAGES)
        crawler.begin(second.job)
        finish(crawler)
        crawler.check()
        assert sorted(second.read_lines()) == sorted(PAGES)


def test_a_crawl_that_ends_early_says_why(tmp_path: Path) -> None:
    with running_publisher() as publisher, Crawler() as crawler:
        wait_until(find_crawls)
        resource.prlimit(find_crawls()[0], resource.RLIMIT_FSIZE, (20_000, 20_000))  # as a disk that is full
        crawler.begin(make(tmp_path, publisher, MANY).job)
        finish(crawler)
        with pytest.raises(CrawlFailed, match=r"ended early: archive unwritable: .*: File too large"):
            crawler.check()


def test_a_job_in_progress_is_stopped_when_the_run_ends(tmp_path: Path) -> None:
    with running_publisher() as publisher:
        with Crawler() as crawler:
            crawler.begin(make(tmp_path, publisher, MANY).job)
            wait_for_page(publisher)
        assert find_crawls() == []
        assert len(publisher.asked_for(WWW)) < len(MANY)
