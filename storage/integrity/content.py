"""Find articles whose capture is lost or whose content was altered, and restore them from captures."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from schemas.article import content_sha256
from schemas.outcome import ArticleRead
from storage.captures.reinterpretation import load_stored_captures
from storage.ledger.unit_of_work import IN_COUNT, execute_in, load_batch
from storage.near_duplicates.grouping import regroup
from storage.reports.audit import name_found
from storage.revisions.store import has_content, rebase_article
from storage.schema.tables import Alias, Article, Capture, Entry, Quarantine, Validator


def list_dependents(session: Session, warc: str, offsets: Collection[int]) -> dict[str, int]:
    """Return record id -> offset of the articles extracted from these captures."""
    rows = (
        select(Article.id, Capture.offset).join(Capture, Capture.id == Article.capture_id).where(Capture.warc == warc)
    )
    return {row[0]: row[1] for row in execute_in(session, rows, Capture.offset, offsets)}


def list_lost(session: Session) -> dict[str, str]:
    """Return record id -> WARC file of the articles whose capture is known to be lost."""
    rows = select(Article.id, Capture.warc).join(Capture, Capture.id == Article.capture_id).where(Capture.is_lost)
    return dict(session.execute(rows).tuples().all())


def schedule_refetch(session: Session, now: datetime) -> int:
    """Make every needed page whose capture is lost due for an unconditional fetch by the next run; return how many.

    Needed are the pages of articles and of open quarantine entries. Entries without a URL are never due.
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


READ_COUNT = 200
"""Bodies in memory at a time: a MB or two."""


def list_mismatched(session: Session) -> Iterator[str]:
    """Yield the ids of the articles whose body does not match its digest. Reads every body."""
    rows = select(Article.id, Article.content_sha256, Article.body)
    for article_id, digest, body in session.execute(rows.execution_options(yield_per=READ_COUNT)):
        if content_sha256(body) != digest:
            yield article_id


def audit_contents(session: Session) -> list[str]:
    """Return a sentence if articles do not match their digests."""
    found = name_found("articles whose body does not match its digest", [*list_mismatched(session)])
    return [found] if found else []


def restore_articles(
    session: Session, outcomes: Sequence[ArticleRead], ids: Collection[str], *, run_id: str | None, now: datetime
) -> set[str]:
    """Rewrite these articles from stored captures; return the ids for which that was possible.

    An article's own capture is authoritative. If that is lost, the newest one with the same content replaces it.
    The search index is not updated: it is rebuilt afterwards, if its words differ.
    """
    with session.no_autoflush:  # the batch writes itself
        batch = load_batch(session, outcomes, run_id=run_id, now=now)
        known = load_stored_captures(batch, outcomes)
        restored: set[str] = set()
        for outcome in sorted(outcomes, key=lambda one: one.article.fetched_at, reverse=True):
            read, ref = outcome.article, outcome.seen.ref
            row, capture = batch.articles.get(read.id), known.get((ref.warc, ref.offset))
            if row is None or capture is None or row.id not in ids or row.id in restored:
                continue
            is_same = row.capture_id in batch.lost_captures and has_content(row, read)
            if row.capture_id == capture.id or is_same:
                rebase_article(batch, row, read, capture.id)
                restored.add(row.id)
        regroup(batch)
    return restored
