"""Times in publishers' formats."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extraction.timestamps import parse_timestamp

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
        "1709632800.123",
        "Tue, 05 Mar 2024 13:00:00 +3",
        "Tue, 05 Mar 2024 13:00:00 +03",
        "Tue, 05 Mar 2024 15:00:00 GMT+05:00",
        "Tue Mar 05 2024 08:00:00 GMT-0200 (Fernando de Noronha Standard Time)",
        "Tue Mar 05 2024 10:00:00 GMT+0000 (Coordinated Universal Time)",
        "2024-03-05T13:00:00+3",
        "2024-03-05 13:00 UTC+3",
        "2024-03-05T13:00:00.000000+03",
        "March 5, 2024 1:00 PM +3",
        "March 5, 2024 13:00 GMT+3",
    ],
)
def test_a_time_with_an_offset_is_parsed_in_every_format(text: str) -> None:
    instant = parse_timestamp(text, MOSCOW)
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
def test_a_zone_abbreviation_gives_the_offset(text: str) -> None:
    instant = parse_timestamp(text, UTC)
    assert instant is not None
    assert (instant.at, instant.is_aware, instant.is_day) == (TEN, True, False)


def test_an_afternoon_hour_with_a_zone_is_parsed() -> None:
    instant = parse_timestamp("July 5, 2024 10:00 PM EDT", UTC)
    assert instant is not None
    assert instant.at == datetime(2024, 7, 6, 2, tzinfo=UTC)


def test_an_unknown_abbreviation_gives_no_offset() -> None:
    instant = parse_timestamp("March 5, 2024 1:00 PM QQT", MOSCOW)
    assert instant is not None
    assert (instant.at, instant.is_aware) == (TEN, False)


@pytest.mark.parametrize("text", ["2024-03-05T13:00:00", "2024-03-05 13:00", "March 5, 2024 at 1:00 PM"])
def test_a_time_without_an_offset_is_in_the_sites_zone_and_marked(text: str) -> None:
    instant = parse_timestamp(text, MOSCOW)
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
def test_a_date_is_its_first_midnight_and_marked(text: str) -> None:
    instant = parse_timestamp(text, UTC)
    assert instant is not None
    assert (instant.at, instant.is_aware, instant.is_day) == (DAY, False, True)


@pytest.mark.parametrize(
    "text",
    [
        None,
        5,
        "",
        " ",
        "soon",
        "03/05/2024",
        "2024-13-01",
        "1970-01-01T00:00:00Z",
        "0001-01-01T00:00:00",
        "9999-12-31T23:59Z",
        "9" * 5000,
    ],
)
def test_invalid_and_ambiguous_times_are_none(text: object) -> None:
    assert parse_timestamp(text, UTC) is None


@pytest.mark.parametrize("year", [1970, 1900])
@pytest.mark.parametrize("form", ["{}-01-01", "{}-01-01T00:00:00", "{}-01-01T00:00:00Z", "January 1, {}", "{}0101"])
@pytest.mark.parametrize("zone", [UTC, MOSCOW, timezone(timedelta(hours=-8))])
def test_a_programs_default_date_is_none_in_any_zone(year: int, form: str, zone: timezone) -> None:
    assert parse_timestamp(form.format(year), zone) is None


@pytest.mark.parametrize(
    "text",
    [
        "1970-01-01T00:00:00+03:00",
        "1969-12-31T21:00:00Z",
        "1969-12-31 19:00:00 -0500",
        "1970-01-01T03:00:00Z",
        "0",
        "000000000",
    ],
)
def test_a_programs_default_midnight_is_none_with_any_offset(text: str) -> None:
    assert parse_timestamp(text, UTC) is None


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1801011012345", datetime(2027, 1, 26, 10, 36, 52, tzinfo=UTC)),
        ("1710123100123", datetime(2024, 3, 11, 2, 11, 40, tzinfo=UTC)),
        ("2024030510", datetime(2034, 2, 20, 11, 21, 50, tzinfo=UTC)),
        ("978307200", datetime(2001, 1, 1, tzinfo=UTC)),
    ],
)
def test_bare_digits_are_seconds_or_milliseconds(text: str, at: datetime) -> None:
    instant = parse_timestamp(text, MOSCOW)
    assert instant is not None
    assert abs(instant.at - at) < timedelta(days=1)
    assert text.startswith("0") or parse_timestamp(int(text), MOSCOW) == instant  # a number in JSON-LD


def test_a_real_day_of_those_years_is_a_date() -> None:
    assert parse_timestamp("1970-01-03T10:20:00Z", UTC)
    assert parse_timestamp("1900-03-01", UTC)


@given(st.text(max_size=60) | st.text("0123456789-/:T.+Z ", max_size=40))
def test_any_text_is_a_time_in_utc_or_none(text: str) -> None:
    instant = parse_timestamp(text, MOSCOW)
    assert instant is None or instant.at.utcoffset() == timedelta(0)
