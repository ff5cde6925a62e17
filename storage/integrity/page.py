"""Whether what lies in the database's own files is what was written there. Of PostgreSQL's, its server takes care."""

import logging

from sqlalchemy import insert, text

from storage.engine import Database
from storage.outage import DatabaseDamaged, DatabaseLost, describe_damage
from storage.search.index import audit_index, rebuild_index
from storage.search.table import INDEX, SQLITE_INDEX
from storage.search.vocabulary import has_unfound_terms

logger = logging.getLogger(__name__)

SHOWN_COUNT = 20
"""Faults that SQLite looks for: one says that it is damaged."""

OF_INDEX = f"FTS5 table main.{SQLITE_INDEX}"
"""Newer versions of SQLite look at the search index too; that can be made anew by itself."""

WITH_CONTENT = 1
"""Has FTS5 compare the index with the rows; else it looks whether that contradicts itself alone."""

MARK = "*** in database main ***"
"""What SQLite puts before the first fault."""


def audit_pages(database: Database) -> None:
    """Nothing, if every page of SQLite's file is sound. All are read, in two or three seconds a GB or the disk's time.

    Raises:
        DatabaseDamaged: one is not.
    """
    if not _is_sqlite(database):
        return
    with database.read() as session:
        found = session.scalars(text(f"PRAGMA integrity_check({SHOWN_COUNT})")).all()
    faults = [fault for fault in found if fault != "ok" and OF_INDEX not in fault]
    if faults:
        said = faults[0].removeprefix(MARK).strip().partition("\n")[0]
        raise DatabaseDamaged(describe_damage(database.url, said))


def is_index_sound(database: Database) -> bool:
    """Whether SQLite's search index has just the words that it is an index of, and finds them.

    Nobody writes meanwhile, for some three seconds a GB. Where that may not be (somebody writes for long, or this user
    may not), it is not looked at, and a warning says so.
    """
    if not _is_sqlite(database):
        return True
    try:
        with database.begin() as session:
            session.execute(insert(INDEX).values({SQLITE_INDEX: "integrity-check", "rank": WITH_CONTENT}))
            return not has_unfound_terms(session)
    except DatabaseDamaged:
        return False
    except DatabaseLost as error:
        logger.warning("the search index was not looked at: %s", error)
    return True


def audit_search(database: Database) -> list[str]:
    """A sentence for what of the search index is not as the articles say."""
    if not is_index_sound(database):
        return ["the search index contradicts itself"]  # it cannot be asked what it has
    with database.read() as session:
        return audit_index(session)


def rebuild_search(database: Database) -> None:
    """Make the search index anew from the articles.

    Raises:
        DatabaseDamaged: not even that can be done.
    """
    try:
        with database.begin() as session:
            rebuild_index(session)
    except DatabaseDamaged as error:
        raise DatabaseDamaged(describe_damage(database.url, f"{SQLITE_INDEX} cannot be made anew")) from error


def _is_sqlite(database: Database) -> bool:
    return database.engine.dialect.name == "sqlite"
