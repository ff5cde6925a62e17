"""Responses of web archives' indexes, in all their formats."""

import json
from datetime import UTC, datetime

import pytest

from schemas.url import SourceKind
from sites.cdx import read_cdx
from sites.source_page import SourceUnreadable
from sites.url import is_cdx_url

URL = "https://web.archive.org/cdx/search/cdx?url=themoscowtimes.com/archive/*"
AT = datetime(2026, 1, 1, tzinfo=UTC)
PAGE = "https://www.themoscowtimes.com/archive/a-story"
OTHER = "http://www.themoscowtimes.com/archive/another"

TABLE = [
    ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"],
    ["k", "20160101000000", PAGE, "text/html", "200", "D", "1"],
    ["k", "20170101000000", PAGE, "warc/revisit", "-", "D", "1"],
    ["k", "20160101000000", OTHER, "text/html", "200", "D", "1"],
    ["k", "20160101000000", f"{OTHER}-moved", "text/html", "301", "D", "1"],
    ["k", "20160101000000", "https://www.themoscowtimes.com/a.png", "image/png", "200", "D", "1"],
]
PLAIN = "\n".join(" ".join(row) for row in TABLE[1:])
LEGEND = " CDX N b a m s k r M S V g\n" + "\n".join(
    f"k 2016 {row[2]} {row[3]} {row[4]} D - - 1 2 x.warc.gz" for row in TABLE[1:]
)
OBJECTS = [{"url": row[2], "mime": row[3], "status": row[4]} for row in TABLE[1:]]
JSON_LINES = "\n".join(map(json.dumps, OBJECTS))
CDXJ = "\n".join(f"com,themoscowtimes)/ 2016 {json.dumps(one)}" for one in OBJECTS)


@pytest.mark.parametrize("text", [json.dumps(TABLE), PLAIN, LEGEND, JSON_LINES, CDXJ, "\ufeff" + PLAIN])
def test_every_format_lists_each_page_once(text: str) -> None:
    found = read_cdx(text.encode(), URL, AT)
    assert [one.url for one in found.sightings] == [PAGE, OTHER]
    assert {(one.source_url, one.source_kind, one.seen_at) for one in found.sightings} == {(URL, SourceKind.CDX, AT)}


@pytest.mark.parametrize("text", ["", "[]", "\n\n"])
def test_an_empty_index_is_not_an_error(text: str) -> None:
    assert read_cdx(text.encode(), URL, AT).sightings == ()


@pytest.mark.parametrize("text", ["<html>Blocked</html>", "[1, 2]", '[["a"]]', "[" * 100_000, "k {broken", "one two"])
def test_any_other_response_is_unreadable(text: str) -> None:
    with pytest.raises(SourceUnreadable):
        read_cdx(text.encode(), URL, AT)


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        (URL, True),
        ("https://index.commoncrawl.org/CC-MAIN-2024-10-index?url=*.themoscowtimes.com", True),
        ("http://localhost:8080/my/cdx?url=x", True),
        ("https://www.themoscowtimes.com/archive/cdxs", False),
        ("https://www.themoscowtimes.com/rss/news", False),
        ("https://[", False),
    ],
)
def test_an_index_is_recognized_by_its_url(url: str, is_one: bool) -> None:  # noqa: FBT001 - a table
    assert is_cdx_url(url) is is_one
