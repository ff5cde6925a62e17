"""The publication day: a moment's date on the publisher's calendar."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

PUBLICATION_ZONE = ZoneInfo("Europe/Moscow")
"""The date in an address, and every `--from` and `--to`, is Moscow's: an evening in UTC is the next day there."""


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


def publication_time(at: datetime | None) -> datetime | None:
    """The moment in UTC, if it is one that has a publication day; else None."""
    try:
        return at.astimezone(UTC) if at and publication_day(at) else None
    except OverflowError:
        return None
