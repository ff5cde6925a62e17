"""Validators: by what a server is asked whether a page or a source has changed, and how far its answer is believed.

They are written in the transaction that stores what they belong to: "not modified" then means that all of it is here.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

import sites
from schemas.article import Kind
from schemas.capture import SUCCESS_STATUSES, Validators
from schemas.outcome import ArticleRead, FetchFailed, FetchForbidden, Outcome, RobotsRead, Seen, SourceRead, Unchanged
from schemas.schedule import RevisitPlan
from storage.ledger.unit_of_work import UnitOfWork, execute_in
from storage.schema.tables import Validator


def find_validators(session: Session, urls: Collection[str], now: datetime, plan: RevisitPlan) -> dict[str, Validators]:
    """Address -> what its server can be asked about; without those that are to be asked for in full."""
    rows = execute_in(session, _believed(now, plan), Validator.url, set(urls))
    return {url: Validators(etag=etag, last_modified=last_modified) for url, etag, last_modified in rows}


def find_source_validators(session: Session, site: str, now: datetime, plan: RevisitPlan) -> dict[str, Validators]:
    """The same for all feeds, sitemaps and listings of a site that were ever read."""
    rows = session.execute(_believed(now, plan).where(Validator.source_site == site))
    return {url: Validators(etag=etag, last_modified=last_modified) for url, etag, last_modified in rows}


def record_validators(batch: UnitOfWork, outcome: Outcome) -> None:
    """What a fetch says of the validators of the URL that was asked; called when it is stored."""
    match outcome:
        case FetchFailed() | FetchForbidden() | RobotsRead():
            pass  # says nothing of the page, or is always asked for in full
        case Unchanged(seen=seen):
            _count_confirmation(batch, seen)
        case SourceRead(seen=seen):
            _keep(batch, seen, sites.find_site(seen.url).name if seen.url else None)
        case ArticleRead(seen=seen, article=article) if article.kind is not Kind.LIVE:
            if _is_newest(batch, outcome):
                _keep(batch, seen, None)
        case _:  # of a live blog, too: its posts change behind a page that does not
            _forget(batch, outcome.seen)


def _believed(now: datetime, plan: RevisitPlan) -> Select[tuple[str, str | None, str | None]]:
    return select(Validator.url, Validator.etag, Validator.last_modified).where(
        Validator.confirmed_count < plan.conditional_count,
        Validator.full_at.between(now - plan.conditional_for, now + plan.conditional_for),
    )


def _is_newest(batch: UnitOfWork, outcome: ArticleRead) -> bool:
    """Whether nothing newer is known of the article: an import may bring captures of any age."""
    entry = batch.find_entry(outcome.identity) if outcome.identity else None
    return entry is not None and entry.tried_at == outcome.seen.fetched_at


def _keep(batch: UnitOfWork, seen: Seen, source_site: str | None) -> None:
    _forget(batch, seen)
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


def _forget(batch: UnitOfWork, seen: Seen) -> None:
    """Of this URL, unless they are of a newer capture."""
    row = batch.validators.get(seen.url or "")
    if row and batch.order(row["full_at"]) <= batch.order(seen.fetched_at):
        del batch.validators[row["url"]]
        batch.changed_validators.add(row["url"])


def _count_confirmation(batch: UnitOfWork, seen: Seen) -> None:
    row = batch.validators.get(seen.url or "")
    if row and batch.order(row["full_at"]) <= batch.order(seen.fetched_at):
        row["confirmed_count"] += 1
        batch.changed_validators.add(row["url"])
