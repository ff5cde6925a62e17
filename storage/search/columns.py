"""The values by which hits are filtered and counted, in memory: reading them from the rows takes a second per 100,000.

Each field is an array with a number for each article, in the order of the numbers in the search index: 90,000 hits
are counted in a few milliseconds. `storage.search.column_cache` keeps them up to date.
"""

from array import array
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from heapq import nsmallest
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from schemas.search import FACETS, FacetValue, HitCount, ReaderFilter
from storage.search.number_array import Numbers

FACET_COUNT = 15
"""Values listed of each field: the most frequent ones."""

SINGLE = ("site", "section", "kind", "language")
MANY = {"author": ("authors", "agencies"), "tag": ("tags",)}
"""Fields with several values -> their columns."""

NO_CONFIDENCE = -1
HUNDREDTHS = 100
"""Confidences have two decimal places, and are kept as whole numbers."""

EPSILON = 1e-6
"""Makes up for the binary fractions of a number such as 0.57."""

NO_DAY = 0
"""The ordinal of a day that is unknown; the calendar's first is 1."""

REMEMBERED_COUNT = 8
"""Searches whose hits and counts are remembered: further pages of one, and other orders, need no counting. One of
90,000 hits takes 1 MB."""

Places = npt.NDArray[np.intp]
"""Places of articles in the arrays."""

Codes = npt.NDArray[np.int32]


class Found(NamedTuple):
    """What a search found: the places of the articles in their order, and their counts."""

    places: Places
    counted: HitCount


class Vocabulary:
    """The values of a field that any article has or had, each with a code; that of no value is 0."""

    def __init__(self) -> None:
        self.values: list[str | None] = [None]
        self._codes: dict[str | None, int] = {None: 0}

    def encode(self, value: str | None) -> int:
        """Return the code of a value, which may be new."""
        code = self._codes.setdefault(value, len(self.values))
        if code == len(self.values):
            self.values.append(value)
        return code

    def find(self, value: str) -> int | None:
        """Return the code of a value; None if no article has it."""
        return self._codes.get(value)


class Lists(NamedTuple):
    """The codes of a field with several values: those of one article after those of the other."""

    ends: npt.NDArray[np.int64]
    """For each article, where its codes end."""
    codes: Codes

    def take(self, places: Places) -> "Lists":
        """Return the lists at these places."""
        lengths = np.diff(self.ends, prepend=0)[places]
        ends = np.cumsum(lengths)
        count = int(ends[-1]) if len(ends) else 0
        return Lists(ends, self.codes[np.arange(count) + np.repeat(self.ends[places] - ends, lengths)])

    def have(self, code: int) -> npt.NDArray[np.bool_]:
        """Return, for each list, whether it has a code."""
        having = np.zeros(len(self.ends), dtype=bool)
        having[np.searchsorted(self.ends, np.flatnonzero(self.codes == code), side="right")] = True
        return having


class Columns:
    """The values of all articles, ordered by their numbers in the search index."""

    def __init__(
        self,
        numbers: Numbers,
        days: Codes,
        are_primaries: npt.NDArray[np.bool_],
        confidences: npt.NDArray[np.int8],
        singles: dict[str, Codes],
        lists: dict[str, Lists],
        vocabularies: dict[str, Vocabulary],
    ) -> None:
        self.numbers, self.days, self.are_primaries = numbers, days, are_primaries
        self.confidences = confidences
        self.singles, self.lists, self.vocabularies = singles, lists, vocabularies
        self.dated_place = int(np.searchsorted(numbers, 0))
        """The place of the oldest article with a date: numbers of those without one are negative."""
        self._found: dict[Hashable, Found] = {}

    def find_places(self, numbers: Numbers) -> Places:
        """Return the places of those numbers, in order; an article that was stored later has none."""
        wanted = np.sort(numbers, kind="stable")  # the fastest for what is sorted already, as it is from SQLite
        places = np.searchsorted(self.numbers, wanted)
        within = places < len(self.numbers)
        places, wanted = places[within], wanted[within]
        return places[np.equal(self.numbers[places], wanted)]

    def filter_places(self, numbers: Numbers | None, wanted: ReaderFilter) -> Places:
        """Return the places of those numbers (None for all) that the filter lets through, in order."""
        places = np.arange(len(self.numbers)) if numbers is None else self.find_places(numbers)
        if not wanted.include_duplicates:
            places = places[self.are_primaries[places]]
        if wanted.since or wanted.until:
            first = wanted.since.toordinal() if wanted.since else NO_DAY + 1
            last = wanted.until.toordinal() if wanted.until else date.max.toordinal()
            days = self.days[places]
            places = places[(first <= days) & (days <= last)]
        if wanted.min_confidence is not None:
            places = places[self.confidences[places] >= HUNDREDTHS * wanted.min_confidence - EPSILON]
        for name in FACETS:
            value = getattr(wanted, name)
            if value is not None:
                places = places[self._have(name, value, places)]
        return places

    def _have(self, name: str, value: str, places: Places) -> npt.NDArray[np.bool_]:
        """Return, for each place, whether it has a value."""
        code = self.vocabularies[name].find(value)
        if code is None:
            return np.zeros(len(places), dtype=bool)
        return self.lists[name].have(code)[places] if name in MANY else np.equal(self.singles[name][places], code)

    def remember(self, search: Hashable, find: Callable[[], Found]) -> Found:
        """Return what a search found; `find` finds it, unless it was found not long ago."""
        found = self._found.pop(search, None) or find()
        self._found[search] = found
        while len(self._found) > REMEMBERED_COUNT:
            with suppress(StopIteration, KeyError, RuntimeError):  # another thread was as fast
                del self._found[next(iter(self._found))]
        return found

    def count(self, places: Places) -> HitCount:
        """Count the articles at these places, by the values of each field and by day."""
        days = self.days[places]
        dated = days[days != NO_DAY]
        first = int(dated.min()) if len(dated) else 0
        counts = np.bincount(dated - first)
        ordinals = np.flatnonzero(counts)
        return HitCount(
            total_count=len(places),
            undated_count=len(days) - len(dated),
            facets={name: tuple(self._count_values(name, places)) for name in FACETS},
            days=dict(zip(map(date.fromordinal, (ordinals + first).tolist()), counts[ordinals].tolist(), strict=True)),
        )

    def _count_values(self, name: str, places: Places) -> Iterator[FacetValue]:
        """Yield the most frequent values."""
        codes = self.lists[name].take(places).codes if name in MANY else self.singles[name][places]
        values = self.vocabularies[name].values
        counts = np.bincount(codes, minlength=len(values))
        counts[0] = 0  # no value
        frequent = np.flatnonzero(counts >= _find_least(counts))
        named = zip((-counts[frequent]).tolist(), (values[code] or "" for code in frequent.tolist()), strict=True)
        yield from (FacetValue(value=value, count=-count) for count, value in nsmallest(FACET_COUNT, named) if value)

    def update(self, are_kept: npt.NDArray[np.bool_], others: "Columns") -> "Columns":
        """Return the values of those articles that are kept, and of others with the same vocabularies."""
        numbers = np.concatenate([self.numbers[are_kept], others.numbers])
        order = np.argsort(numbers)
        kept = np.flatnonzero(are_kept)

        def join(mine: npt.NDArray[Any], theirs: npt.NDArray[Any]) -> npt.NDArray[Any]:
            return np.concatenate([mine[kept], theirs])[order]

        return Columns(
            numbers[order],
            join(self.days, others.days),
            join(self.are_primaries, others.are_primaries),
            join(self.confidences, others.confidences),
            {name: join(self.singles[name], others.singles[name]) for name in SINGLE},
            {name: _join_lists(self.lists[name].take(kept), others.lists[name]).take(order) for name in MANY},
            self.vocabularies,
        )


def _find_least(counts: npt.NDArray[np.int64]) -> int:
    """Return the count, at least 1, that `FACET_COUNT` values have or exceed: without sorting tens of thousands."""
    having = np.cumsum(np.bincount(counts)[::-1])  # values that have the highest count, or one less, and so on
    return max(len(having) - 1 - int(np.searchsorted(having, FACET_COUNT)), 1)


def _join_lists(first: Lists, second: Lists) -> Lists:
    return Lists(
        np.concatenate([first.ends, second.ends + len(first.codes)]), np.concatenate([first.codes, second.codes])
    )


def build_columns(rows: Iterable[Sequence[Any]], vocabularies: dict[str, Vocabulary] | None = None) -> Columns:
    """Return the values of rows, by number: number, day, is a duplicate, confidence, `SINGLE`, lists of `MANY`."""
    named = vocabularies or {name: Vocabulary() for name in FACETS}
    numbers, days, are_primaries, confidences = array("q"), array("i"), bytearray(), array("b")
    singles = {name: array("i") for name in SINGLE}
    codes, ends = {name: array("i") for name in MANY}, {name: array("q") for name in MANY}
    for number, day, is_duplicate, confidence, *rest in rows:
        numbers.append(number)
        days.append(day.toordinal() if day else NO_DAY)
        are_primaries.append(not is_duplicate)
        confidences.append(NO_CONFIDENCE if confidence is None else round(HUNDREDTHS * confidence))
        for name, value in zip(SINGLE, rest, strict=False):
            singles[name].append(named[name].encode(value))
        texts = iter(rest[len(SINGLE) :])
        for name, columns in MANY.items():
            values = _read_lists([next(texts) for _ in columns])
            codes[name].extend(map(named[name].encode, values))
            ends[name].append(len(codes[name]))
    return Columns(
        np.array(numbers, dtype=np.int64),
        np.array(days, dtype=np.int32),
        np.array(are_primaries, dtype=bool),
        np.array(confidences, dtype=np.int8),
        {name: np.array(column, dtype=np.int32) for name, column in singles.items()},
        {name: Lists(np.array(ends[name], np.int64), np.array(codes[name], np.int32)) for name in MANY},
        named,
    )


def _read_lists(texts: Sequence[str]) -> Collection[str]:
    """Return the distinct values of JSON lists."""
    joined = ",".join(filter(None, (text[1:-1] for text in texts)))
    return dict.fromkeys(orjson.loads(f"[{joined}]"))
