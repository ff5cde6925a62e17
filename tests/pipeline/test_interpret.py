"""The meaning of a capture: exactly one outcome, whatever a publisher sends."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.interpret import read_outcome
from replica.site import Site
from schemas.capture import Capture, CaptureRef
from schemas.outcome import (
    ArticleRead,
    CaptureQuarantined,
    FetchFailed,
    Kept,
    Missing,
    Outcome,
    Redirected,
    RobotsRead,
    SourceBroken,
    SourceRead,
    Unchanged,
)
from schemas.printing import make_printable

WWW = "https://www.themoscowtimes.com"
ARTICLE = f"{WWW}/2024/09/01/some-words-a85656"
FEED = f"{WWW}/rss/news"
HTML = (("content-type", "text/html; charset=utf-8"),)
RSS = b"<rss version='2.0'><channel><item><link>%s</link></item></channel></rss>" % ARTICLE.encode()
OOPS = b"<html><head><title>Oops!</title></head><body><h1>Oops!</h1><p>We couldn't find your page.</p></body></html>"


def make_capture(
    url: str | None, status: int = 200, body: bytes = b"", headers: tuple[tuple[str, str], ...] = HTML, **more: Any
) -> Capture:
    ref = CaptureRef(warc="a.warc.gz", offset=0, length=1, sha256="0" * 64)
    return Capture(ref=ref, url=url, fetched_at=datetime.now(UTC), status=status, headers=headers, body=body, **more)


@pytest.mark.parametrize(
    ("capture", "outcome"),
    [
        (make_capture(f"{WWW}/robots.txt", body=b"User-agent: *"), RobotsRead),
        (make_capture(f"{WWW}/robots.txt", status=404), RobotsRead),
        (make_capture(FEED, status=304), Unchanged),
        (make_capture(ARTICLE, status=304), Unchanged),
        (make_capture(f"{WWW}/author/somebody", status=304), Kept),
        (make_capture(f"https://web.archive.org/cdx/search/cdx?url={ARTICLE}", body=b"[]"), SourceRead),
        (make_capture(FEED, body=RSS, headers=(("content-type", "application/rss+xml"),)), SourceRead),
        (make_capture(FEED, 203, RSS, (("content-type", "application/rss+xml"),)), SourceRead),
        (make_capture(ARTICLE, 203, OOPS), Missing),
        (make_capture(FEED, body=b"<!DOCTYPE html><html><body>Home</body></html>"), SourceBroken),
        (make_capture(FEED, status=500), SourceBroken),
        (make_capture(FEED, status=301, headers=(("location", "/rss/all"),)), Kept),
        (make_capture(FEED, too_large=True), SourceBroken),
        (make_capture(ARTICLE, status=404), Missing),
        (make_capture(ARTICLE, status=410), Missing),
        (make_capture(ARTICLE, body=OOPS), Missing),
        (make_capture(ARTICLE, status=503), FetchFailed),
        (make_capture(ARTICLE, status=403), FetchFailed),
        (make_capture(ARTICLE, status=301, headers=(("location", "/2024/09/01/other-a85656"),)), Redirected),
        (make_capture(ARTICLE, status=302, headers=(("location", "http://[bad"),)), Redirected),
        (make_capture(f"{WWW}/author/somebody", status=404), Kept),
        (make_capture(ARTICLE, truncated=True), CaptureQuarantined),
        (make_capture(f"{WWW}/live/85656/0", body=b"[]"), Kept),
        (make_capture(ARTICLE), CaptureQuarantined),
        (make_capture(ARTICLE, too_large=True), CaptureQuarantined),
        (make_capture(ARTICLE, body=b"\x00\x01\x02" * 99), CaptureQuarantined),
        (make_capture(f"{WWW}/author/somebody", body=b"<html><body>Words</body></html>"), Kept),
        (make_capture(None, body=b"", headers=(("content-type", "text/plain"),)), CaptureQuarantined),
        (make_capture(None, body=b"Some words.\n", headers=(("content-type", "text/plain"),)), ArticleRead),
    ],
)
def test_a_capture_has_its_expected_outcome(capture: Capture, outcome: type[Outcome]) -> None:
    assert type(read_outcome(capture)) is outcome


def test_an_article_page_is_read_under_its_canonical_url() -> None:
    article = Site(8).articles[6]
    old = article.url.replace(article.url.rpartition("/")[2].rpartition("-")[0], "another-slug")
    found = read_outcome(make_capture(old, body=article.page_html().encode()))
    assert isinstance(found, ArticleRead)
    assert found.identity
    assert (found.identity.url, found.article.id) == (article.url, article.id)


def test_a_redirect_to_another_host_leads_to_no_article() -> None:
    found = read_outcome(make_capture(ARTICLE, status=302, headers=(("location", "http://127.0.0.1/admin"),)))
    assert isinstance(found, Redirected)
    assert found.identity.id == "moscow-times:en:85656"
    assert (found.target.id, found.target.rule) == (None, "foreign-host")


def test_the_validators_of_a_truncated_source_are_dropped() -> None:
    headers = (("etag", '"1"'),)
    whole = read_outcome(make_capture(FEED, body=RSS, headers=headers))
    cut = read_outcome(make_capture(FEED, body=RSS[:-16] + b"<item><link>https://", headers=headers))
    assert isinstance(whole, SourceRead)
    assert isinstance(cut, SourceRead)
    assert (whole.is_cut, cut.is_cut) == (False, True)
    assert whole.seen.validators
    assert cut.seen.validators is None
    assert [identity for identity, _ in cut.sightings] == [identity for identity, _ in whole.sightings]


HOSTILE = "\x1b[2J\x9b31m\u202e\u2066\u061c\ufffe\U000e0041\u200b\x07\x0b"
TEXT = re.compile(r"(>[^<>{}\n]{3})(?=[^<>{}]+<)")
ATTRIBUTE = re.compile(r'((?:content|alt|title|src|href|data-src)="[^"]{12})')
JSON = re.compile(r'("(?:headline|name|articleSection|caption|description)":\s*"[^"]{2})')


def list_texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from list_texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from list_texts(one)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize(
    "spelled", [HOSTILE, "".join(f"&#{ord(char)};" for char in HOSTILE)], ids=["raw", "references"]
)
def test_no_field_of_an_article_contains_terminal_control_characters(spelled: str) -> None:
    """Exports, terminal output and mail are made of these fields."""
    read_count = 0
    for article in Site(24, bad_pages=False, kinds=("article", "opinion", "gallery", "video", "podcast")).articles:
        page = JSON.sub(lambda found: found[1] + json.dumps(HOSTILE)[1:-1], article.page_html())
        for pattern in (TEXT, ATTRIBUTE):
            page = pattern.sub(lambda found: found[1] + spelled, page)
        outcome = read_outcome(make_capture(article.url, body=page.encode()))
        texts = list(list_texts(outcome.model_dump(mode="json")))
        assert [text for text in texts if make_printable(text) != text] == []
        assert not any("reader-failed" in text for text in texts)
        read_count += isinstance(outcome, ArticleRead)
    assert read_count > 12
