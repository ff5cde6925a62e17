"""Hits over time, as bars of days, months or years."""

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from schemas.span import DAY

MAX_DAYS = 62
MAX_MONTHS = 62
MAX_YEARS = 150
"""The most bars: more would be too thin. Of a longer time, only the last years are shown."""

HEIGHT = 100.0


class Bar(NamedTuple):
    """The hits of one day, month or year."""

    label: str
    since: date
    until: date
    hit_count: int
    x: float
    width: float
    """Both of 1000."""
    height: float
    """Of `HEIGHT`."""


class Unit(NamedTuple):
    """What a bar stands for."""

    name: str
    begin: Callable[[date], date]
    """Its first day, of any day in it."""
    next: Callable[[date], date]
    """The first day of the next one."""
    label: str


def _next_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1]) + DAY


def _next_year(day: date) -> date:
    return day.replace(month=12, day=31) + timedelta(days=1)


DAILY = Unit("day", lambda day: day, lambda day: day + DAY, "%-d %B %Y")
MONTHLY = Unit("month", lambda day: day.replace(day=1), _next_month, "%B %Y")
YEARLY = Unit("year", lambda day: day.replace(month=1, day=1), _next_year, "%Y")


def make_bars(days: Mapping[date, int]) -> tuple[str, list[Bar]]:
    """Return the name of the unit, and a bar for each of them from the first hit to the last; none for a single one."""
    if not days:
        return DAILY.name, []
    ordered = sorted(days.items())
    first, last = ordered[0][0], ordered[-1][0]
    unit = _choose_unit(first, last)
    starts = [max(unit.begin(first), date(max(last.year - MAX_YEARS, 1), 1, 1))]
    while starts[-1] < unit.begin(last):
        starts.append(unit.next(starts[-1]))
    if len(starts) == 1:
        return unit.name, []
    counts = _count(ordered, starts)
    highest, width = max(counts), 1000 / len(starts)
    return unit.name, [
        Bar(
            label=f"{start:{unit.label}}",
            since=start,
            until=unit.next(start) - DAY if start < unit.begin(last) else _last_day(unit, start),
            hit_count=count,
            x=round(place * width, 2),
            width=round(width, 2),
            height=round(HEIGHT * count / highest, 2),
        )
        for place, (start, count) in enumerate(zip(starts, counts, strict=True))
    ]


def count_years(days: Mapping[date, int]) -> dict[int, int]:
    """Return the years with hits, in order, and their hits."""
    if not days:
        return {}
    ordered = sorted(days.items())
    years = range(ordered[0][0].year, ordered[-1][0].year + 1)
    counts = _count(ordered, [date(year, 1, 1) for year in years])
    return {year: count for year, count in zip(years, counts, strict=True) if count}


def _count(ordered: Sequence[tuple[date, int]], starts: Sequence[date]) -> list[int]:
    """Return the hits from each start to the next. Of tens of thousands of days, few are looked at."""
    places = [bisect_left(ordered, (start,)) for start in starts] + [len(ordered)]
    hits = [count for _, count in ordered]
    return [sum(hits[start:end]) for start, end in pairwise(places)]


def _choose_unit(first: date, last: date) -> Unit:
    if (last - first).days < MAX_DAYS:
        return DAILY
    months = (last.year - first.year) * 12 + last.month - first.month
    return MONTHLY if months < MAX_MONTHS else YEARLY


def _last_day(unit: Unit, start: date) -> date:
    """Return the last day of a unit, also of the calendar's last."""
    try:
        return unit.next(start) - DAY
    except OverflowError:
        return date.max
