"""Articles whose captures are lost: which they are, and how they come to others."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from storage.batch import IN_COUNT, execute_in
from storage.tables import Alias, Article, Capture, Entry, Quarantine, Validator


def list_dependents(session: Session, warc: str, offsets: Collection[int]) -> dict[str, int]:
    """Record id -> offset, of the articles that were read from these captures."""
    rows = (
        select(Article.id, Capture.offset).join(Capture, Capture.id == Article.capture_id).where(Capture.warc == warc)
    )
    return {row[0]: row[1] for row in execute_in(session, rows, Capture.offset, offsets)}


def list_lost(session: Session) -> dict[str, str]:
    """Record id -> WARC file, of the articles whose capture is known to be lost."""
    rows = select(Article.id, Capture.warc).join(Capture, Capture.id == Article.capture_id).where(Capture.is_lost)
    return dict(session.execute(rows).tuples().all())


def make_due(session: Session, now: datetime) -> int:
    """Have every page that is needed and lost fetched by the next run, and in full; answers how many.

    Needed are those of articles, and those that are set aside. What has no address is never due.
    """
    is_open = (Quarantine.resolved_at.is_(None), Quarantine.entry_id.is_not(None))
    wanted = {
        *session.scalars(_of_lost(select(Article.entry_id), Article).where(Article.entry_id.is_not(None))),
        *session.scalars(_of_lost(select(Quarantine.entry_id), Quarantine).where(*is_open)),
    }
    entries = sorted(filter(None, wanted))
    for start in range(0, len(entries), IN_COUNT):
        part = entries[start : start + IN_COUNT]
        urls = select(Alias.url).where(Alias.entry_id.in_(part))
        session.execute(delete(Validator).where(Validator.url.in_(urls)))
        session.execute(update(Entry).where(Entry.id.in_(part)).values(next_try_at=now))
    return len(entries)


def _of_lost(
    statement: Select[tuple[int | None]], table: type[Article] | type[Quarantine]
) -> Select[tuple[int | None]]:
    return statement.join(Capture, Capture.id == table.capture_id).where(Capture.is_lost)
