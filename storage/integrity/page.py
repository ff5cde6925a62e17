"""Check the database's own files for damage. SQLite only: PostgreSQL's server checks its own."""

import logging

from sqlalchemy import insert, text

from storage.engine import Database
from storage.outage import DatabaseDamaged, DatabaseLost, describe_damage
from storage.search.index import audit_index, rebuild_index
from storage.search.table import INDEX, SQLITE_INDEX
from storage.search.vocabulary import has_unfound_terms

logger = logging.getLogger(__name__)

MAX_FAULT_COUNT = 20
"""Maximum faults that SQLite lists; one is enough to call it damaged."""

INDEX_FAULT = f"FTS5 table main.{SQLITE_INDEX}"
"""Prefix of faults in the search index, which newer SQLite versions check too; it can be rebuilt separately."""

WITH_CONTENT = 1
"""Has FTS5 compare the index with the rows, instead of only checking its internal consistency."""

FAULT_PREFIX = "*** in database main ***"
"""SQLite's prefix of the first fault."""


def audit_pages(database: Database) -> None:
    """Check every page of SQLite's file. Takes two or three seconds per GB, or as long as the disk needs.

    Raises:
        DatabaseDamaged: a page is damaged.
    """
    if not _is_sqlite(database):
        return
    with database.read() as session:
        found = session.scalars(text(f"PRAGMA integrity_check({MAX_FAULT_COUNT})")).all()
    faults = [fault for fault in found if fault != "ok" and INDEX_FAULT not in fault]
    if faults:
        fault = faults[0].removeprefix(FAULT_PREFIX).strip().partition("\n")[0]
        raise DatabaseDamaged(describe_damage(database.url, fault))


def is_index_sound(database: Database) -> bool:
    """Whether SQLite's search index has exactly the words of its rows, and finds them.

    Holds the write lock for some three seconds per GB. If it cannot get that (a long write by another process, or no
    permission), it skips the check and logs a warning.
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
        logger.warning("the search index was not checked: %s", error)
    return True


def audit_search(database: Database) -> list[str]:
    """Return a sentence for each way in which the search index disagrees with the articles."""
    if not is_index_sound(database):
        return ["the search index contradicts itself"]  # its content cannot be queried
    with database.read() as session:
        return audit_index(session)


def rebuild_search(database: Database) -> None:
    """Rebuild the search index from the articles.

    Raises:
        DatabaseDamaged: the rebuild failed.
    """
    try:
        with database.begin() as session:
            rebuild_index(session)
    except DatabaseDamaged as error:
        raise DatabaseDamaged(describe_damage(database.url, f"{SQLITE_INDEX} cannot be rebuilt")) from error


def _is_sqlite(database: Database) -> bool:
    return database.engine.dialect.name == "sqlite"
