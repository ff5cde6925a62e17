"""The publication day: a moment's date on the publisher's calendar."""

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

MONTH = re.compile(r"(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])")

LAST_DAY = 28
"""The last day that every month has: near enough to its end for a plan that counts in months by then."""

PUBLICATION_ZONE = ZoneInfo("Europe/Moscow")
"""The date in a URL, and every `--from` and `--to`, is Moscow's: an evening in UTC is the next day there."""


def publication_day(at: datetime | None) -> date | None:
    """The Moscow date of a moment; None for none, and for one without a zone (it is not guessed).

    None at the calendar's ends, too: some hours of the years 1 and 9999 have no date in Moscow.
    """
    if at is None or at.tzinfo is None:
        return None
    try:
        return at.astimezone(PUBLICATION_ZONE).date()
    except OverflowError:
        return None


def month_of(day: date) -> str:
    """`YYYY-MM`."""
    return day.isoformat()[:7]


def is_month(text: str) -> bool:
    """Whether it is a month of the calendar, as `YYYY-MM`."""
    return bool(MONTH.fullmatch(text))


def month_end(month: str) -> datetime:
    """About when a month (`YYYY-MM`) ends."""
    return datetime(int(month[:4]), int(month[5:]), LAST_DAY, tzinfo=UTC)


def publication_time(at: datetime | None) -> datetime | None:
    """The moment in UTC, if it is one that has a publication day; else None."""
    try:
        return at.astimezone(UTC) if at and publication_day(at) else None
    except OverflowError:
        return None
