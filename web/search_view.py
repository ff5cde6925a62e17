"""What the search page shows, beside the hits: chips, facets, bars, links."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from schemas.article import Kind
from schemas.export import Format
from schemas.search import FACETS, HitPage, SearchOrder
from sites import find_title
from web.histogram import Bar, count_years, make_bars
from web.search_parameters import SearchLinks, SearchParameters

LABELS = {
    "section": "Section",
    "author": "Author",
    "tag": "Tag",
    "kind": "Kind",
    "language": "Language",
    "year": "Year",
    "site": "Publisher",
}
"""Facet -> its heading, in the order of the page."""

OPEN_FACETS = ("section", "author", "year")
"""Facets that are open at first."""


CONFIDENCES = (0.5, 0.7, 0.9)
"""Least confidences offered by the form: the bands of the table in docs/reading.md."""


class Choice(NamedTuple):
    """A link that narrows the search, or takes a condition away."""

    label: str
    hit_count: int
    url: str


class Facet(NamedTuple):
    """A facet's values."""

    label: str
    is_open: bool
    choices: list[Choice]


class SearchView:
    """A page of hits, prepared for the template."""

    def __init__(self, asked: SearchParameters, page: HitPage) -> None:
        self._asked = asked
        self._links = SearchLinks(asked)
        self.page = page
        self.unit, self.bars = make_bars(page.count.days)

    @property
    def heading(self) -> str:
        """What was found, in a few words."""
        count = self.page.count.total_count
        found = f"{count:,} article{'' if count == 1 else 's'}"
        return found if self._asked.q.strip() or any(self.chips) else f"All {found}"

    @property
    def confidences(self) -> list[float]:
        """The least confidences that the form offers, with that of this search."""
        asked = self._asked.min_confidence
        return sorted({*CONFIDENCES, *(() if asked is None else (asked,))})

    @property
    def chips(self) -> list[Choice]:
        """The conditions, each with the URL of the search without it."""
        return list(self._list_chips())

    def _list_chips(self) -> Iterator[Choice]:
        for name in FACETS:
            if value := getattr(self._asked, name):
                yield Choice(f"{LABELS[name]}: {_name(name, value)}", 0, self._links.make("/", **{name: None}))
        if self._asked.since or self._asked.until:
            days = " to ".join(
                f"{word}{day}"
                for word, day in (
                    ("from " if not self._asked.until else "", self._asked.since),
                    ("", self._asked.until),
                )
                if day
            )
            label = days if self._asked.since else f"until {days}"
            yield Choice(label, 0, self._links.make("/", since=None, until=None))
        if self._asked.min_confidence is not None:
            label = f"Confidence: at least {self._asked.min_confidence:g}"
            yield Choice(label, 0, self._links.make("/", min_confidence=None))

    @property
    def facets(self) -> list[Facet]:
        """The facets that are no condition yet, with their values."""
        found = {name: list(self._list_choices(name)) for name in LABELS}
        return [Facet(label, name in OPEN_FACETS, found[name]) for name, label in LABELS.items() if found[name]]

    def _list_choices(self, name: str) -> Iterator[Choice]:
        if name == "year":
            yield from self._list_years()
        elif getattr(self._asked, name) is None:
            for one in self.page.count.facets[name]:
                value = Kind(one.value) if name == "kind" else one.value
                yield Choice(_name(name, one.value), one.count, self._links.make("/", **{name: value}))

    def _list_years(self) -> Iterator[Choice]:
        counts = count_years(self.page.count.days)
        for year in sorted(counts, reverse=True) if len(counts) > 1 else ():
            url = self._links.make("/", since=date(year, 1, 1), until=date(year, 12, 31))
            yield Choice(str(year), counts[year], url)

    def bar_url(self, bar: Bar) -> str:
        """Return the URL of the search within a bar's days."""
        return self._links.make("/", since=bar.since, until=bar.until)

    @property
    def brush_url(self) -> str:
        """The URL of the search in no span of days; the script adds `from` and `to`."""
        return self._links.make("/", since=None, until=None)

    @property
    def next_url(self) -> str | None:
        """The URL of the next page."""
        cursor = self.page.next_cursor
        return self._links.make("/", cursor=cursor) if cursor else None

    @property
    def first_url(self) -> str | None:
        """The URL of the first page, on any other."""
        return self._links.make("/") if self._asked.cursor else None

    @property
    def exports(self) -> list[Choice]:
        """The formats in which the hits are exported."""
        return [
            Choice(str(one.value), 0, self._links.make(f"/export.{one.value}", sort=SearchOrder.RELEVANCE))
            for one in Format
        ]

    @property
    def feed_url(self) -> str:
        """The URL of the feed of this search."""
        return self._asked.newest.link("/feed.atom")

    @property
    def api_url(self) -> str:
        """The URL of this search in the API."""
        return self._links.make("/api/v1/search")


def _name(facet: str, value: str) -> str:
    """Return a value as people say it: a publisher by its title."""
    return (find_title(value) if facet == "site" else None) or value
