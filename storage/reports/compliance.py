"""What the database holds of how a run treated its hosts."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.articles.rights import split_terms
from storage.ledger.outcome import ROBOTS
from storage.ledger.unit_of_work import execute_in
from storage.runs.run import RunRecord
from storage.schema.tables import Capture, Entry, RightsRow


def list_forbidden(session: Session, run: RunRecord, now: datetime) -> list[str]:
    """Return the URLs that the run did not request because robots.txt forbids them, sorted.

    Without those that a later run has tried since.
    """
    statement = select(Entry.url).where(
        Entry.last_error == ROBOTS, Entry.tried_at.between(run.started_at, run.ended_at or now)
    )
    if run.site:
        statement = statement.where(Entry.site == run.site)
    return list(session.scalars(statement.order_by(Entry.url)))


def list_page_terms(session: Session, warcs: Collection[str]) -> list[tuple[str, list[str]]]:
    """Return (URL, its rights' terms) for each page in these WARC files whose rights have been read."""
    statement = select(Capture.url, RightsRow.terms).join(RightsRow, RightsRow.capture_id == Capture.id)
    rows = execute_in(session, statement, Capture.warc, warcs)
    return [(url, split_terms(terms)) for url, terms in rows if url]
