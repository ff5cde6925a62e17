"""Captures read in several processes: the same outcomes in the same order as in one."""

from datetime import UTC, datetime
from pathlib import Path

from flows.reader import open_reader, read_here
from flows.reading import read_outcome
from replica.site import Site
from schemas.capture import Capture
from spiders.warc import Exchange, WarcWriter
from storage.warc import iterate_captures


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
        assert read(captures) == read_here(captures) == [read_outcome(capture) for capture in captures]


def test_one_process_needs_no_other(tmp_path: Path) -> None:
    captures = capture_pages(tmp_path, Site(5))
    with open_reader(1) as read:
        assert read is read_here
        assert len(read(captures)) == len(captures)
