"""Divides the search's index into parts by publication time, each small enough for Pagefind to make.

Pagefind needs memory for each word of each article at once (200 kB for an article of 400 words), and a browser's search
by date takes the square of an index's articles. Where the parts end depends on the articles alone: a new or changed
one changes its own part, and the others stay as they are.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from storage.static_site.manifest import Manifest, SearchKey

PART_COUNT = 5_000
"""Articles in a part, at most: about 1 GB of Pagefind's memory."""

HASH_BITS = 24
"""They divide articles of the same second, or without a time."""

LAST_KEY = 2**63 - 1
"""Seconds since the year 1 have 39 bits until the year 10,000."""

YEAR_ONE = datetime(1, 1, 1, tzinfo=UTC)
NAME_DIGITS = 8
"""So that a name can be a part of a language tag."""


class Part(NamedTuple):
    """A part of the index: the articles whose keys are in a range, of which there is at least one."""

    name: str
    articles: list[SearchKey]

    @property
    def first_year(self) -> int:
        """The year of its oldest article, in UTC."""
        return read_year(self.articles[0].key)

    @property
    def last_year(self) -> int:
        """The year of its newest article, in UTC."""
        return read_year(self.articles[-1].key)

    def digest(self) -> bytes:
        """Return a digest of everything that it has in it."""
        digest = hashlib.sha256()
        for one in self.articles:
            digest.update(one.id.encode() + one.state)
        return digest.digest()


def make_key(article_id: str, published_at: datetime | None) -> int:
    """Return the number by which an article is put into a part: in the order of publication, without a time first."""
    seconds = int((published_at - YEAR_ONE).total_seconds()) if published_at else 0
    spread = int.from_bytes(hashlib.sha256(article_id.encode()).digest()[: HASH_BITS // 8])
    return seconds << HASH_BITS | spread


def read_year(key: int) -> int:
    """Return the year of a key."""
    seconds = key >> HASH_BITS
    return datetime.fromtimestamp(seconds + YEAR_ONE.timestamp(), UTC).year


def iterate_parts(manifest: Manifest, limit: int) -> Iterator[Part]:
    """Yield the parts, the newest first: a range of keys with more articles than the limit is halved."""
    waiting = [(0, LAST_KEY)]
    while waiting:
        first, last = waiting.pop()
        if manifest.count_keys(first, last) > limit and first < last:
            middle = (first + last) // 2
            waiting += [(first, middle), (middle + 1, last)]
        elif articles := manifest.list_keys(first, last):
            name = hashlib.sha256(f"{first}-{last}".encode()).hexdigest()[:NAME_DIGITS]
            yield Part(name, articles)
