"""A SQLite file that is not as it was written."""

import sqlite3
from contextlib import closing
from pathlib import Path


def damage_page(database: Path, name: str) -> None:
    """Fill the first page of a table or an index with zeros, as a power cut may."""
    with closing(sqlite3.connect(database)) as connection:
        [[page, page_bytes]] = connection.execute(
            "SELECT rootpage, page_size FROM sqlite_schema, pragma_page_size WHERE name = ?", (name,)
        )
    with database.open("r+b") as file:
        file.seek((page - 1) * page_bytes)
        file.write(bytes(page_bytes))
