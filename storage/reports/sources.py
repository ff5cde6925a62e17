"""Sources: when each was last read, and what it responded."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schemas.model import Record
from storage.reports.audit import filter_site
from storage.reports.completeness import SourceCount
from storage.schema.tables import Capture, Sighting, Validator

CAPTURE_WINDOW = 100_000
"""The newest captures, among which the last response of a source is looked for: weeks of hourly runs. Captures have no
index by URL, because nothing else needs one."""

READ_STATUSES = frozenset({200, 304})


class SourceReading(Record):
    """When a source was last read."""

    first_seen_at: datetime | None = None
    """When it first advertised anything."""
    read_at: datetime | None = None
    """When it last responded with a document, or that it has not changed; None if that is not known."""
    responded_at: datetime | None = None
    """When its last response was fetched; None if that was long ago."""
    status: int | None = None
    """The HTTP status of that response."""


class SourceState(Record):
    """A source, with what it advertised and when it was read."""

    count: SourceCount
    reading: SourceReading


def list_source_readings(session: Session, site: str | None = None) -> dict[str, SourceReading]:
    """Return source URL -> when it was last read, also of sources that advertise nothing."""
    seen = select(Sighting.source_url, func.min(Sighting.first_seen_at), func.max(Sighting.last_seen_at))
    firsts, reads = {}, {}
    for url, first, last in session.execute(filter_site(seen, Sighting.site, site).group_by(Sighting.source_url)):
        firsts[url], reads[url] = first, last
    validators = select(Validator.url, Validator.full_at).where(Validator.source_site.is_not(None))
    if site is not None:
        validators = validators.where(Validator.source_site == site)
    for url, full_at in session.execute(validators):
        reads[url] = max(full_at, reads.get(url, full_at))
    responses = _list_responses(session)
    return {url: _describe(firsts.get(url), read_at, responses.get(url, {})) for url, read_at in sorted(reads.items())}


def _list_responses(session: Session) -> dict[str, dict[int, datetime]]:
    """Return URL -> status -> when it last responded so, of the newest captures that are no pages."""
    newest = session.scalar(select(func.max(Capture.id))) or 0
    statement = (
        select(Capture.url, Capture.status, func.max(Capture.fetched_at))
        .where(Capture.entry_id.is_(None), Capture.id > newest - CAPTURE_WINDOW)
        .group_by(Capture.url, Capture.status)
    )
    found: dict[str, dict[int, datetime]] = {}
    for url, status, at in session.execute(statement):
        if url:
            found.setdefault(url, {})[status] = at
    return found


def _describe(first: datetime | None, read_at: datetime, responses: dict[int, datetime]) -> SourceReading:
    last = max(responses, key=lambda status: responses[status], default=None)
    return SourceReading(
        first_seen_at=first,
        read_at=max((read_at, *(at for status, at in responses.items() if status in READ_STATUSES))),
        responded_at=responses[last] if last is not None else None,
        status=last,
    )
