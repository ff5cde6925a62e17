"""A crawl that hangs and cannot end itself."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.url import Source, SourceKind
from tests.pipeline.killing import find_children, kill
from tests.spiders.child import make_crawl
from tests.spiders.server import DEADLINE_SECONDS, WWW, Publisher
from tests.spiders.stuck import MARK
from tests.waiting import wait_until

FEED = Source(url=f"{WWW}/rss/news", kind=SourceKind.FEED)

PARENT = """
import sys
from pathlib import Path
from pipeline.crawl import Crawler
from schemas.crawl import CrawlJob
with Crawler() as crawler:
    crawler.begin(CrawlJob.model_validate_json(Path(sys.argv[1]).read_bytes()))
    sys.stdin.read()
"""


def is_running(pid: int) -> bool:
    """Return whether the process runs; False for a zombie too, which only init would reap, if there is one."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def test_a_hanging_crawl_dies_with_its_parent(tmp_path: Path, publisher: Publisher) -> None:
    urls = tuple(f"{WWW}/page/{number}" for number in range(1000))
    crawl = make_crawl(tmp_path, urls=urls, origins=publisher.origins, delay_seconds=0.05)
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", PARENT, str(crawl.job_path)], stdin=pipe) as parent:
        publisher.wait_until_asked(2)
        [pid] = find_children(parent.pid)
        os.kill(pid, signal.SIGSTOP)
        parent.kill()
    try:
        wait_until(lambda: not is_running(pid))
    finally:
        kill(pid)


def test_a_crawl_whose_parent_died_before_it_started_does_nothing(tmp_path: Path, publisher: Publisher) -> None:
    crawl = make_crawl(tmp_path, urls=(f"{WWW}/page/1",), origins=publisher.origins)
    with subprocess.Popen([*crawl.command, "1"], stdin=subprocess.PIPE) as child:
        assert child.wait(DEADLINE_SECONDS) == 1
    assert publisher.asked == []


@pytest.mark.parametrize("place", ["in-python", "in-c"])
def test_the_kernel_ends_a_crawl_stuck_in_a_computation(tmp_path: Path, publisher: Publisher, place: str) -> None:
    crawl = make_crawl(tmp_path, sources=(FEED,), origins=publisher.origins)
    command = [sys.executable, "-m", "tests.spiders.stuck", place, str(crawl.job_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as child:
        try:
            assert child.stdout
            assert child.stdout.readline().strip() == MARK
            if place == "in-python":
                child.send_signal(signal.SIGTERM)
            assert child.wait(DEADLINE_SECONDS) == -signal.SIGVTALRM
        finally:
            child.kill()
