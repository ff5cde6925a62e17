"""Captures read in several processes: the same outcomes in the same order as in one."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psutil

from flows.reader import open_reader, read_here
from flows.reading import read_outcome
from replica.site import Site
from schemas.capture import Capture
from sites import PUBLISHERS
from spiders.warc import Exchange, WarcWriter
from storage.warc.capture import iterate_captures

ROOT = Path(__file__).parent.parent.parent


def capture_pages(folder: Path, site: Site) -> list[Capture]:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    with WarcWriter(folder / "warc", site="test", run_id="reader") as writer:
        for article in site.articles:
            body = article.page_html().encode()
            writer.write_exchange(Exchange(article.url, datetime.now(UTC), b"GET / HTTP/1.1\r\n\r\n", head, body))
    (path,) = (folder / "warc").iterdir()
    return [capture for capture, _ in iterate_captures(path, path.name, 0, 10_000_000)]


def test_several_processes_read_what_one_reads_in_the_same_order(tmp_path: Path) -> None:
    captures = capture_pages(tmp_path, Site(40))
    with open_reader(2) as read:
        assert read(captures) == read_here(PUBLISHERS, captures) == [read_outcome(capture) for capture in captures]


def test_one_process_needs_no_other(tmp_path: Path) -> None:
    captures = capture_pages(tmp_path, Site(5))
    before = psutil.Process().children(recursive=True)
    with open_reader(1) as read:
        assert len(read(captures)) == len(captures)
    assert psutil.Process().children(recursive=True) == before


POOL = """
import sys
from flows.reader import Equipment, open_pool
with open_pool(Equipment(), 2) as pool:
    pool.submit(len, "").result()
    sys.stdout.write("ready\\n")
    sys.stdout.flush()
    sys.stdin.read()
"""


def test_processes_that_read_end_with_a_parent_that_is_killed() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", POOL], stdin=pipe, stdout=pipe, text=True, cwd=ROOT) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == "ready\n"
        workers = psutil.Process(parent.pid).children(recursive=True)
        assert workers
        parent.kill()
        _, alive = psutil.wait_procs(workers, timeout=20)
    assert alive == []
