"""Feeds whose clock is wrong by whole hours: local times labelled as UTC. Their pages' own times are kept."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from statistics import median

ITEMS_FLOOR = 3
"""One article that was published anew says nothing of the clock; three that agree do."""

ROUNDING = timedelta(minutes=1)
"""A page may show its time without seconds."""

HOUR = timedelta(hours=1)


def find_offset_hours(times: Iterable[tuple[str, datetime, datetime]]) -> dict[str, int]:
    """Feed's URL -> by how many whole hours its clock is ahead of its pages', where it is not right.

    `times`: a feed's URL, its time of publication of an item, the page's own.
    """
    differences: dict[str, list[float]] = defaultdict(list)
    for url, said, own in times:
        differences[url].append((said - own).total_seconds())
    found = {}
    for url, seconds in sorted(differences.items()):
        offset = timedelta(seconds=median(seconds))
        hours = round(offset / HOUR)
        if len(seconds) >= ITEMS_FLOOR and hours and abs(offset - hours * HOUR) <= ROUNDING:
            found[url] = hours
    return found


def tell_offsets(offsets: dict[str, int]) -> Iterator[str]:
    """A sentence for each number of hours."""
    for hours in sorted(set(offsets.values())):
        urls = [url for url, found in offsets.items() if found == hours]
        which = "ahead of" if hours > 0 else "behind"
        yield f"feeds {abs(hours)} h {which} the time of their own pages, which is kept: {', '.join(urls)}"
