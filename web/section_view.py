"""Stored articles by section, and by year or by month of a year."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from storage.reports.completeness import SectionCount

NO_SECTION = "(none)"
NO_DATE = "undated"


class Row(NamedTuple):
    """A section's articles."""

    name: str
    url: str
    """The articles of the section; empty for those without one, which cannot be searched for."""
    counts: list[int]
    """One for each column."""
    total: int


class SectionView:
    """A table of sections and years, or of sections and the months of a year."""

    def __init__(self, counts: Sequence[SectionCount], site: str | None, length: int) -> None:
        """Prepare the table; `length` is that of the names of its columns, `YYYY` or `YYYY-MM`."""
        self._site = site
        self._counts: dict[str | None, Counter[str]] = {}
        for one in counts:
            name = one.month[:length] if one.month else NO_DATE
            self._counts.setdefault(one.section, Counter())[name] += one.stored_count
        found = {name for count in self._counts.values() for name in count}
        self.columns = sorted(found - {NO_DATE}) + sorted(found & {NO_DATE})

    @property
    def rows(self) -> list[Row]:
        """The sections, the largest first."""
        ordered = sorted(self._counts.items(), key=lambda item: (-item[1].total(), item[0] or ""))
        return [
            Row(name or NO_SECTION, self._link(name), [count[one] for one in self.columns], count.total())
            for name, count in ordered
        ]

    @property
    def totals(self) -> list[int]:
        """The articles of each column."""
        return [sum(count[one] for count in self._counts.values()) for one in self.columns]

    def _link(self, section: str | None) -> str:
        if not section:
            return ""
        site = {"site": self._site} if self._site else {}
        return f"/?{urlencode({'section': section, 'duplicates': 1} | site)}"
