"""Activity of each publisher in an archive, for monitoring."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from storage.schema.tables import SUCCESSFUL, Article, Entry, Quarantine, RunRow


def count_site_articles(session: Session) -> dict[str, int]:
    """Return site -> stored articles, without duplicates."""
    counts = select(Article.site, func.count()).where(Article.duplicate_of.is_(None)).group_by(Article.site)
    return _read(session, counts)


def count_site_quarantine(session: Session) -> dict[str, int]:
    """Return site -> quarantined captures of its URLs; imported files without a URL are no site's."""
    counts = select(Entry.site, func.count()).join(Quarantine, Quarantine.entry_id == Entry.id)
    return _read(session, counts.where(Quarantine.resolved_at.is_(None)).group_by(Entry.site))


def find_newest_publications(session: Session, now: datetime) -> dict[str, datetime]:
    """Return site -> publication time of its newest article; one in the future is the publisher's mistake."""
    newest = select(Article.site, func.max(Article.published_at)).where(Article.published_at <= now)
    return _read(session, newest.group_by(Article.site))


def find_last_site_successes(session: Session, kind: str) -> dict[str, datetime]:
    """Return site -> when its last run of this kind that did its work ended."""
    last = select(RunRow.site, func.max(RunRow.ended_at)).where(RunRow.kind == kind, RunRow.site.is_not(None))
    return _read(session, last.where(RunRow.status.in_(SUCCESSFUL), RunRow.ended_at.is_not(None)).group_by(RunRow.site))


def _read(session: Session, statement: Select[Any]) -> dict[str, Any]:
    return {row[0]: row[1] for row in session.execute(statement)}
