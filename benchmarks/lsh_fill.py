"""Fills the LSH index with invented keys, in the state in which storing as many articles would have left it."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy import make_url

from storage.near_duplicates import lsh_index
from storage.near_duplicates.comparison import BAND_COUNT, KEY_BITS
from storage.near_duplicates.lsh_index import LEVELS, MAX_TEXTS_PER_KEY

Numbers = NDArray[np.int64]

PARAGRAPH_COUNT = 10
"""Long paragraphs of an article of 400 words, each with a key."""
KEY_COUNT = BAND_COUNT + PARAGRAPH_COUNT

COMMON_SHARE = 0.05
POOL_COUNT = 11_700
"""Unrelated news texts share some 3-grams: of 171 English articles of many publishers, two that are not near-duplicates
agree in 6 of a million bands times pairs (28 times the mean of their similarities' cubes). One band in twenty from a
pool of this many keys gives that. All keys of a pool are alike, so none grows common enough to be ignored until there
are 23 million texts: no other distribution gives more candidates."""

NEAR_DUPLICATE_SHARE = 0.05
KEPT_SHARE = 0.5
"""Share of its neighbour's keys that a near-duplicate has."""

DRAWN_COUNT = 1_000_000
"""On SQLite, the newest texts are drawn and the older ones copied from them, with other keys and digests: it takes a
third of the time."""

MARK_BITS = 8
"""Lowest bits of a key: 0 in a common one, which copies share; 1 in any other, and other numbers in its copies."""

ROUND_COUNT = 1 << 19
"""Texts whose keys are inserted at a time, sorted. Several rounds leave the pages of the B-tree as full as merging
does."""

PART_COUNT = 200_000
MULTIPLIER = 0x9E3779B97F4A7C15
"""Spreads the numbers of common keys over all keys."""

COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_END = b"\xff\xff"
COPY_ROW = np.dtype([("count", ">i2"), ("size", ">i4"), ("key", ">i8"), ("other_size", ">i4"), ("text_id", ">i8")])
"""PostgreSQL's binary format of a row with two bigints."""


def fill_index(url: str, article_count: int) -> None:
    """Insert the texts 1 to `article_count` into an empty archive, their keys in the levels where they would be."""
    is_sqlite = make_url(url).get_backend_name() == "sqlite"
    writer = _SqliteWriter(url) if is_sqlite else _PostgresWriter(url)
    held = _Held()
    copied = max(article_count - DRAWN_COUNT, 0) if is_sqlite else 0
    for start in range(copied, article_count, ROUND_COUNT):
        rng = np.random.default_rng([1, start])
        count = min(ROUND_COUNT, article_count - start)
        writer.write_texts(start + 1, [f"{rng.bytes(31).hex()}00" for _ in range(count)])
        keys = draw_keys(rng, count)
        text_ids = np.repeat(np.arange(start + 1, start + count + 1), KEY_COUNT)
        order = np.argsort(keys.ravel(), kind="stable")
        rows = held.select(keys.ravel()[order], text_ids[order])
        _write_levels(writer, *rows, article_count)
    writer.close()
    if copied:
        _copy_texts(Path(make_url(url).database or ""), copied // DRAWN_COUNT)


def _copy_texts(path: Path, copy_count: int) -> None:
    """Copy all texts of an SQLite archive, the copies before them and in the last level, in the order of the keys."""
    source = path.with_suffix(".drawn")
    shutil.copyfile(path, source)
    connection = _open_unsafe(path)
    connection.execute("ATTACH ? AS drawn", (str(source),))
    last = LEVELS[-1].__tablename__
    for number in range(1, copy_count + 1):
        change = f"key + (key & {(1 << MARK_BITS) - 1}) * {number}, text_id - {number * DRAWN_COUNT}"
        for level in LEVELS:
            connection.execute(f"INSERT INTO main.{last} SELECT {change} FROM drawn.{level.__tablename__}")  # noqa: S608
        connection.execute(
            "INSERT INTO main.article_text SELECT id - ?, substr(content_sha256, 1, 62) || printf('%02x', ?), TRUE"
            " FROM drawn.article_text ORDER BY id",
            (number * DRAWN_COUNT, number),
        )
    connection.close()
    source.unlink()


def draw_keys(rng: np.random.Generator, count: int) -> Numbers:
    """Return the keys of texts, a row for each: some common ones, some shared with the text before."""
    keys = rng.integers(0, 1 << KEY_BITS, (count, KEY_COUNT), np.int64) >> MARK_BITS << MARK_BITS | 1
    place = np.arange(BAND_COUNT, dtype=np.uint64) * np.uint64(POOL_COUNT)
    drawn = rng.integers(1, POOL_COUNT + 1, (count, BAND_COUNT), np.uint64)
    common = ((drawn + place) * np.uint64(MULTIPLIER) >> np.uint64(64 - KEY_BITS)).astype(np.int64)
    common = common >> MARK_BITS << MARK_BITS
    keys[:, :BAND_COUNT] = np.where(rng.random((count, BAND_COUNT)) < COMMON_SHARE, common, keys[:, :BAND_COUNT])
    edited = np.flatnonzero(rng.random(count - 1) < NEAR_DUPLICATE_SHARE) + 1
    keys[edited] = np.where(rng.random((len(edited), KEY_COUNT)) < KEPT_SHARE, keys[edited - 1], keys[edited])
    return keys


def _write_levels(writer: "_SqliteWriter | _PostgresWriter", keys: Numbers, text_ids: Numbers, count: int) -> None:
    levels = np.zeros(len(keys), np.int8)
    for number, step in enumerate(lsh_index.STEP_TEXTS, 1):
        levels = np.where(text_ids <= _find_moved(keys, step, count), np.int8(number), levels)
    for number, level in enumerate(LEVELS):
        if (of_level := levels == number).any():
            writer.write_keys(level.__tablename__, keys[of_level], text_ids[of_level])


def _find_moved(keys: Numbers, step: int, count: int) -> Numbers:
    """Return for each key the last text whose keys in this slice have left the level."""
    slices = keys >> KEY_BITS - lsh_index.SLICE_COUNT.bit_length() + 1
    last = count // step
    return (last - (last - slices) % lsh_index.SLICE_COUNT) * step


class _Held:
    """Counts the texts of shared keys, of which each is stored with a limited number."""

    def __init__(self) -> None:
        self._keys = np.empty(0, np.int64)
        self._counts = np.empty(0, np.int64)

    def select(self, keys: Numbers, text_ids: Numbers) -> tuple[Numbers, Numbers]:
        """Return those of these sorted rows that are stored."""
        starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
        sizes = np.diff(np.append(starts, len(keys)))
        ranks = np.arange(len(keys)) - np.repeat(starts, sizes)
        before = self._count(keys[starts])
        is_stored = ranks + np.repeat(before, sizes) <= MAX_TEXTS_PER_KEY
        # A key of two is a near-duplicate's; it is not seen again.
        self._add(keys[starts[sizes > 2]], sizes[sizes > 2])
        return keys[is_stored], text_ids[is_stored]

    def _count(self, keys: Numbers) -> Numbers:
        if not len(self._keys):
            return np.zeros(len(keys), np.int64)
        places = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.where(self._keys[places] == keys, self._counts[places], 0)

    def _add(self, keys: Numbers, sizes: Numbers) -> None:
        merged, places = np.unique(np.concatenate((self._keys, keys)), return_inverse=True)
        counts = np.zeros(len(merged), np.int64)
        np.add.at(counts, places, np.concatenate((self._counts, sizes)))
        self._keys, self._counts = merged, counts


def _open_unsafe(path: Path) -> sqlite3.Connection:
    """Open an SQLite archive without a journal: a file that a crash spoils is filled again."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -65536"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


class _SqliteWriter:
    """Inserts rows in the driver's types."""

    def __init__(self, url: str) -> None:
        self._connection = _open_unsafe(Path(make_url(url).database or ""))

    def write_texts(self, start: int, digests: list[str]) -> None:
        self._write("INSERT INTO article_text VALUES (?, ?, TRUE)", list(enumerate(sorted(digests), start)))

    def write_keys(self, table: str, keys: Numbers, text_ids: Numbers) -> None:
        for part in _parts(len(keys)):
            self._write(f"INSERT INTO {table} VALUES (?, ?)", zip(keys[part].tolist(), text_ids[part].tolist()))  # noqa: S608, B905

    def _write(self, statement: str, rows: Any) -> None:
        self._connection.execute("BEGIN")
        self._connection.executemany(statement, rows)
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()


class _PostgresWriter:
    """Copies rows in PostgreSQL's binary format."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(
            make_url(url).set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True
        )

    def write_texts(self, start: int, digests: list[str]) -> None:
        statement = "COPY article_text (id, content_sha256, is_current) FROM STDIN"
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in enumerate(sorted(digests), start):
                copy.write_row((*row, True))

    def write_keys(self, table: str, keys: Numbers, text_ids: Numbers) -> None:
        statement = f"COPY {table} (key, text_id) FROM STDIN WITH (FORMAT binary)"
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(COPY_HEADER)
            for part in _parts(len(keys)):
                rows = np.empty(len(keys[part]), COPY_ROW)
                rows["count"], rows["size"], rows["other_size"] = 2, 8, 8
                rows["key"], rows["text_id"] = keys[part], text_ids[part]
                copy.write(rows.tobytes())
            copy.write(COPY_END)

    def close(self) -> None:
        self._connection.execute("VACUUM ANALYZE")  # as autovacuum would do some time later
        self._connection.close()


def _parts(count: int) -> Iterator[slice]:
    return (slice(start, start + PART_COUNT) for start in range(0, count, PART_COUNT))
