"""A span of publication days."""

from collections.abc import Iterator
from datetime import date, timedelta

from schemas.model import Record

DAY = timedelta(days=1)


class Span(Record):
    """Days in the publisher's time zone, both ends inclusive; None for an end that is open."""

    since: date | None = None
    until: date | None = None

    def __contains__(self, day: date) -> bool:
        """Whether a day is one of them."""
        return (self.since is None or day >= self.since) and (self.until is None or day <= self.until)


EVER = Span()


def split_months(since: date, until: date) -> Iterator[Span]:
    """The parts of a span that lie in one month each, newest first."""
    last = until
    while last >= since:
        first = max(since, last.replace(day=1))
        yield Span(since=first, until=last)
        last = first - DAY
