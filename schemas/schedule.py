"""When a URL is looked at again."""

from datetime import datetime, timedelta

from schemas.model import Count, Record

MONTH = timedelta(days=30)


class RevisitPlan(Record):
    """How often what is known is looked at again, as the settings say."""

    revisit_ages: tuple[timedelta, ...] = (
        timedelta(hours=2),
        timedelta(hours=8),
        timedelta(days=1),
        timedelta(days=3),
        timedelta(days=7),
    )
    """Ages of an article at which it is looked at again, rising; then once a month …"""
    revisit_months: Count = 6
    """… up to this age."""
    gone_after: timedelta = timedelta(days=1)
    """Between the two looks that make a URL `gone`: a deployment or a broken cache is mended in a day."""
    conditional_count: Count = 10
    """So many answers "not modified" in a row are believed; then the page is asked for without conditions."""
    conditional_for: timedelta = timedelta(days=7)
    """And for so long."""

    @property
    def longest_wait(self) -> timedelta:
        """The longest time from one look to the next; no failure waits longer."""
        return max(*self.revisit_ages, MONTH, self.gone_after)

    def next_revisit(self, published_at: datetime, at: datetime) -> datetime | None:
        """The first time after `at` at which an article is looked at again; None when it is too old."""
        monthly = (MONTH * number for number in range(1, self.revisit_months + 1))
        times = (published_at + age for age in (*self.revisit_ages, *monthly))
        return min((time for time in times if time > at), default=None)


STANDARD_PLAN = RevisitPlan()
"""What the settings begin with."""
