"""The plot of the ledger by month; by year, if there are many months."""

from collections import Counter
from collections.abc import Sequence

from storage.reports.completeness import MonthCount
from web.plot import Plot, Series, Shape

MAX_MONTHS = 62
"""The most bars that are wide enough."""

NAME = "months"


def make_month_plot(months: Sequence[MonthCount]) -> Plot:
    """Return the plot of the months that are known."""
    counts = {month.month: _count(month) for month in reversed(months) if month.month}
    labels = _list_months(list(counts))
    unit = "month"
    if len(labels) > MAX_MONTHS:
        years: dict[str, Counter[str]] = {}
        for month, count in counts.items():
            years.setdefault(month[: len("YYYY")], Counter()).update(count)
        counts, unit = dict(years), "year"
        labels = [f"{year:04}" for year in range(int(min(years)), int(max(years)) + 1)]
    series = [
        Series(name, [counts.get(label, Counter())[name] for label in labels])
        for name in ("stored", "missing", "gone", "no article")
    ]
    return Plot(NAME, f"Advertised URLs by publication {unit}", unit, labels, series, Shape.BARS)


def _count(month: MonthCount) -> Counter[str]:
    return Counter(
        {
            "stored": month.stored_count + month.duplicate_count,
            "missing": month.missing_count,
            "gone": month.gone_count,
            "no article": sum(month.excluded_counts.values()),
        }
    )


def _list_months(months: Sequence[str]) -> list[str]:
    """Return all months from the first to the last, also those that have nothing."""
    if not months:
        return []
    first, last = _number(min(months)), _number(max(months))
    return [f"{number // 12:04}-{number % 12 + 1:02}" for number in range(first, last + 1)]


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:]) - 1
