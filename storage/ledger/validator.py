"""Validators of conditional requests (ETag, Last-Modified), and how long "not modified" responses are trusted.

They are written in the transaction that stores their response, so "not modified" implies that its content is stored.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

import sites
from schemas.article import Kind
from schemas.capture import SUCCESS_STATUSES, Validators
from schemas.outcome import (
    ArticleRead,
    FetchFailed,
    FetchForbidden,
    Outcome,
    RobotsRead,
    Seen,
    SourceRead,
    TdmFileRead,
    Unchanged,
)
from schemas.schedule import RevisitPlan
from storage.ledger.unit_of_work import UnitOfWork, execute_in
from storage.schema.tables import Validator


def find_validators(session: Session, urls: Collection[str], now: datetime, plan: RevisitPlan) -> dict[str, Validators]:
    """Return URL -> validators for a conditional request; URLs due for an unconditional one are left out."""
    rows = execute_in(session, _select_trusted(now, plan), Validator.url, set(urls))
    return {url: Validators(etag=etag, last_modified=last_modified) for url, etag, last_modified in rows}


def find_source_validators(session: Session, site: str, now: datetime, plan: RevisitPlan) -> dict[str, Validators]:
    """Return the same for all feeds, sitemaps and listings of a site that were ever read."""
    rows = session.execute(_select_trusted(now, plan).where(Validator.source_site == site))
    return {url: Validators(etag=etag, last_modified=last_modified) for url, etag, last_modified in rows}


def record_validators(batch: UnitOfWork, outcome: Outcome) -> None:
    """Store, confirm or delete the validators of the requested URL by the fetch's outcome, as that is stored."""
    match outcome:
        case FetchFailed() | FetchForbidden() | RobotsRead() | TdmFileRead():
            pass  # says nothing about the page, or is always fetched unconditionally
        case Unchanged(seen=seen):
            _count_confirmation(batch, seen)
        case SourceRead(seen=seen):
            _replace(batch, seen, sites.find_site(seen.url).name if seen.url else None)
        case ArticleRead(seen=seen, article=article) if article.kind is not Kind.LIVE:
            if _is_newest(batch, outcome):
                _replace(batch, seen, None)
        case _:  # includes live blogs: their posts change while the page does not
            _delete(batch, outcome.seen)


def _select_trusted(now: datetime, plan: RevisitPlan) -> Select[tuple[str, str | None, str | None]]:
    return select(Validator.url, Validator.etag, Validator.last_modified).where(
        Validator.confirmed_count < plan.conditional_count,
        Validator.full_at.between(now - plan.conditional_for, now + plan.conditional_for),
    )


def _is_newest(batch: UnitOfWork, outcome: ArticleRead) -> bool:
    """Whether no newer fetch of the article is recorded: an import may have captures of any age."""
    entry = batch.find_entry(outcome.identity) if outcome.identity else None
    return entry is not None and entry.tried_at == outcome.seen.fetched_at


def _replace(batch: UnitOfWork, seen: Seen, source_site: str | None) -> None:
    _delete(batch, seen)
    if (
        seen.url is None
        or seen.validators is None
        or seen.status not in SUCCESS_STATUSES
        or seen.url in batch.validators
    ):
        return
    batch.validators[seen.url] = {
        "url": seen.url,
        "source_site": source_site,
        **seen.validators.model_dump(),
        "full_at": seen.fetched_at,
        "confirmed_count": 0,
    }
    batch.changed_validators.add(seen.url)


def _delete(batch: UnitOfWork, seen: Seen) -> None:
    """Delete the URL's validators, unless they come from a newer capture."""
    row = batch.validators.get(seen.url or "")
    if row and batch.sort_key(row["full_at"]) <= batch.sort_key(seen.fetched_at):
        del batch.validators[row["url"]]
        batch.changed_validators.add(row["url"])


def _count_confirmation(batch: UnitOfWork, seen: Seen) -> None:
    row = batch.validators.get(seen.url or "")
    if row and batch.sort_key(row["full_at"]) <= batch.sort_key(seen.fetched_at):
        row["confirmed_count"] += 1
        batch.changed_validators.add(row["url"])
