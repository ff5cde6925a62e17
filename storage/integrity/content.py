"""Articles whose captures are lost, or that differ from what was read from them: restored from other captures."""

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

    Needed are those of articles, and those that are quarantined. What has no URL is never due.
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


PART_COUNT = 200
"""Bodies that lie in memory at a time: a MB or two."""


def list_contradicted(session: Session) -> Iterator[str]:
    """The ids of the articles whose body is not the one that its digest was made of; every body is read."""
    rows = select(Article.id, Article.content_sha256, Article.body)
    for article_id, digest, body in session.execute(rows.execution_options(yield_per=PART_COUNT)):
        if content_sha256(body) != digest:
            yield article_id


def audit_contents(session: Session) -> list[str]:
    """A sentence where articles are not what was read."""
    found = name_found(
        "articles whose body is not the one that their digest was made of", [*list_contradicted(session)]
    )
    return [found] if found else []


def restore_articles(
    session: Session, outcomes: Sequence[ArticleRead], ids: Collection[str], *, run_id: str | None, now: datetime
) -> set[str]:
    """Write these articles anew as captures give them that are stored already; answers for which that could be done.

    An article's own capture says what it is. Where that is lost, the newest one with the same content takes its place.
    The search index is not touched: it is made anew afterwards, if it has other words.
    """
    with session.no_autoflush:  # a batch writes itself
        batch = load_batch(session, outcomes, run_id=run_id, now=now)
        known = load_stored_captures(batch, outcomes)
        restored: set[str] = set()
        for outcome in sorted(outcomes, key=lambda one: one.article.fetched_at, reverse=True):
            read, ref = outcome.article, outcome.seen.ref
            row, place = batch.articles.get(read.id), known.get((ref.warc, ref.offset))
            if row is None or place is None or row.id not in ids or row.id in restored:
                continue
            is_same = row.capture_id in batch.lost_captures and has_content(row, read)
            if row.capture_id == place.id or is_same:
                rebase_article(batch, row, read, place.id)
                restored.add(row.id)
        regroup(batch)
    return restored
