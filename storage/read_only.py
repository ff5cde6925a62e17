"""A SQLite file that this process cannot write: on a read-only disk, in a folder of somebody else's, in a backup."""

import os
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL


def seal_sqlite(url: URL) -> URL | None:
    """The URL by which such a file can be read; None for one that can be written.

    To read a file with a write-ahead log, SQLite makes files beside it. Where it cannot, and nothing is in the log, the
    file is the whole database, and nobody changes it.
    """
    path = Path(url.database or "")
    if all(os.access(one, os.W_OK) for one in (path, path.parent)):
        return None
    log = path.with_name(f"{path.name}-wal")
    how = {"mode": "ro"} if log.exists() and log.stat().st_size else {"mode": "ro", "immutable": "1"}
    return url.set(database=f"file:{quote(os.fsencode(path))}", query={"uri": "true", **how})
