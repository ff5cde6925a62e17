"""When a URL is revisited."""

from datetime import datetime, timedelta

from schemas.model import Count, Record

MONTH = timedelta(days=30)


class RevisitPlan(Record):
    """How often known URLs are revisited, according to the settings."""

    revisit_ages: tuple[timedelta, ...] = (
        timedelta(hours=2),
        timedelta(hours=8),
        timedelta(days=1),
        timedelta(days=3),
        timedelta(days=7),
    )
    """Ages of an article at which it is revisited, ascending; after that, once a month …"""
    revisit_months: Count = 6
    """… up to this age, in months."""
    gone_after: timedelta = timedelta(days=1)
    """Time between the two fetches that make a URL `gone`: a broken deployment or cache is repaired within a day."""
    conditional_count: Count = 10
    """Most consecutive "not modified" responses that are trusted; then the page is requested unconditionally."""
    conditional_for: timedelta = timedelta(days=7)
    """Longest time for which they are trusted."""

    @property
    def longest_wait(self) -> timedelta:
        """The longest time between two visits, which no retry exceeds."""
        return max(*self.revisit_ages, MONTH, self.gone_after)

    def next_revisit(self, published_at: datetime, at: datetime) -> datetime | None:
        """Return the first time after `at` at which an article is revisited; None if it is too old."""
        elapsed = at - published_at
        monthly = (MONTH * number for number in range(1, self.revisit_months + 1))
        age = min((age for age in (*self.revisit_ages, *monthly) if age > elapsed), default=None)
        return None if age is None else published_at + age


STANDARD_PLAN = RevisitPlan()
"""The default of the settings."""
