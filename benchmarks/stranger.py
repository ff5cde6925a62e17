"""Reads mutated untrusted input other than pages: feeds, sitemaps, robots.txt, response heads, WARC files, lists."""

import gzip
import io
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from scrapy.http import Headers
from scrapy.robotstxt import ProtegoRobotParser
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web._newclient import Request
from twisted.web.http_headers import Headers as SentHeaders

import sites
from pipeline.interpret import identify_sightings, read_outcome
from pipeline.url_list import read_url_list
from replica.feed import FEEDS, month_path
from replica.mutation import mutate
from replica.route import find_answer
from replica.site import Site
from schemas.capture import Capture, CaptureRef
from schemas.outcome import Outcome
from schemas.url import Sighting, SourceKind
from sites.cdx import read_cdx
from sites.source_page import SourcePage, SourceUnreadable
from spiders.framing import is_provably_complete
from spiders.retry_after import read_retry_after
from spiders.warc import Exchange, WarcWriter
from spiders.wire import RecordingProtocol
from storage.warc.capture import NotAWarc, iterate_captures
from storage.warc.member import read_head
from storage.warc.payload import BodyCut, BodyTooLarge, decode_body

ARTICLE_COUNT = 60
"""Articles of the site whose documents are mutated: enough to fill the feeds, few enough for many mutations."""

AT = datetime(2024, 10, 1, tzinfo=UTC)
PAGE_URL = "https://www.themoscowtimes.com/2024/10/01/a-page-a1"
MAX_BODY_BYTES = 8 << 20
WARC_RECORD_COUNT = 6

HEADS = (
    (
        b'HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=UTF-8\r\nContent-Encoding: gzip\r\nETag: W/"5-a"\r\n'
        b"Last-Modified: Tue, 01 Oct 2024 08:00:00 GMT\r\nVary: Accept-Encoding\r\nContent-Length: %d\r\n\r\n"
    ),
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 120\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n",
    b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: Tue, 01 Oct 2024 09:00:00 GMT\r\nContent-Length: %d\r\n\r\n",
    b"HTTP/1.1 301 Moved Permanently\r\nLocation: /2024/10/01/another-a2\r\nContent-Length: %d\r\n\r\n",
    (
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.0 200\r\nContent-Type: text/html, text/html\r\n"
        b"X-Folded: a\r\n b\r\nConnection: close\r\nX-Length: %d\r\n\r\n"
    ),
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: deflate\r\nX-Length: %d\r\n\r\n"
        b"5;a=b\r\nhello\r\n0\r\n\r\n"
    ),
)
LISTS = (
    (
        "# the week's\nhttps://www.themoscowtimes.com/2024/10/01/a-page-a1\n"
        "https://www.themoscowtimes.com/2024/10/02/a-b-a2 # later\n"
    ),
    (
        "url,date\nhttps://www.themoscowtimes.com/2024/10/01/a-page-a1,2024-10-01\n"
        '"https://www.themoscowtimes.com/2024/10/02/b-a2",2024-10-02\n'
    ),
    "- [A page](https://www.themoscowtimes.com/2024/10/01/a-page-a1)\n2. <www.themoscowtimes.com/2024/10/02/b-a2>\n",
    "https://www.themoscowtimes.com/a-1\thttps://www.themoscowtimes.com/b-2\nthemoscowtimes.com/articles/«статья»-3\n",
)
INDEXES = (
    (
        " CDX N b a m s k r M S V g\ncom,x)/ 20241001080000 https://www.themoscowtimes.com/2024/10/01/a-a1 text/html"
        " 200 A - - 1 2 x.warc.gz\n"
    ),
    (
        'com,x)/ 20241001080000 {"url": "https://www.themoscowtimes.com/2024/10/01/a-a1", "mime": "text/html",'
        ' "status": "200"}\n'
    ),
    '[["original","timestamp","statuscode"],["https://www.themoscowtimes.com/2024/10/01/a-a1","20241001080000","200"]]',
)


@dataclass(frozen=True)
class UntrustedKind:
    """A kind of untrusted document, with samples and a reader that returns an outcome."""

    samples: tuple[tuple[str, bytes], ...]
    """Pairs of URL and document."""
    read: Callable[[str, bytes], str]


def read_mutated(seed: int) -> tuple[str, bytes, str]:
    """Return the kind of a mutated document, its bytes, and its outcome: `ESCAPED …` if an exception escaped."""
    kinds = load_kinds()
    name = sorted(kinds)[seed % len(kinds)]
    kind = kinds[name]
    url, sample = kind.samples[seed // len(kinds) % len(kind.samples)]
    document = mutate(sample, seed)
    try:
        result = kind.read(url, document)
    except Exception as error:  # noqa: BLE001 - the fuzzer looks for any that escapes
        result = f"ESCAPED {type(error).__name__} (seed {seed}): {error}"
    return name, document, result


@cache
def load_kinds() -> Mapping[str, UntrustedKind]:
    """Return name -> kind of document, with the replica's documents as samples."""
    site = Site(ARTICLE_COUNT)
    sources = [*_list_sources(site, "www", [f"/rss/{name}" for name in FEEDS])]
    sources += _list_sources(site, "static", ["/sitemap/sitemap.xml", "/sitemap/newsmap.xml"])
    sources += _list_sources(site, "static", [month_path(month) for month in sorted(site.sitemap_urls)[-2:]])
    listings = _list_sources(site, "www", ["/news", "/opinion", "/business"])
    robots = _list_sources(site, "www", ["/robots.txt"])
    return {
        "feed or sitemap": UntrustedKind(tuple(sources), _read_source),
        "index of an archive": UntrustedKind(tuple(("file:x.cdx", text.encode()) for text in INDEXES), _read_index),
        "listing": UntrustedKind(tuple(listings), _read_source),
        "a list of URLs": UntrustedKind(tuple(("file:x.txt", text.encode()) for text in LISTS), _read_list),
        "response": UntrustedKind(tuple((PAGE_URL, _answer(head)) for head in HEADS), _read_response),
        "robots.txt": UntrustedKind((*robots, (robots[0][0], robots[0][1] + b"Crawl-delay: 2.5\n")), _read_robots),
        "WARC, compressed": UntrustedKind((("file:x.warc.gz", _make_warc(site)),), _read_warc),
        "WARC, plain": UntrustedKind((("file:x.warc", gzip.decompress(_make_warc(site))),), _read_warc),
    }


def _list_sources(site: Site, origin: str, paths: list[str]) -> list[tuple[str, bytes]]:
    hosts = {"www": "https://www.themoscowtimes.com", "static": "https://static.themoscowtimes.com"}
    return [(hosts[origin] + path, find_answer(site, origin, path).body) for path in paths]


def _answer(head: bytes) -> bytes:
    body = gzip.compress(b"<html><body><p>A page.</p></body></html>", mtime=0)
    return head % len(body) + body


def _make_warc(site: Site) -> bytes:
    """Return a WARC file of pages, as our writer makes it."""
    with TemporaryDirectory() as folder, WarcWriter(Path(folder), site="fuzz", run_id="fuzz") as writer:
        for article in site.newest_first[:WARC_RECORD_COUNT]:
            body = gzip.compress(find_answer(site, "www", article.path).body, mtime=0)
            head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n"
            writer.write_exchange(Exchange(article.url, AT, b"GET / HTTP/1.1\r\n\r\n", head, body))
        return b"".join(path.read_bytes() for path in Path(folder).iterdir())


def _read_source(url: str, document: bytes) -> str:
    site = sites.find_site(url)
    try:
        return _check_storable(site.read_source(document, url, "text/xml", AT))
    except SourceUnreadable:
        return "unreadable"


def _read_index(url: str, document: bytes) -> str:
    try:
        return _check_storable(read_cdx(document, url, AT))
    except SourceUnreadable:
        return "unreadable"


def _check_storable(page: SourcePage) -> str:
    """Check that everything read can be stored as text and identified as a URL."""
    for identity, sighting in identify_sightings(page.sightings):
        identity.model_dump_json().encode()
        sighting.model_dump_json().encode()
    for child in page.children:
        sites.identify(child)
    return "read, cut" if page.is_cut else "read"


def _read_list(url: str, document: bytes) -> str:
    try:
        urls = read_url_list(document)
    except ValueError:
        return "refused"
    sightings = (Sighting(url=one, source_url=url, source_kind=SourceKind.LIST, seen_at=AT) for one in urls)
    return _check_storable(SourcePage(tuple(sightings))) if urls else "no list"


def _read_robots(url: str, document: bytes) -> str:
    rules = ProtegoRobotParser(document, None)
    rules.allowed(PAGE_URL, "broadsheet")
    rules.crawl_delay("broadsheet")
    return _name(read_outcome(_capture(url, 200, (("content-type", "text/plain"),), document)))


def _read_response(url: str, document: bytes) -> str:
    """Read a response as from the wire; what the crawl accepts, the reader must accept too."""
    protocol = RecordingProtocol(lambda _protocol: None)  # type: ignore[no-untyped-call]
    protocol.makeConnection(StringTransport())  # type: ignore[no-untyped-call]
    answers: list[Any] = []
    sent = Request(b"GET", b"/", SentHeaders({b"host": [b"x"]}), None)  # type: ignore[no-untyped-call]
    protocol.request(sent).addBoth(answers.append)
    protocol.dataReceived(document)  # type: ignore[no-untyped-call]
    protocol.connectionLost(Failure(ConnectionResetError()))  # type: ignore[no-untyped-call]
    if not answers or isinstance(answers[0], Failure):
        return "refused"
    head = answers[0].wire.response_head
    read_retry_after(Headers(dict(answers[0].headers.getAllRawHeaders())).get("Retry-After"), AT)
    _, _, body = document.partition(b"\r\n\r\n")
    return _read_accepted(url, head, body)


def _read_accepted(url: str, head: bytes, body: bytes) -> str:
    status, headers = read_head(io.BytesIO(head))
    named = tuple((name.lower(), value) for name, value in headers)
    with suppress(BodyCut, BodyTooLarge):
        body = decode_body(body, named, MAX_BODY_BYTES)
    capture = _capture(url, status, named, body)
    is_provably_complete(
        url, status, capture.media_type, capture.header("content-encoding") or "", body, MAX_BODY_BYTES
    )
    outcome = read_outcome(capture)
    outcome.model_dump_json().encode()
    return _name(outcome)


def _read_warc(url: str, document: bytes) -> str:
    captures = iterate_captures(_Bytes(document), url, 0, MAX_BODY_BYTES)
    try:
        found = [_name(read_outcome(capture)) for capture, _ in captures]
    except NotAWarc:
        return "no WARC"
    failed = next((one for one in found if one.startswith("ESCAPED")), None)
    return failed or ("damaged" if captures.corrupt or captures.cut_at is not None else "read")


class _Bytes:
    """Bytes that open like a path."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def open(self, mode: str, /) -> BinaryIO:  # noqa: ARG002 - the signature of a path's `open`
        return io.BytesIO(self._data)


def _name(outcome: Outcome) -> str:
    failed = next((one for one in getattr(outcome, "reasons", ()) if one.startswith("reader-failed")), None)
    return f"ESCAPED {failed}" if failed else type(outcome).__name__


def _capture(url: str, status: int, headers: tuple[tuple[str, str], ...], body: bytes) -> Capture:
    ref = CaptureRef(warc="fuzz.warc.gz", offset=0, length=1, sha256="0" * 64)
    return Capture(ref=ref, url=url, fetched_at=AT, status=status, headers=headers, body=body)
