"""Every fault of one publisher, in one crawl."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from subprocess import CompletedProcess

import pytest

from schemas.crawl import CrawlLine
from schemas.rights import TDM_FILE_PATH
from storage.warc.capture import iterate_captures
from tests.faults import ELSEWHERE, ON_THE_SITE
from tests.spiders.child import Crawl, Record, make_crawl
from tests.spiders.server import (
    FEED,
    LONG_HEAD,
    MISSING_ROBOTS,
    ODD_HEAD,
    PAGE,
    WWW,
    Publisher,
)
from tests.spiders.server import running_publisher as running

ALL = {**{WWW + path: expected for path, expected in ON_THE_SITE.items()}, **ELSEWHERE}


@dataclass(frozen=True)
class Met:
    """A finished crawl over all faults."""

    crawl: Crawl
    publisher: Publisher
    process: CompletedProcess[str]
    lines: dict[str, CrawlLine]
    records: list[Record]

    def responses(self, path: str) -> list[Record]:
        return [record for record in self.records if record.kind == "response" and record.url == WWW + path]


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Met]:
    with running() as publisher:
        urls = tuple(url.format(port=publisher.server_address[1]) for url in ALL)
        crawl = make_crawl(tmp_path_factory.mktemp("fault"), urls=urls, origins=publisher.origins)
        process = crawl.run()
        yield Met(crawl, publisher, process, crawl.read_lines(), crawl.read_records())


@pytest.mark.parametrize("url", ALL)
def test_each_fault_ends_as_it_should(met: Met, url: str) -> None:
    _, result, status, attempts, error = ALL[url]
    line = met.lines[url.format(port=met.publisher.server_address[1])]
    assert (line.result.value, line.status, line.attempts) == (result, status, attempts)
    assert (line.error or "").startswith(error or "")
    assert (line.error is None) == (error is None)


def test_the_crawl_finishes_with_one_log_line_per_url(met: Met) -> None:
    assert met.process.returncode == 0, met.process.stderr
    assert len(met.lines) == len(ALL)
    assert "Traceback" not in met.process.stderr


def test_only_mapped_origins_are_contacted(met: Met) -> None:
    assert met.publisher.counts["/direct"] == 0
    assert {f"https://{asked.host}" for asked in met.publisher.asked} <= set(met.publisher.origins)


def test_a_failing_page_is_requested_as_often_as_its_line_says(met: Met) -> None:
    counted = {path: met.publisher.counts[path] for path in ("/reset", "/cut", "/slow", "/huge", "/broken", "/flaky")}
    assert counted == {"/reset": 3, "/cut": 3, "/slow": 3, "/huge": 1, "/broken": 3, "/flaky": 3}
    assert met.publisher.counts["/preview/secret"] == 0


def test_every_complete_response_is_archived_even_of_failed_requests(met: Met) -> None:
    assert [record.status for record in met.responses("/flaky")] == [500, 500, 200]
    assert [record.status for record in met.responses("/broken")] == [500, 500, 500]
    assert [record.status for record in met.responses("/missing")] == [404]
    assert [record.status for record in met.responses("/redirect")] == [301]
    assert [record.status for record in met.responses("/robots.txt")] == [200]


@pytest.mark.parametrize(
    "path",
    [
        "/endless-head",
        "/endless-line",
        "/early-hints",
        "/odd-status",
        "/cut",
        "/cut-chunked",
        "/surplus",
        "/unframed",
        "/unframed-cut-gzip",
        "/unframed-bomb",
        "/cut-but-ended",
        "/dripping",
        "/huge",
        "/huge-chunked",
    ],
)
def test_no_part_of_a_page_is_archived_as_a_page(met: Met, path: str) -> None:
    assert met.responses(path) == []


def test_a_body_is_archived_with_its_content_encoding(met: Met) -> None:
    (packed,), (plain, *_) = met.responses("/gzip"), met.responses("/fine")
    assert gzip.decompress(packed.body) == plain.body == PAGE
    assert b"\r\nContent-Encoding: gzip\r\n" in packed.block


def test_a_chunked_body_is_archived_dechunked_without_the_header(met: Met) -> None:
    (record,) = met.responses("/chunked")
    assert record.block == b"HTTP/1.1 200 OK\r\nX-A: b\r\n\r\nhello world"


def test_the_head_is_archived_byte_for_byte(met: Met) -> None:
    (record,) = met.responses("/odd")
    assert record.block == ODD_HEAD + b"Content-Length: 2\r\n\r\nhi"


def test_a_long_head_is_archived_byte_for_byte_and_readable_by_our_reader(met: Met) -> None:
    (record,) = met.responses("/long-head")
    assert record.block == LONG_HEAD + b"Content-Length: 2\r\n\r\nhi"
    [path] = met.crawl.job.warc_dir.iterdir()
    [capture] = [one for one, _ in iterate_captures(path, path.name, 0, 1000) if one.url == f"{WWW}/long-head"]
    assert (capture.status, capture.body, len(capture.headers)) == (200, b"hi", 10_006)
    assert capture.headers[-5:-1] == (("x-cafã©", "c"), ("x space", "d"), ("\r", "e"), ("x-late", "f"))


def test_everything_archived_is_readable(met: Met) -> None:
    [path] = met.crawl.job.warc_dir.iterdir()
    captures = iterate_captures(path, path.name, 0, 10_000_000)
    assert len(list(captures)) == sum(record.kind == "response" for record in met.records)
    assert (captures.corrupt, captures.cut_at) == ([], None)


def test_a_body_that_proves_itself_complete_is_archived_as_received(met: Met) -> None:
    (page,), (packed,), (feed,) = map(met.responses, ("/unframed-page", "/unframed-gzip", "/unended-chunks"))
    assert page.body.startswith(PAGE)
    assert gzip.decompress(packed.body) == PAGE
    assert feed.block == b"HTTP/1.1 200 OK\r\n\r\n" + FEED


def test_an_interim_response_is_not_part_of_the_record(met: Met) -> None:
    (record,) = met.responses("/interim")
    assert record.block == b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


def test_the_archive_has_the_publishers_url(met: Met) -> None:
    assert met.lines[f"{WWW}/redirect"].final_url == f"{WWW}/fine"
    urls = {record.url for record in met.records if record.url}
    assert all(url.startswith(tuple(met.publisher.origins)) for url in urls)
    assert {record.headers["WARC-IP-Address"] for record in met.records if record.url} == {"127.0.0.1"}


def test_the_request_is_archived_as_the_server_received_it(met: Met) -> None:
    (record,) = [record for record in met.records if record.kind == "request" and record.url == f"{WWW}/gzip"]
    lines = record.block.decode().split("\r\n")
    assert lines[0] == "GET /gzip HTTP/1.1"
    (asked,) = [asked for asked in met.publisher.asked if asked.path == "/gzip"]
    assert dict(line.split(": ", 1) for line in lines[1:] if line) == asked.headers


def test_the_request_identifies_the_crawler_and_has_no_cookies(met: Met) -> None:
    for asked in met.publisher.asked:
        assert asked.headers["User-Agent"] == "broadsheet/0.1.0 (+ops@example.org)"
        assert asked.headers["Accept-Encoding"] == "gzip"
        assert not {"Cookie", "Referer"} & set(asked.headers)


def test_robots_txt_is_fetched_first_and_once(met: Met) -> None:
    for origin in (WWW, MISSING_ROBOTS):
        paths = [asked.path for asked in met.publisher.asked_for(origin)]
        assert paths.count("/robots.txt") == 1
        assert paths[0] == "/robots.txt"


def test_tdmrep_json_is_fetched_before_the_first_page_and_once(met: Met) -> None:
    for origin in (WWW, MISSING_ROBOTS):
        paths = [asked.path for asked in met.publisher.asked_for(origin)]
        assert paths.count(TDM_FILE_PATH) == 1
        assert paths[1] == TDM_FILE_PATH
