"""Times as publishers spell them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extraction.instant import read_instant

TEN = datetime(2024, 3, 5, 10, tzinfo=UTC)
DAY = datetime(2024, 3, 5, tzinfo=UTC)
MOSCOW = timezone(timedelta(hours=3))


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-05T10:00:00Z",
        "2024-03-05T13:00:00+03:00",
        "2024-03-05T10:00:00+0000",
        "2024-03-05T10:00:00.0000000Z",
        " 2024-03-05 10:00:00 +0000 ",
        "2024-03-05 10:00 UTC",
        "2024/3/5 10:00:00 GMT",
        "Tue, 05 Mar 2024 10:00:00 GMT",
        "1709632800",
        "1709632800000",
    ],
)
def test_a_time_with_its_offset_is_the_same_in_every_spelling(text: str) -> None:
    instant = read_instant(text, MOSCOW)
    assert instant is not None
    assert (instant.at, instant.is_aware, instant.is_day) == (TEN, True, False)


@pytest.mark.parametrize(
    "text",
    [
        "March 5, 2024 5:00 AM EST",
        "March 5th, 2024, 5:00 AM EST",
        "Tuesday, March 5, 2024 at 5:00 a.m. (EST)",
        "5:00 a.m. ET, Tue., Mar. 5, 2024",
        "2024-03-05 05:00 AM EST",
        "5 March 2024 13:00 MSK",
        "Tue, 05 Mar 2024 05:00:00 EST",
        "5 Mar 2024, 11:00 CET",
    ],
)
def test_a_zones_abbreviation_is_its_offset(text: str) -> None:
    instant = read_instant(text, UTC)
    assert instant is not None
    assert (instant.at, instant.is_aware, instant.is_day) == (TEN, True, False)


def test_an_hour_after_noon_is_one_also_beside_a_zone() -> None:
    instant = read_instant("July 5, 2024 10:00 PM EDT", UTC)
    assert instant is not None
    assert instant.at == datetime(2024, 7, 6, 2, tzinfo=UTC)


def test_an_unknown_abbreviation_is_no_offset() -> None:
    instant = read_instant("March 5, 2024 1:00 PM QQT", MOSCOW)
    assert instant is not None
    assert (instant.at, instant.is_aware) == (TEN, False)


@pytest.mark.parametrize("text", ["2024-03-05T13:00:00", "2024-03-05 13:00", "March 5, 2024 at 1:00 PM"])
def test_a_time_without_offset_is_taken_in_the_sites_zone_and_says_so(text: str) -> None:
    instant = read_instant(text, MOSCOW)
    assert instant is not None
    assert (instant.at, instant.is_aware, instant.is_day) == (TEN, False, False)


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-05",
        "20240305",
        "2024/03/05",
        "2024.3.5",
        "March 5th, 2024",
        "5 March 2024",
        "Mar 5, 2024",
        "Mar. 5, 2024",
    ],
)
def test_a_day_is_its_first_midnight_and_says_so(text: str) -> None:
    instant = read_instant(text, UTC)
    assert instant is not None
    assert (instant.at, instant.is_aware, instant.is_day) == (DAY, False, True)


@pytest.mark.parametrize(
    "text",
    [None, 5, "", " ", "soon", "03/05/2024", "2024-13-01", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00", "9" * 5000],
)
def test_what_says_no_time_or_an_ambiguous_one_is_none(text: object) -> None:
    assert read_instant(text, UTC) is None


@given(st.text(max_size=60) | st.text("0123456789-/:T.+Z ", max_size=40))
def test_any_text_is_a_time_in_utc_or_none(text: str) -> None:
    instant = read_instant(text, MOSCOW)
    assert instant is None or instant.at.utcoffset() == timedelta(0)
