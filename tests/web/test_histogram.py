"""Bars over time."""

from datetime import date
from itertools import pairwise

import pytest

from web.histogram import MAX_YEARS, make_bars


@pytest.mark.parametrize(
    ("days", "unit", "count", "first", "last"),
    [
        ([], "day", 0, None, None),
        (["2024-02-28"], "day", 0, None, None),
        (["2024-02-28", "2024-03-01"], "day", 3, "2024-02-28", "2024-03-01"),
        (["2024-01-31", "2024-06-01"], "month", 6, "2024-01-01", "2024-06-30"),
        (["1999-12-31", "2024-06-01"], "year", 26, "1999-01-01", "2024-12-31"),
        (["0001-01-01", "9999-12-31"], "year", MAX_YEARS + 1, "9849-01-01", "9999-12-31"),
    ],
)
def test_the_unit_fits_the_span(days: list[str], unit: str, count: int, first: str | None, last: str | None) -> None:
    found, bars = make_bars({date.fromisoformat(day): 2 for day in days})
    assert (found, len(bars)) == (unit, count)
    if bars:
        assert (bars[0].since.isoformat(), bars[-1].until.isoformat()) == (first, last)


def test_bars_touch_each_other_and_count_everything() -> None:
    counts = {date(2023, 1, 31): 1, date(2023, 2, 1): 2, date(2023, 12, 31): 4}
    _, bars = make_bars(counts)
    assert [bar.hit_count for bar in bars] == [1, 2, *[0] * 9, 4]
    assert [bar.label for bar in bars[:2]] == ["January 2023", "February 2023"]
    assert all((after.since - before.until).days == 1 for before, after in pairwise(bars))
    assert max(bar.height for bar in bars) == 100
    assert bars[-1].x + bars[-1].width == pytest.approx(1000, abs=0.1)
