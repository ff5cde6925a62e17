"""The values by which hits are filtered and counted, in memory: reading them from the rows takes a second per 100,000.

A reader's process keeps them. They are read again from time to time, so what they say may be some seconds old; the hits
themselves are always read from the database.
"""

import logging
import threading
import time
from array import array
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from heapq import nsmallest
from itertools import chain, compress
from operator import itemgetter
from sys import intern
from typing import Any, NamedTuple, TypeGuard

import orjson
from sqlalchemy import Text, cast, select, type_coerce
from sqlalchemy.orm import Session

from schemas.search import FACETS, FacetValue, HitCount, ReaderFilter
from storage.bulk import stream_rows
from storage.engine import Database, DatabaseLost
from storage.schema.tables import Article
from storage.search.table import Searched

logger = logging.getLogger(__name__)

BLOCK_COUNT = 1_000
"""Rows read at a time."""

FACET_COUNT = 15
"""Values listed of each field: the most frequent ones."""

SINGLE = ("site", "section", "kind", "language")
MANY = {"author": ("authors", "agencies"), "tag": ("tags",)}
"""Fields with several values -> their columns."""

NO_DAY = 0
"""The ordinal of a day that is unknown; the calendar's first is 1."""

REMEMBERED_COUNT = 8
"""Searches whose hits and counts are remembered: further pages of one, and other orders, need no counting. One of
90,000 hits takes 2 MB."""

MIN_AGE_SECONDS = 2
AGE_FACTOR = 30
"""How many times as long as they took to read values are used: reading them costs a thirtieth of a core at most."""

MAX_AGE_FACTOR = 20
"""Values that are this many times as old as they may be are not used any more, even while new ones are read."""


class Found(NamedTuple):
    """What a search found: the places of the articles in their order, and their counts."""

    places: list[int]
    counted: HitCount


class Columns:
    """The values of all articles, in a list for each field, ordered by their numbers in the search index."""

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        self.numbers = array("q")
        self.days = array("i")
        self.are_primaries = bytearray()
        self.values: dict[str, list[Any]] = {name: [] for name in FACETS}
        parsed: dict[str, tuple[str, ...]] = {}
        for number, day, duplicate_of, *rest in rows:
            self.numbers.append(number)
            self.days.append(day.toordinal() if day else NO_DAY)
            self.are_primaries.append(duplicate_of is None)
            for name, value in zip(SINGLE, rest, strict=False):
                self.values[name].append(value and intern(value))
            texts = iter(rest[len(SINGLE) :])
            for name, columns in MANY.items():
                text = ",".join(filter(None, (next(texts)[1:-1] for _ in columns)))  # the elements of JSON lists
                if text not in parsed:
                    parsed[text] = tuple(dict.fromkeys(map(intern, orjson.loads(f"[{text}]"))))
                self.values[name].append(parsed[text])
        self._found: dict[Hashable, Found] = {}
        self.places = {number: place for place, number in enumerate(self.numbers)}
        self.dated_place = next((place for place, number in enumerate(self.numbers) if number >= 0), len(self.numbers))
        """The place of the oldest article with a date: numbers of those without one are negative."""

    def filter_places(self, numbers: Iterable[int] | None, wanted: ReaderFilter) -> list[int]:
        """Return the places of those numbers (None for all) that the filter lets through, in order."""
        places: Iterable[int]
        if numbers is None:
            places = range(len(self.numbers))
        else:
            places = sorted(filter(_is_place, map(self.places.get, numbers)))
        if not wanted.include_duplicates:
            places = compress(places, map(self.are_primaries.__getitem__, places))
        if wanted.since or wanted.until:
            first = wanted.since.toordinal() if wanted.since else NO_DAY + 1
            last = wanted.until.toordinal() if wanted.until else date.max.toordinal()
            days = self.days
            places = (place for place in places if first <= days[place] <= last)
        for name in FACETS:
            value = getattr(wanted, name)
            if value is not None:
                places = self._filter_value(name, value, places)
        return list(places)

    def _filter_value(self, name: str, value: str, places: Iterable[int]) -> Iterator[int]:
        column = self.values[name]
        if name in MANY:
            return (place for place in places if value in column[place])
        return (place for place in places if column[place] == value)

    def remember(self, search: Hashable, find: Callable[[], Found]) -> Found:
        """Return what a search found; `find` finds it, unless it was found not long ago."""
        found = self._found.pop(search, None) or find()
        self._found[search] = found
        while len(self._found) > REMEMBERED_COUNT:
            with suppress(StopIteration, KeyError, RuntimeError):  # another thread was as fast
                del self._found[next(iter(self._found))]
        return found

    def count(self, places: Sequence[int]) -> HitCount:
        """Count the articles at these places, by the values of each field and by day."""
        days = Counter(_gather(self.days, places))
        undated_count = days.pop(NO_DAY, 0)
        return HitCount(
            total_count=len(places),
            undated_count=undated_count,
            facets={name: tuple(self._count_values(name, places)) for name in FACETS},
            days={date.fromordinal(day): days[day] for day in sorted(days)},
        )

    def _count_values(self, name: str, places: Sequence[int]) -> Iterator[FacetValue]:
        values = _gather(self.values[name], places)
        counts: Counter[str | None] = Counter(chain.from_iterable(values) if name in MANY else values)
        counts.pop(None, None)
        ordered = nsmallest(FACET_COUNT, counts.items(), key=lambda item: (-item[1], item[0]))
        yield from (FacetValue(value=value, count=count) for value, count in ordered if value)


def _is_place(place: int | None) -> TypeGuard[int]:
    """Whether it is one: an article that was stored after the values were read has none."""
    return place is not None


def _gather(column: Sequence[Any], places: Sequence[int]) -> Sequence[Any]:
    """Return the column's values at these places. `itemgetter` takes half the time of a loop."""
    if len(places) < 2:  # noqa: PLR2004 - for one place, it returns no tuple
        return [column[place] for place in places]
    values: Sequence[Any] = itemgetter(*places)(column)
    return values


def read_columns(session: Session) -> Columns:
    """Read the values of all articles that are in the search index."""
    lists = [cast(getattr(Article, column), Text) for columns in MANY.values() for column in columns]
    singles = [type_coerce(getattr(Article, name), Text) for name in SINGLE]
    statement = (
        select(Searched.number, Article.published_on, Article.duplicate_of, *singles, *lists)
        .join(Article, Article.id == Searched.article_id)
        .order_by(Searched.number)
    )
    return Columns(row for rows in stream_rows(session.connection(), statement, BLOCK_COUNT) for row in rows)


class ColumnCache:
    """Keeps the values of a database, and reads them again when they are old: in a thread, meanwhile the old serve."""

    def __init__(
        self, database: Database, min_age_seconds: float = MIN_AGE_SECONDS, age_factor: float = AGE_FACTOR
    ) -> None:
        self._database = database
        self._min_age_seconds = min_age_seconds
        self._age_factor = age_factor
        self._lock = threading.Lock()
        self._columns: Columns | None = None
        self._stale_at = 0.0
        self._unusable_at = 0.0

    def get(self) -> Columns:
        """Return the values, as old as they may be, and until new ones are read somewhat older."""
        now = time.monotonic()
        columns = self._columns
        if columns is None or now > self._unusable_at:
            with self._lock:
                if self._columns is None or time.monotonic() > self._unusable_at:
                    self._read()
                return self._columns or Columns(())
        if now > self._stale_at:
            self.begin_reading()
        return columns

    def begin_reading(self) -> None:
        """Read the values in a thread, unless they are being read."""
        if self._lock.acquire(blocking=False):
            threading.Thread(target=self._refresh, name="columns", daemon=True).start()

    def _refresh(self) -> None:
        try:
            self._read()
        except DatabaseLost as error:  # the next request tries again, and reports it to its reader
            logger.warning("the values for searches cannot be read: %s", error)
        finally:
            self._lock.release()

    def _read(self) -> None:
        started = time.monotonic()
        with self._database.read_snapshot() as session:
            self._columns = read_columns(session)
        ended = time.monotonic()
        age_seconds = max(self._min_age_seconds, self._age_factor * (ended - started))
        self._stale_at = ended + age_seconds
        self._unusable_at = ended + MAX_AGE_FACTOR * age_seconds
