"""Access to SQLite files that this process cannot write: on a read-only disk, in another user's folder, in a backup."""

import os
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL


def seal_sqlite(url: URL) -> URL | None:
    """Return a URL that opens the file read-only; None if it can be written.

    SQLite creates files beside a WAL database even to read it. Where it cannot, and the log is empty, the file alone is
    the whole database and does not change, so it can be opened as immutable.
    """
    path = Path(url.database or "")
    if all(os.access(one, os.W_OK) for one in (path, path.parent)):
        return None
    log = path.with_name(f"{path.name}-wal")
    how = {"mode": "ro"} if log.exists() and log.stat().st_size else {"mode": "ro", "immutable": "1"}
    return url.set(database=f"file:{quote(os.fsencode(path))}", query={"uri": "true", **how})
