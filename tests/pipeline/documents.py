"""Broken or hostile documents and their results: one table for the tests and docs/faults.md."""

import gzip
import io
from datetime import UTC, datetime
from typing import BinaryIO, NamedTuple

from pipeline.interpret import read_outcome
from pipeline.url_list import read_url_list
from schemas.capture import Capture, CaptureRef
from schemas.outcome import ArticleRead, CaptureQuarantined, Missing, Outcome, SourceBroken, SourceRead
from storage.warc.capture import NotAWarc, iterate_captures
from tests.storage.warc_sample import Warc, answer, make_record

MAX_BYTES = 8 << 20
AT = datetime(2024, 10, 2, tzinfo=UTC)
FEED_URL = "https://www.themoscowtimes.com/rss/news"
MONTH_URL = "https://static.themoscowtimes.com/sitemap/2024-10.xml"
INDEX_URL = "https://static.themoscowtimes.com/sitemap/sitemap.xml"
LISTING_URL = "https://www.themoscowtimes.com/news"
ROBOTS_URL = "https://www.themoscowtimes.com/robots.txt"
PAGE_URL = "https://www.example.org/2024/10/01/a-page"
ONE, TWO = (f"https://www.themoscowtimes.com/2024/10/01/a-page-a8000{number}" for number in "12")

_LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {one} "{f"&{before};" * 10}">' for before, one in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
)
_FILE = '<!DOCTYPE x [<!ENTITY i SYSTEM "file:///etc/hostname">]>'
_PARAMETER = '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x.dtd"> %p;]>'
_WORDS = " ".join(
    f"<p>Sentence {number} of the page says that the town of {number} has a new bridge.</p>" for number in range(20)
)


def feed(*items: str, before: str = "") -> bytes:
    """Return a feed with these strings in its items."""
    inner = "".join(f"<item>{item}</item>" for item in items)
    return f'<?xml version="1.0"?>{before}<rss version="2.0"><channel>{inner}</channel></rss>'.encode()


def sitemap(*urls: str, before: str = "", name: str = "url", root: str = "urlset") -> bytes:
    """Return a sitemap of these URLs."""
    inner = "".join(f"<{name}><loc>{url}</loc></{name}>" for url in urls)
    return f'<?xml version="1.0"?>{before}<{root}>{inner}</{root}>'.encode()


def page(words: str = _WORDS, before: str = "<!doctype html>") -> bytes:
    """Return an article's page."""
    return (
        f"{before}<html lang=en><head><title>A bridge</title><meta property='article:published_time'"
        f" content='2024-10-01T10:00:00Z'></head><body><article><h1>A bridge</h1>{words}</article></body></html>"
    ).encode()


def _warc(*, compressed: bool = True) -> bytes:
    warc = Warc(compressed=compressed)
    warc.add(ONE)
    warc.add(TWO)
    return warc.data


def _flip(data: bytes, place: int) -> bytes:
    return data[:place] + bytes((data[place] ^ 1,)) + data[place + 1 :]


class Document(NamedTuple):
    """A document, its source, and its expected result."""

    what: str
    url: str
    body: bytes
    result: str


def _link(url: str, title: str = "A bridge") -> str:
    return f"<title>{title}</title><link>{url}</link>"


DOCUMENTS = (
    Document("a feed", FEED_URL, feed(_link(ONE), _link(TWO)), "2 URLs"),
    Document("a feed truncated within a URL", FEED_URL, feed(_link(ONE), _link(TWO))[:-40], "1 URL; it is cut"),
    Document(
        "a feed with an item of 300 nested elements",
        FEED_URL,
        feed(_link(ONE), f"{'<b>' * 300}{'</b>' * 300}{_link(TWO)}"),
        "1 URL; it is cut",
    ),
    Document("a feed with a bare `&`", FEED_URL, feed(_link(ONE, "Tea & Sugar")), "1 URL"),
    Document("a feed with a lone surrogate (`&#55296;`)", FEED_URL, feed(_link(ONE, "A &#55296; B")), "1 URL"),
    Document("a feed with 40,000 comments before it", FEED_URL, b"<!---->" * 40_000 + feed(_link(ONE)), "1 URL"),
    Document(
        "a feed that declares UTF-16 and is UTF-8",
        FEED_URL,
        feed(_link(ONE)).replace(b'"1.0"', b'"1.0" encoding="utf-16"'),
        "1 URL",
    ),
    Document("a feed in UTF-16", FEED_URL, feed(_link(ONE)).decode().encode("utf-16"), "1 URL"),
    Document(
        "a feed whose guid is no URL",
        FEED_URL,
        feed('<title>x</title><guid isPermaLink="false">80001</guid>'),
        "0 URLs",
    ),
    Document("a feed with an external entity in a URL", FEED_URL, feed(_link(f"{ONE}&i;"), before=_FILE), "0 URLs"),
    Document("a feed with an external DTD", FEED_URL, feed(_link(ONE), before=_PARAMETER), "1 URL"),
    Document(
        "a feed with exponentially expanding entities",
        FEED_URL,
        feed(_link(ONE), _link(TWO, "&i;"), before=_LAUGHS),
        "1 URL; it is cut",
    ),
    Document("an entity outside a feed's elements", FEED_URL, feed(f"&i;<guid>{ONE}</guid>", before=_FILE), "1 URL"),
    Document("an empty feed", FEED_URL, b"", "a broken source: empty answer where a feed or a sitemap should be"),
    Document(
        "HTML where a feed should be",
        FEED_URL,
        page(),
        "a broken source: HTML (text/html) where a feed or a sitemap should be",
    ),
    Document(
        "JSON where a feed should be",
        FEED_URL,
        b'{"items": []}',
        "a broken source: no XML (text/html) where a feed or a sitemap should be",
    ),
    Document("a sitemap", MONTH_URL, sitemap(ONE, TWO), "2 URLs"),
    Document("a truncated sitemap", MONTH_URL, sitemap(ONE, TWO)[:-25], "1 URL; it is cut"),
    Document("a sitemap with an external entity", MONTH_URL, sitemap(ONE, "&i;", before=_FILE), "1 URL"),
    Document(
        "a sitemap with exponentially expanding entities",
        MONTH_URL,
        sitemap(ONE, "&i;", before=_LAUGHS),
        "1 URL; it is cut",
    ),
    Document("an index of sitemaps", INDEX_URL, sitemap(MONTH_URL, name="sitemap", root="sitemapindex"), "0 URLs"),
    Document(
        "an index with an external entity",
        INDEX_URL,
        sitemap(MONTH_URL, "&i;", before=_FILE, name="sitemap", root="sitemapindex"),
        "0 URLs",
    ),
    Document("a listing without a card", LISTING_URL, page(), "a broken source: no article card on the listing page"),
    Document(
        "a listing with a tag of 40,000 attributes",
        LISTING_URL,
        page(f"<p {' '.join(f'a{number}' for number in range(40_000))}>"),
        "a broken source: the listing page",
    ),
    Document("robots.txt of 40,000 lines", ROBOTS_URL, b"Disallow: /x*$\n" * 40_000, "rules"),
    Document("a page", PAGE_URL, page(), "an article"),
    Document("a page with an external entity", PAGE_URL, page(f"&i;{_WORDS}", before=_FILE), "an article"),
    Document(
        "a page with exponentially expanding entities", PAGE_URL, page(f"&i;{_WORDS}", before=_LAUGHS), "an article"
    ),
    Document(
        "a page with a tag of 40,000 attributes",
        PAGE_URL,
        page(f"<p {' '.join(f'a{number}' for number in range(40_000))}>{_WORDS}"),
        "quarantined: overgrown",
    ),
    Document("a page of 60,000 elements", PAGE_URL, page("<p>x</p>" * 60_000), "quarantined: overgrown"),
    Document("a PDF", PAGE_URL, b"%PDF-1.4\n%%EOF\n", "quarantined: not-html"),
    Document("an empty page", PAGE_URL, b" ", "quarantined: empty-page"),
    Document(
        "a list of URLs, quoted, with bullets and notes",
        "file:x.txt",
        f'- "{ONE}"\n* <{TWO}> # later\n'.encode(),
        "a list of 2 URLs",
    ),
    Document(
        "a list in UTF-16 with a line of headings",
        "file:x.txt",
        f"url,day\n{ONE},2024-10-01\n".encode("utf-16"),
        "a list of 1 URL",
    ),
    Document(
        "a list with a line that is no URL",
        "file:x.txt",
        f"{ONE}\n{TWO}\nfile:///etc/passwd\n".encode(),
        "refused: line 3 of a list of URLs is not a URL",
    ),
    Document(
        "a host of 60,000 letters in a list",
        "file:x.txt",
        f"{ONE}\nhttps://{'я' * 60_000}.example/\n".encode(),
        "refused: line 2 of a list of URLs is not a URL",
    ),
    Document("a WARC file", "file:x.warc.gz", _warc(), "2 captures"),
    Document("a truncated WARC file", "file:x.warc.gz", _warc()[:-20], "1 capture; it is cut"),
    Document(
        "a WARC file with a flipped bit", "file:x.warc.gz", _flip(_warc(), len(_warc()) // 2), "1 capture, 1 damaged"
    ),
    Document(
        "an uncompressed WARC file with a flipped bit",
        "file:x.warc",
        _flip(_warc(compressed=False), len(_warc(compressed=False)) - 50),
        "1 capture, 1 damaged",
    ),
    *(
        Document(
            f"a record whose {what} was damaged",
            "file:x.warc",
            make_record(answer("A: b", b"x")).replace(right, wrong) + make_record(answer("A: b", b"x")),
            "1 capture, 1 damaged",
        )
        for what, right, wrong in (
            ("`Content-Type`", b"application/http", b"applicatiof/http"),
            ("`Content-Type` header's name", b"Content-Type", b"Content-Uype"),
            ("`WARC-Type`", b"response\r", b"rdsponse\r"),
        )
    ),
    Document(
        "a record whose length reaches beyond the file",
        "file:x.warc",
        make_record(answer("A: b", b"x"), length=99_999) + make_record(answer("A: b", b"x")),
        "1 capture, 1 damaged",
    ),
    Document(
        "a record without a status",
        "file:x.warc",
        make_record(b"\r\n\r\nx") + make_record(answer("A: b", b"x")),
        "1 capture, 1 damaged",
    ),
    Document(
        "a WARC file that is one gzip member",
        "file:x.warc.gz",
        gzip.compress(_warc(compressed=False)),
        "refused: the file has several records in one gzip member",
    ),
    Document("a ZIP file called a WARC file", "file:x.warc", b"PK\x03\x04", "refused: it is not a WARC file"),
)


class _File:
    """A WARC file in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def open(self, mode: str, /) -> BinaryIO:  # noqa: ARG002 - as a path's
        return io.BytesIO(self._data)


def list_texts(document: Document) -> list[str]:
    """Return everything stored of it, as JSON."""
    return [_read(document).model_dump_json()]


def find_result(document: Document) -> str:
    """Return its result in words."""
    if ".warc" in document.url:
        return _read_warc(document)
    if document.url.startswith("file:"):
        return _read_list(document)
    return _name(_read(document))


def _read(document: Document) -> Outcome:
    ref = CaptureRef(warc="x.warc.gz", offset=0, length=1, sha256="0" * 64)
    headers = (("content-type", "text/html"),)
    capture = Capture(ref=ref, url=document.url, fetched_at=AT, status=200, headers=headers, body=document.body)
    return read_outcome(capture)


def _read_warc(document: Document) -> str:
    captures = iterate_captures(_File(document.body), "it", 0, MAX_BYTES)
    try:
        count = len(list(captures))
    except NotAWarc as error:
        return f"refused: {_begin(str(error))}"
    damaged = f", {len(captures.corrupt)} damaged" if captures.corrupt else ""
    return f"{_count(count, 'capture')}{damaged}{'; it is cut' if captures.cut_at is not None else ''}"


def _read_list(document: Document) -> str:
    try:
        return f"a list of {_count(len(read_url_list(document.body)), 'URL')}"
    except ValueError as error:
        return f"refused: {_begin(str(error))}"


def _name(outcome: Outcome) -> str:
    match outcome:
        case SourceRead(sightings=sightings, is_cut=is_cut):
            return f"{_count(len(sightings), 'URL')}{'; it is cut' if is_cut else ''}"
        case SourceBroken(reason=reason):
            return f"a broken source: {_begin(reason)}"
        case CaptureQuarantined(reasons=reasons):
            return f"quarantined: {_begin(reasons[0])}"
        case Missing(reason=reason):
            return f"missing: {_begin(reason)}"
        case ArticleRead():
            return "an article"
    return "rules"


def _begin(reason: str) -> str:
    return reason.removesuffix(" is no HTML").partition(": ")[0].partition(" https://")[0]


def _count(count: int, noun: str) -> str:
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{count} {noun if count == 1 else plural}"
