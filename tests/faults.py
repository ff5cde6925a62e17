"""Faults and their outcomes: a table of the tests, of which `python -m tests.faults` makes docs/faults.md."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.pipeline.documents import DOCUMENTS
from tests.spiders.server import BROKEN_ROBOTS, BUSY_ROBOTS, MISSING_ROBOTS, WWW

PATH = Path(__file__).parent.parent / "docs" / "faults.md"


class Fetched(NamedTuple):
    """What the crawl records for a URL."""

    what: str
    """The fault that it shows."""
    result: str
    status: int | None
    """Of the last response."""
    attempts: int
    error: str | None
    """What the reason begins with."""


class Ended(NamedTuple):
    """What the ledger records for an article."""

    what: str
    """What its URL does."""
    first: str
    """The state after one run …"""
    second: str
    """… and after a second one."""
    request_count: int
    """In both."""
    error: str | None
    """What the last error begins with."""


_LARGE = "PageTooLarge: more than 100000 bytes"
_LATE = "DownloadTimeoutError: no whole answer within 2 seconds"
_OPEN = "ResponseDataLossError: the body ended with the connection"
_PRIVATE = "PrivateNetworkRefused"

ON_THE_SITE: Mapping[str, Fetched] = {
    "/fine": Fetched("a page", "captured", 200, 1, None),
    "/gzip": Fetched("a page, gzipped", "captured", 200, 1, None),
    "/no-gzip": Fetched("a page that is not gzipped although its header says so", "captured", 200, 1, None),
    "/bomb": Fetched("a gzip bomb: 10 MB in 10 kB; quarantined when it is read", "captured", 200, 1, None),
    "/chunked": Fetched("a body in chunks", "captured", 200, 1, None),
    "/odd": Fetched("headers that are folded, lack a colon, or are not ASCII", "captured", 200, 1, None),
    "/interim": Fetched("an interim response (103) before the final one", "captured", 200, 1, None),
    "/long-head": Fetched("200 kB of headers", "captured", 200, 1, None),
    "/endless-head": Fetched(
        "headers without an end", "failed", None, 1, "HeadTooLarge: the response's head has more than 262144 bytes"
    ),
    "/endless-line": Fetched("a header line of 300 kB", "failed", None, 1, "HeadTooLarge"),
    "/early-hints": Fetched("300 kB of interim responses", "failed", None, 1, "HeadTooLarge"),
    "/odd-status": Fetched("a status code that is not three digits", "failed", None, 3, "DownloadFailedError"),
    "/to-far": Fetched(
        "a redirect to a URL of 17 kB",
        "refused",
        None,
        1,
        "RedirectRefused: redirect to a URL longer than 16384 bytes",
    ),
    "/empty": Fetched("an empty body", "captured", 200, 1, None),
    "/no-content": Fetched("204", "captured", 204, 1, None),
    "/missing": Fetched("404", "captured", 404, 1, None),
    "/gone": Fetched("410", "captured", 410, 1, None),
    "/flaky": Fetched("500 twice, then the page", "captured", 200, 3, None),
    "/broken": Fetched("always 500", "captured", 500, 3, None),
    "/reset": Fetched("a connection reset", "failed", None, 3, "DownloadFailedError"),
    "/cut": Fetched("a body shorter than announced", "failed", None, 3, "ResponseDataLossError"),
    "/cut-chunked": Fetched("chunks without a final chunk", "failed", None, 3, "ResponseDataLossError"),
    "/surplus": Fetched(
        "a body longer than announced",
        "failed",
        None,
        3,
        "ResponseDataLossError: more bytes came than Content-Length announced",
    ),
    "/unframed": Fetched("a body ended by the closed connection, without `</html>`", "failed", None, 3, _OPEN),
    "/unframed-page": Fetched("a page ended by the closed connection, with `</html>`", "captured", 200, 1, None),
    "/unframed-gzip": Fetched("gzip ended by the closed connection, complete", "captured", 200, 1, None),
    "/unframed-cut-gzip": Fetched("gzip ended by the closed connection, incomplete", "failed", None, 3, _OPEN),
    "/unframed-bomb": Fetched("a gzip bomb ended by the closed connection", "failed", None, 3, _OPEN),
    "/unframed-text": Fetched("plain text ended by the closed connection", "captured", 200, 1, None),
    "/unframed-missing": Fetched("404 with a body ended by the closed connection", "captured", 404, 1, None),
    "/unframed-json": Fetched("JSON ended by the closed connection, complete", "captured", 200, 1, None),
    "/unframed-cut-json": Fetched("JSON ended by the closed connection, incomplete", "failed", None, 3, _OPEN),
    "/unended-chunks": Fetched("a feed without a final chunk, with `</rss>`", "captured", 200, 1, None),
    "/cut-but-ended": Fetched(
        "a body shorter than announced, with `</html>`",
        "failed",
        None,
        3,
        "ResponseDataLossError: the body is shorter than Content-Length announced",
    ),
    "/worked-on": Fetched("203", "captured", 203, 1, None),
    "/garbage": Fetched("bytes that are not HTTP", "failed", None, 3, "DownloadFailedError"),
    "/slow": Fetched("no response", "failed", None, 3, _LATE),
    "/dripping": Fetched("a body that stalls", "failed", None, 3, _LATE),
    "/huge": Fetched("a body announced as too large", "failed", None, 1, _LARGE),
    "/huge-chunked": Fetched("a body that turns out too large", "failed", None, 1, _LARGE),
    "/redirect": Fetched("a redirect to a redirect to a page", "captured", 200, 1, None),
    "/loop": Fetched("a redirect loop", "failed", None, 1, f"RedirectsEndless: back to {WWW}/loop"),
    "/itself": Fetched("a redirect to itself", "failed", None, 1, f"RedirectsEndless: back to {WWW}/itself"),
    "/endless": Fetched("endless redirects", "failed", None, 1, "RedirectsEndless: more than 5 redirects"),
    "/to-loopback": Fetched(
        "a redirect to loopback", "refused", None, 1, f"{_PRIVATE}: redirect to http://127.0.0.1:1/"
    ),
    "/to-mapped": Fetched("a redirect to `[::ffff:127.0.0.1]`", "refused", None, 1, _PRIVATE),
    "/to-decimal": Fetched("a redirect to `2130706433`", "refused", None, 1, _PRIVATE),
    "/to-octal": Fetched("a redirect to `0177.0.0.1`", "refused", None, 1, _PRIVATE),
    "/to-hex": Fetched("a redirect to `0x7f.1`", "refused", None, 1, _PRIVATE),
    "/to-compatible": Fetched("a redirect to `[::127.0.0.1]`", "refused", None, 1, _PRIVATE),
    "/to-site-local": Fetched("a redirect to `[fec0::1]`", "refused", None, 1, _PRIVATE),
    "/to-link-local": Fetched("a redirect to `169.254.169.254`", "refused", None, 1, _PRIVATE),
    "/to-elsewhere": Fetched(
        "a redirect to another publisher",
        "refused",
        None,
        1,
        "RedirectRefused: redirect to https://example.org/",
    ),
    "/to-forbidden": Fetched(
        "a redirect to a URL that robots.txt forbids", "forbidden", None, 1, f"RobotsForbidden: {WWW}/preview/secret"
    ),
    "/to-mail": Fetched("a redirect to `mailto:`", "refused", None, 1, "RedirectRefused: redirect to no URL"),
    "/preview/secret": Fetched("a URL that robots.txt forbids", "forbidden", None, 1, "RobotsForbidden"),
    "/page?utm_source=x": Fetched(
        "a URL that robots.txt forbids by a pattern", "forbidden", None, 1, "RobotsForbidden"
    ),
}
"""Path -> its outcome."""

ELSEWHERE: Mapping[str, Fetched] = {
    f"{BROKEN_ROBOTS}/fine": Fetched(
        "a page whose host's robots.txt returns 500",
        "robots-unreachable",
        None,
        1,
        f"RobotsUnreachable: {BROKEN_ROBOTS}/robots.txt answers 500",
    ),
    f"{BUSY_ROBOTS}/fine": Fetched(
        "a page whose host's robots.txt returns 429",
        "robots-unreachable",
        None,
        1,
        f"RobotsUnreachable: {BUSY_ROBOTS}/robots.txt answers 429",
    ),
    f"{MISSING_ROBOTS}/fine": Fetched("a page whose host's robots.txt returns 404", "captured", 200, 1, None),
    "http://127.0.0.1:{port}/direct": Fetched(
        "a loopback URL", "refused", None, 1, f"{_PRIVATE}: 127.0.0.1 is in a private"
    ),
    "http://[::7f00:1]:{port}/direct": Fetched(
        "a loopback URL, as IPv6", "refused", None, 1, f"{_PRIVATE}: ::7f00:1 is in a private"
    ),
    "http://localhost:{port}/direct": Fetched(
        "a host name that resolves to loopback", "refused", None, 1, f"{_PRIVATE}: localhost leads to "
    ),
    "mailto:someone@example.org": Fetched("a `mailto:` URL", "failed", None, 0, "AddressUnusable"),
    "https://": Fetched("a URL without a host", "failed", None, 0, "AddressUnusable"),
    "https://[::1": Fetched("a malformed URL", "failed", None, 0, "AddressUnusable"),
    f"{WWW}/" + 3_000 * "\u00e9": Fetched(
        "a URL of 18 kB", "failed", None, 0, "AddressUnusable: longer than 16384 bytes"
    ),
}
"""URL -> its outcome."""

_TO = "PrivateNetworkRefused: redirect to http://"
ENDS: Mapping[str, Ended] = {
    "500-twice": Ended("500 twice, then the page", "stored", "stored", 3, None),
    "500": Ended("always 500", "failed", "failed", 3, "HTTP 500"),
    "429-with-retry-after": Ended("429 with Retry-After, then the page", "stored", "stored", 2, None),
    "reset": Ended("a connection reset", "failed", "failed", 3, "DownloadFailedError"),
    "slow-body": Ended("a body that stalls", "failed", "failed", 3, "DownloadTimeoutError: no whole answer"),
    "cut-body": Ended("a body shorter than announced", "failed", "failed", 3, "ResponseDataLossError"),
    "longer-than-announced": Ended("a body longer than announced", "failed", "failed", 3, "ResponseDataLossError"),
    "redirect-chain": Ended("a redirect to another URL of the article", "stored", "stored", 1, None),
    "redirect-loop": Ended("a redirect to itself", "failed", "failed", 1, "RedirectsEndless"),
    "redirect-to-link-local": Ended("a redirect to `169.254.169.254`", "failed", "failed", 1, f"{_TO}169.254.169.254"),
    "redirect-to-loopback": Ended("a redirect to loopback", "failed", "failed", 1, f"{_TO}127.0.0.1"),
    "redirect-elsewhere": Ended(
        "a redirect to another publisher",
        "failed",
        "failed",
        1,
        "RedirectRefused: redirect to https://example.org/",
    ),
    "gzip-bomb": Ended("a gzip bomb: 100 MB in 100 kB", "quarantined", "quarantined", 1, "too-large"),
    "100-mb": Ended("100 MB", "failed", "failed", 1, "PageTooLarge"),
    "404-then-back": Ended("404, then the page", "pending", "stored", 2, None),
    "410": Ended("410", "pending", "gone", 2, "HTTP 410"),
    "soft-404": Ended("the publisher's error page, with status 200", "pending", "gone", 2, "soft-404"),
}
"""Name in `replica.fault.BEHAVIOURS` -> the outcome of the article."""

_HEAD = """# Faults and their outcomes

The faults that Broadsheet is tested against, and what it does with each. `python -m tests.faults` generates this page
from the tables of the tests (`tests/faults.py`, `tests/pipeline/documents.py`), which try every line.
"""
_FETCHED = """
## What the crawl meets

A captured response is in a WARC file, whatever its status; what it means is decided when it is read.
The tests use small limits for time and size.

| fault | result | tries | reason |
|---|---|---|---|
"""
_ENDED = """
## What becomes of an article

The [state](architecture.md#states-of-a-url) of its URL after one run and after a second.
A failed URL is retried later; a URL that is gone or quarantined for good is not.

| what its URL does | after one run | after a second | requests | last error |
|---|---|---|---|---|
"""
_READ = """
## What is read

Feeds, sitemaps, listings, lists of URLs, WARC files and pages.

| input | outcome |
|---|---|
"""


def render() -> str:
    """The page of the documents."""
    fetched = (_render_fetched(one) for one in (*ON_THE_SITE.values(), *ELSEWHERE.values()))
    ended = (
        _row(one.what, one.first, one.second, one.request_count, _code(one.error and one.error.partition(":")[0]))
        for one in ENDS.values()
    )
    read = (_row(one.what, one.result) for one in DOCUMENTS)
    return "".join((_HEAD, *_join(_FETCHED, fetched), *_join(_ENDED, ended), *_join(_READ, read)))


def _join(head: str, rows: Iterable[str]) -> Iterator[str]:
    yield head
    yield from rows


def _render_fetched(one: Fetched) -> str:
    result = f"{one.result}, {one.status}" if one.status else one.result
    return _row(one.what, result, one.attempts, _code(one.error and one.error.partition(":")[0]))


def _row(*cells: object) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |\n"


def _code(text: str | None) -> str:
    return f"`{text}`" if text else ""


if __name__ == "__main__":
    PATH.write_text(render(), encoding="utf-8")
