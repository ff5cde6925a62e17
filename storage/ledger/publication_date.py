"""Publication days: the date of a time in the publisher's time zone."""

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

MONTH = re.compile(r"(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])")

LAST_DAY = 28
"""The last day that every month has: close enough to its end for a revisit plan that counts in months by then."""

PUBLICATION_ZONE = ZoneInfo("Europe/Moscow")
"""Time zone of the dates in URLs and of `--from` and `--to`: an evening in UTC is the next day in Moscow."""


def publication_day(at: datetime | None) -> date | None:
    """Return the Moscow date of a time; None for None, and for a time without a zone (which is not guessed).

    Also None at the calendar's ends: some hours of the years 1 and 9999 have no date in Moscow.
    """
    if at is None or at.tzinfo is None:
        return None
    try:
        return at.astimezone(PUBLICATION_ZONE).date()
    except OverflowError:
        return None


def month_of(day: date) -> str:
    """Return a day's month as `YYYY-MM`."""
    return day.isoformat()[:7]


def is_month(text: str) -> bool:
    """Whether a text is a calendar month as `YYYY-MM`."""
    return bool(MONTH.fullmatch(text))


def month_end(month: str) -> datetime:
    """Return approximately when a month (`YYYY-MM`) ends."""
    return datetime(int(month[:4]), int(month[5:]), LAST_DAY, tzinfo=UTC)


def publication_time(at: datetime | None) -> datetime | None:
    """Return a time in UTC if it has a publication day; else None."""
    try:
        return at.astimezone(UTC) if at and publication_day(at) else None
    except OverflowError:
        return None
