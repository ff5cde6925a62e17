"""Rules of politeness that can be tested without a crawl."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st
from scrapy.settings import default_settings

from spiders import settings
from spiders.host_backoff import FILE_NAME, MAX_BACKOFF, HostBackoffs
from spiders.redirect import is_same_publisher
from spiders.retry_after import UNREADABLE_PAUSE_SECONDS, read_retry_after
from spiders.settings import derive_settings
from spiders.source_order import FILE_NAME as ASKED
from spiders.source_order import NEVER, SourceOrder
from tests.spiders.child import make_crawl

NOW = datetime(2024, 6, 3, 12, 0, 0, tzinfo=UTC)
A_DAY = MAX_BACKOFF.total_seconds()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"120", 120),
        (b" 0 ", 0),
        (b"Mon, 03 Jun 2024 12:01:30 GMT", 90),
        (b"Mon, 03 Jun 2024 15:01:30 +0300", 90),
        (b"Mon, 03 Jun 2024 12:00:10", 10),
        (b"Mon, 03 Jun 2024 11:00:00 GMT", 0),
        (b"4.5", 4.5),
        (b"999999999999", A_DAY),
        (b"1763770000000", A_DAY),
        (b"9" * 5000, A_DAY),
        (b"Fri, 31 Dec 9999 23:59:59 -1200", A_DAY),
        (b"Fri, 31 Dec 9999 23:59:59 GMT", A_DAY),
        (b"Mon, 01 Jan 0001 00:00:00 +1200", 0),
        (b"Mon, 03 Jun 2024 12:00:10 +99999999999999", UNREADABLE_PAUSE_SECONDS),
        (b"Mon, 03 Jun 99999 12:00:10 GMT", UNREADABLE_PAUSE_SECONDS),
        (b"soon", UNREADABLE_PAUSE_SECONDS),
        (b"-5", UNREADABLE_PAUSE_SECONDS),
        (b"\xff\xfe", UNREADABLE_PAUSE_SECONDS),
        (b"", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: bytes, seconds: float | None) -> None:
    assert read_retry_after(value, NOW) == seconds


WORDS = st.sampled_from(
    ["Fri,", "31", "Dec", "9999", "0001", "23:59:59", "GMT", "-1200", "+9999", "-", ",", ":", "1e9"]
)


@tries(deadline=None)  # a busy machine may be slow
@given(st.one_of(st.binary(), st.lists(WORDS).map(lambda words: " ".join(words).encode())))
def test_any_retry_after_gives_a_pause_of_at_most_a_day(value: bytes) -> None:
    seconds = read_retry_after(value, NOW)
    assert (seconds is None) == (not value.decode("latin-1").strip())
    assert seconds is None or 0 <= seconds <= A_DAY


NEXT_YEAR = (datetime.now(UTC) + timedelta(days=400)).isoformat(timespec="microseconds")
"""Recorded by a clock that ran ahead."""


def test_a_source_with_a_future_timestamp_counts_as_never_requested(tmp_path: Path) -> None:
    (tmp_path / ASKED).write_text(json.dumps(["https://example.org/feed", NEXT_YEAR]) + "\n")
    turns = SourceOrder(tmp_path)
    assert turns.find("https://example.org/feed") == NEVER
    turns.close()


@pytest.mark.parametrize(
    "until",
    ["9999-12-31T23:59:59-12:00", NEXT_YEAR, "soon", 7, None],
    ids=["overflow", "ahead", "text", "number", "null"],
)
def test_an_unreadable_backoff_is_ignored(tmp_path: Path, until: object) -> None:
    (tmp_path / FILE_NAME).write_text(json.dumps({"example.org": until}))
    rests = HostBackoffs(tmp_path)
    assert rests.list_active() == {}
    rests.record("Example.org", timedelta.max)
    assert datetime.now(UTC) < HostBackoffs(tmp_path).list_active()["example.org"] <= datetime.now(UTC) + MAX_BACKOFF


def test_without_retry_after_there_is_no_pause() -> None:
    assert read_retry_after(None, NOW) is None


@pytest.mark.parametrize(
    ("site", "target", "is_same"),
    [
        ("moscow-times", "https://static.themoscowtimes.com/a", True),
        ("moscow-times", "https://ru.themoscowtimes.com/a", True),
        ("moscow-times", "https://www.themoscowtimes.com.example.org/a", False),
        ("moscow-times", "https://example.org/www.themoscowtimes.com", False),
        ("generic", "https://www.themoscowtimes.com/a", True),
        ("generic", "https://themoscowtimes.com/a", True),
        ("generic", "https://example.org/", False),
    ],
)
def test_a_redirect_must_stay_with_its_publisher(site: str, target: str, is_same: bool) -> None:  # noqa: FBT001
    assert is_same_publisher(site, "https://www.themoscowtimes.com/b", target) is is_same


def test_scrapy_knows_every_setting(tmp_path: Path) -> None:
    own = {"TRUSTED_HOSTS"}
    named = {name for name in vars(settings) if name.isupper()} - {"WAITING_REQUESTS", "WARN_SHARE"}
    derived = set(derive_settings(make_crawl(tmp_path).job))
    assert (named | derived) - own - set(default_settings.__all__) == set()
