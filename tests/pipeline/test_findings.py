"""Feeds whose clock is ahead: the pages' own times are stored, and the report says so."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.ingest import ingest_once
from pipeline.quality.findings import describe_clock_offsets, find_offset_hours
from replica.answer import XML, Answer
from replica.handler import Asked
from replica.server import running
from schemas.settings import Settings
from tests.pipeline.asking import SITE, WWW
from tests.pipeline.test_ingest import read_records

NOON = datetime(2026, 9, 30, 12, tzinfo=UTC)
FAST_COUNT = 4


def compare(*hours: float) -> list[tuple[str, datetime, datetime]]:
    return [("rss/news", NOON + timedelta(hours=ahead), NOON) for ahead in hours]


@pytest.mark.parametrize(
    ("hours", "offset"),
    [
        ((3, 3, 3), 3),
        ((3, 3, 3, 40), 3),
        ((-1, -1, -1, -1.01), -1),
        ((3, 3), None),
        ((0, 0, 3), None),
        ((2.5, 2.5, 2.5), None),
        ((0, 0.01, 0), None),
    ],
)
def test_a_clock_is_wrong_when_most_items_differ_by_whole_hours(hours: tuple[float, ...], offset: int | None) -> None:
    assert find_offset_hours(compare(*hours)) == ({"rss/news": offset} if offset else {})


def test_feeds_with_the_same_offset_share_one_sentence() -> None:
    told = list(describe_clock_offsets({"rss/all": 3, "rss/city": -1, "rss/news": 3}))
    assert told == [
        "feeds 1 h behind their pages' timestamps, which are used instead: rss/city",
        "feeds 3 h ahead of their pages' timestamps, which are used instead: rss/all, rss/news",
    ]


def label_moscow_time_as_utc(asked: Asked) -> Answer | None:
    if asked.path != "/rss/all":
        return None
    items = "".join(
        f"<item><link>{one.url}</link><pubDate>{one.head.published_at + timedelta(hours=3):%a, %d %b %Y %H:%M:%S} +0000"
        "</pubDate></item>"
        for one in SITE.newest_first[:FAST_COUNT]
    )
    return Answer(f"<rss version='2.0'><channel>{items}</channel></rss>".encode(), XML)


def test_a_feed_three_hours_ahead_is_a_note_and_the_page_time_is_stored(make_settings: Callable[..., Settings]) -> None:
    with running(SITE, fault=label_moscow_time_as_utc) as server:
        settings = make_settings(origins=dict(server.origins))
        report = ingest_once(settings, "moscow-times", "feeds", limit=FAST_COUNT)
    assert report.problems == ()
    [note] = [note for note in report.notes if note.startswith("feeds")]
    assert note == f"feeds 3 h ahead of their pages' timestamps, which are used instead: {WWW}/rss/all"
    records = read_records(settings)
    for one in SITE.newest_first[:FAST_COUNT]:
        assert records[one.id].published_at == one.head.published_at
