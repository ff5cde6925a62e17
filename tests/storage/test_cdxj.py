"""The CDXJ index of a WARC file: sort keys as in replay tools, and lines that refer to their records."""

import json
from io import BytesIO
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from pipeline.archive import open_archive
from pipeline.file_import import import_paths
from replica.site import Site
from schemas.settings import Settings
from spiders.warc import Exchange, WarcWriter
from storage.articles.article import count_articles
from storage.warc.cdxj import make_key
from tests.storage.sample import START
from tests.storage.warc_sample import answer, make_record

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.themoscowtimes.com/", "com,themoscowtimes)/"),
        ("https://example.org", "org,example)/"),
        ("https://www.themoscowtimes.com/2024/01/02/A-Story-a123", "com,themoscowtimes)/2024/01/02/a-story-a123"),
        ("https://themoscowtimes.com:443/a/?b=2&A=1", "com,themoscowtimes)/a?a=1&b=2"),
        ("http://ru.themoscowtimes.com:8080/x/", "com,themoscowtimes,ru:8080)/x"),
        ("https://www2.example.org/a%20b//c", "org,example)/a%20b/c"),
        ("https://[::1/A b", "https://[::1/a%20b"),
        ("https://example.org:99999/x", "https://example.org:99999/x"),
        ("https://example.org:port/x", "https://example.org:port/x"),
        ("https://пример.рф/x", "xn--p1ai,xn--e1afmkfd)/x"),
    ],
)
def test_urls_are_sorted_as_replay_tools_sort_them(url: str, key: str) -> None:
    assert make_key(url) == key


def test_every_line_refers_to_its_record(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    pages = {article.url: article.page_html().encode() for article in Site(12).articles}
    with WarcWriter(tmp_path / "in", site="moscow-times", run_id="1") as writer:
        for url, body in pages.items():
            writer.write_exchange(Exchange(url, START, b"GET / HTTP/1.1\r\n\r\n", OK, body))
    with open_archive(settings, writable=True) as archive:
        import_paths(archive, list((tmp_path / "in").iterdir()))
    [index] = settings.index_dir.iterdir()
    lines = index.read_text(encoding="utf-8").splitlines()
    assert lines == sorted(lines)
    found = {}
    for line in lines:
        key, time, fields = line.split(" ", 2)
        told = json.loads(fields)
        assert (key, time) == (make_key(told["url"]), START.strftime("%Y%m%d%H%M%S"))
        assert (told["mime"], told["status"]) == ("text/html", "200")
        with (settings.warc_dir / told["filename"]).open("rb") as file:
            file.seek(int(told["offset"]))
            data = file.read(int(told["length"]))
        for record in ArchiveIterator(BytesIO(data)):
            assert record.rec_headers.get_header("WARC-Target-URI") == told["url"]
            found[told["url"]] = record.content_stream().read()
    assert found == pages
    written = index.stat().st_mtime_ns
    with open_archive(settings, writable=True) as archive:
        import_paths(archive, list((tmp_path / "in").iterdir()))
    assert index.stat().st_mtime_ns == written


def test_a_record_with_an_invalid_url_does_not_stop_later_runs(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    page = Site(1).articles[0]
    head = "Content-Type: text/html; charset=utf-8"
    record = make_record(answer(head, page.page_html().encode()))
    odd = record.replace(b"https://example.org/", b"https://[::1/ a")
    early = record.replace(b"2026-11-01T00:00:00Z", b"0001-01-01T00:00:00+05:00")
    path = tmp_path / "odd.warc"
    path.write_bytes(odd + early + record.replace(b"https://example.org/", page.url.encode()))
    for _ in range(2):
        with open_archive(settings, writable=True) as archive:
            report = import_paths(archive, [path])
    assert report.problems == ()
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        assert count_articles(session).article_count == 1
    [index] = settings.index_dir.iterdir()
    assert len(index.read_text().splitlines()) == 2
