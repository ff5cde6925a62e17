"""The publication day: a moment's date on the publisher's calendar."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

PUBLICATION_ZONE = ZoneInfo("Europe/Moscow")
"""The date in an address, and every `--from` and `--to`, is Moscow's: an evening in UTC is the next day there."""


def publication_day(at: datetime | None) -> date | None:
    """The Moscow date of a moment; None for none, and for one without a zone (it is not guessed)."""
    return at.astimezone(PUBLICATION_ZONE).date() if at and at.tzinfo else None
