"""The manifest of a static site: which files it has, of which article, and which articles are selected."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, Self

SCHEMA = """
CREATE TABLE IF NOT EXISTS file (
    path TEXT PRIMARY KEY, owner TEXT NOT NULL, sha256 BLOB NOT NULL, byte_count INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ix_file_owner ON file (owner);
CREATE TABLE IF NOT EXISTS published (owner TEXT PRIMARY KEY, fingerprint BLOB NOT NULL) WITHOUT ROWID;
DROP TABLE IF EXISTS selected;
CREATE TABLE IF NOT EXISTS selection (
    place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, state BLOB NOT NULL, related TEXT NOT NULL,
    search_key INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_selection_search_key ON selection (search_key);
CREATE TABLE IF NOT EXISTS searched (id TEXT, owner TEXT, PRIMARY KEY (id, owner)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ix_searched_owner ON searched (owner);
"""
"""`selected` is an earlier version's. Both are made anew by each run, so nothing is lost."""

LOCK_SECONDS = 60.0
"""How long a process waits while another one writes, which takes moments."""

UNKNOWN = b""
"""The digest of a file whose content is not known: a killed run may have written it."""


class StaticFile(NamedTuple):
    """A file of the site."""

    path: str
    """Relative to the folder, with slashes."""
    sha256: bytes
    byte_count: int


class Selected(NamedTuple):
    """An article that the site shows."""

    place: int
    """In the order of publication, from 1."""
    id: str
    state: bytes
    """A digest of everything in the archive that its pages show."""
    related_ids: tuple[str, ...]
    """Articles that its pages name."""


class SearchKey(NamedTuple):
    """A selected article, as the search's index is divided."""

    key: int
    id: str
    state: bytes


class Manifest:
    """The manifest, a small SQLite database in the site's folder."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, timeout=LOCK_SECONDS, check_same_thread=False)
        self._connection.executescript(SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def commit(self) -> None:
        """Keep what was changed, whatever happens to this process."""
        self._connection.commit()

    def select(self, articles: Iterable[tuple[str, bytes, Sequence[str], int]]) -> int:
        """Replace the selection by these articles (id, state, related ids, search key); return their number."""
        self._connection.execute("DELETE FROM selection")
        rows = ((article_id, state, json.dumps(list(related)), key) for article_id, state, related, key in articles)
        count = self._connection.executemany(
            "INSERT INTO selection (id, state, related, search_key) VALUES (?, ?, ?, ?)", rows
        )
        self.commit()
        return max(count.rowcount, 0)

    def list_selected(self, after: int, limit: int) -> list[Selected]:
        """Return the selected articles after a place, in order."""
        rows = self._connection.execute(
            "SELECT place, id, state, related FROM selection WHERE place > ? ORDER BY place LIMIT ?", (after, limit)
        )
        return [Selected(place, one, state, tuple(json.loads(related))) for place, one, state, related in rows]

    def is_selected(self, article_id: str) -> bool:
        """Whether the site shows an article."""
        return self._has("SELECT 1 FROM selection WHERE id = ?", article_id)

    def count_keys(self, first: int, last: int) -> int:
        """Count the selected articles whose search key is in a range."""
        row = self._connection.execute("SELECT count(*) FROM selection WHERE search_key BETWEEN ? AND ?", (first, last))
        return int(row.fetchone()[0])

    def list_keys(self, first: int, last: int) -> list[SearchKey]:
        """Return the selected articles whose search key is in a range, in its order."""
        rows = self._connection.execute(
            "SELECT search_key, id, state FROM selection WHERE search_key BETWEEN ? AND ? ORDER BY search_key, id",
            (first, last),
        )
        return [SearchKey(*row) for row in rows]

    def store_searched(self, owner: str, article_ids: Iterable[str]) -> None:
        """Store that an owner's files let these articles be found, and no others."""
        self._connection.execute("DELETE FROM searched WHERE owner = ?", (owner,))
        self._connection.executemany(
            "INSERT INTO searched VALUES (?, ?)", ((article_id, owner) for article_id in article_ids)
        )

    def list_searched(self, article_id: str) -> list[str]:
        """Return the owners whose files let an article be found: two while its part of the index is being divided."""
        rows = self._connection.execute("SELECT owner FROM searched WHERE id = ? ORDER BY owner", (article_id,))
        return [owner for (owner,) in rows]

    def list_gone(self, kept: Sequence[str]) -> list[str]:
        """Return the owners of files that are neither selected articles nor begin like those to keep."""
        rows = self._connection.execute(
            "SELECT DISTINCT owner FROM file WHERE owner NOT IN (SELECT id FROM selection) ORDER BY owner"
        )
        return [owner for (owner,) in rows if not owner.startswith(tuple(kept))]

    def list_owners(self, prefix: str) -> list[str]:
        """Return the owners of files that begin so."""
        after = f"{prefix[:-1]}{chr(ord(prefix[-1]) + 1)}"
        rows = self._connection.execute(
            "SELECT DISTINCT owner FROM file WHERE owner >= ? AND owner < ? ORDER BY owner", (prefix, after)
        )
        return [owner for (owner,) in rows]

    def find_fingerprint(self, owner: str) -> bytes | None:
        """Return the fingerprint with which the files of an owner were finished; None if they are not."""
        row = self._connection.execute("SELECT fingerprint FROM published WHERE owner = ?", (owner,)).fetchone()
        return row[0] if row else None

    def list_files(self, owner: str) -> list[StaticFile]:
        """Return the files of an owner."""
        rows = self._connection.execute(
            "SELECT path, sha256, byte_count FROM file WHERE owner = ? ORDER BY path", (owner,)
        )
        return [StaticFile(*row) for row in rows]

    def find_file(self, path: str) -> StaticFile | None:
        """Return the file at a path; None if the site has none there."""
        row = self._connection.execute("SELECT path, sha256, byte_count FROM file WHERE path = ?", (path,)).fetchone()
        return StaticFile(*row) if row else None

    def store(self, owner: str, fingerprint: bytes | None, files: Iterable[StaticFile]) -> None:
        """Store that these are the files of an owner; with a fingerprint, that they are finished."""
        with closing(self._connection.cursor()) as cursor:
            cursor.execute("DELETE FROM file WHERE owner = ?", (owner,))
            cursor.executemany(
                "INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?)",
                ((one.path, owner, one.sha256, one.byte_count) for one in files),
            )
            cursor.execute("DELETE FROM published WHERE owner = ?", (owner,))
            if fingerprint is not None:
                cursor.execute("INSERT INTO published VALUES (?, ?)", (owner, fingerprint))

    def remove(self, owner: str) -> None:
        """Store that an owner has no files any more."""
        self.store(owner, None, ())
        self.store_searched(owner, ())

    def doubt(self, path: str) -> bool:
        """Store that a file's content is not known; return whether the site has such a file."""
        changed = self._connection.execute("UPDATE file SET sha256 = ? WHERE path = ?", (UNKNOWN, path))
        owners = "SELECT owner FROM file WHERE path = ?"
        self._connection.execute(f"DELETE FROM published WHERE owner IN ({owners})", (path,))  # noqa: S608 - constant
        return changed.rowcount > 0

    def count_files(self) -> tuple[int, int]:
        """Return the number of files, and of their bytes."""
        row = self._connection.execute("SELECT count(*), coalesce(sum(byte_count), 0) FROM file").fetchone()
        return int(row[0]), int(row[1])

    def _has(self, statement: str, *values: object) -> bool:
        return self._connection.execute(statement, values).fetchone() is not None
