"""A year as a calendar: what is stored of each publication day."""

from calendar import Calendar, day_abbr, month_name
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple
from urllib.parse import urlencode

from storage.reports.calendar import MONTHS, DayCount, YearCount

WEEKDAYS = tuple(day_abbr)


class Cell(NamedTuple):
    """A day of the calendar."""

    day: date
    text: str
    """`12`, or `11/12` if one of them is missing; empty if nothing is known of the day."""
    label: str
    """The same in words."""
    style: str
    """`full`, `partly`, `none` or `nothing`."""
    url: str
    """The articles of the day."""


class Month(NamedTuple):
    """A month of the calendar."""

    name: str
    text: str
    """`YYYY-MM`."""
    weeks: list[list[Cell | None]]
    """None for the days of other months."""
    undated_count: int
    """Advertised URLs of the month whose day is not known."""


class CalendarView:
    """A year, prepared for its page."""

    def __init__(self, found: YearCount, site: str | None) -> None:
        self.year = found.year
        self.days = found.days
        self._counts = {one.day: one for one in found.days}
        self._undated = found.undated_counts
        self._site = site

    @property
    def months(self) -> Iterator[Month]:
        """The twelve months; in a year that has nothing, none."""
        for number in MONTHS if self.days or self._undated else ():
            text = f"{self.year:04}-{number:02}"
            weeks = Calendar().monthdayscalendar(self.year, number)
            cells = [[self._make_cell(date(self.year, number, day)) if day else None for day in week] for week in weeks]
            yield Month(month_name[number], text, cells, self._undated.get(text, 0))

    def _make_cell(self, day: date) -> Cell:
        count = self._counts.get(day, DayCount(day=day))
        available_count = count.stored_count + count.missing_count
        stored_count = count.article_count if not available_count else count.stored_count
        shown = f"{count.stored_count}/{available_count}" if count.missing_count else str(stored_count or "")
        if count.missing_count:
            style = "partly" if count.stored_count else "none"
        else:
            style = "full" if stored_count else "nothing"
        return Cell(day, shown, f"{day.day} {month_name[day.month]}: {describe_day(count)}", style, self.link(day))

    def link(self, day: date) -> str:
        """Return the URL of the articles of a day."""
        site = {"site": self._site} if self._site else {}
        return f"/?{urlencode({'from': day, 'to': day, 'duplicates': 1} | site)}"

    def total(self, name: str) -> int:
        """Return the sum of a count over the year."""
        return sum(getattr(one, name) for one in self.days)


def describe_day(count: DayCount) -> str:
    """Return a day's counts in words."""
    available_count = count.stored_count + count.missing_count
    parts = []
    if available_count:
        parts.append(f"{count.stored_count} of {available_count} advertised articles stored")
    if count.gone_count:
        parts.append(f"{count.gone_count} gone")
    if count.excluded_count:
        parts.append(f"{count.excluded_count} not articles")
    if count.article_count != count.stored_count:
        parts.append(f"{count.article_count} articles in the archive")
    return ", ".join(parts) or "nothing"
