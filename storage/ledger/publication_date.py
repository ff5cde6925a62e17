"""Publication days: the date of a time in the publisher's time zone."""

import re
from datetime import UTC, date, datetime, timedelta

import sites

MONTH = re.compile(r"(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])")

LAST_DAY = 28
"""The last day that every month has: close enough to its end for a revisit plan that counts in months by then."""

EARLIEST = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
LATEST = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
"""Between these, a time has a date in every time zone."""


def publication_day(at: datetime | None, site: str, offset: str | None) -> date | None:
    """Return a time's date in the time zone of its site; None for a time that is no publication time.

    `offset` is the UTC offset that the page gives with it, which counts if the site has no profile.
    """
    known_at = publication_time(at)
    return known_at.astimezone(sites.find_time_zone(site, offset)).date() if known_at else None


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
    """Return a time in UTC; None for a time without a zone (which is not guessed), and at the calendar's ends.

    There, some hours have no date in one time zone or another.
    """
    if at is None or at.tzinfo is None:
        return None
    try:
        utc_time = at.astimezone(UTC)
    except OverflowError:
        return None
    return utc_time if EARLIEST <= utc_time <= LATEST else None
