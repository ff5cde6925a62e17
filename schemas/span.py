"""A range of publication days."""

from collections.abc import Iterator
from datetime import date, timedelta

from schemas.model import Record

DAY = timedelta(days=1)


class Span(Record):
    """Days in the publisher's time zone, both inclusive; None for an open end."""

    since: date | None = None
    until: date | None = None

    def __contains__(self, day: date) -> bool:
        """Return whether a day is in the range."""
        return (self.since is None or day >= self.since) and (self.until is None or day <= self.until)


EVER = Span()


def split_months(since: date, until: date) -> Iterator[Span]:
    """Split a range of days by month, newest month first."""
    last = until
    while last >= since:
        first = max(since, last.replace(day=1))
        yield Span(since=first, until=last)
        last = first - DAY
