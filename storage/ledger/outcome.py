"""The one place where outcomes are stored and counted.

Each capture is stored once: loading the same WARC file again, after a crash or by a second import, changes nothing.
"""

import gc
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import assert_never

from sqlalchemy import text
from sqlalchemy.orm import Session

from schemas.outcome import (
    ArticleRead,
    CaptureQuarantined,
    FetchFailed,
    FetchForbidden,
    Kept,
    Missing,
    Outcome,
    Redirected,
    RobotsRead,
    Seen,
    SourceBroken,
    SourceRead,
    State,
    TdmFileRead,
    Unchanged,
)
from schemas.schedule import STANDARD_PLAN, RevisitPlan
from schemas.url import Identity
from storage.captures.reinterpretation import reread
from storage.captures.rights import store_rights
from storage.ledger.parallel import ParallelWriter
from storage.ledger.quarantine import add_quarantine
from storage.ledger.sighting import store_sightings
from storage.ledger.state import (
    ARTICLE_STATES,
    FIRST_BLOCKED_RETRY,
    FIRST_PASSING_RETRY,
    FIRST_RETRY,
    LAST_RETRY,
    adopt_alias,
    confirm,
    enter_blocked,
    enter_failed,
    enter_missing,
    enter_quarantine,
    enter_state,
    is_overtaken,
    is_settled,
    merge,
    merge_into_entry,
    record_attempt,
    record_failure,
    record_settled_failure,
    record_settled_missing,
    retry_delay,
)
from storage.ledger.unit_of_work import UnitOfWork, load_batch, record_first_seen, record_publication_time, seen_of
from storage.ledger.validator import record_validators
from storage.near_duplicates.grouping import regroup
from storage.redactions.admission import find_redaction, load_redactions, store_redacted
from storage.revisions.store import record_check, remove_article, store_article
from storage.schema.tables import Entry, Robots, TdmFile
from storage.search.index import index_articles, index_documents
from storage.search.vocabulary import insert_forms

__all__ = ["FIRST_RETRY", "LAST_RETRY", "NEW_URLS", "retry_delay", "store_outcomes"]

ROBOTS = "robots"
"""The reason of a fetch that robots.txt forbids."""

NEW_URLS = "sighted-new"
"""The count of URLs that no source had advertised before."""

REQUESTS = "request"
"""The count of captures that were not stored before."""

PAGES = "page"
"""The count of these captures that belong to an entry: fetches of article pages."""


def store_outcomes(
    session: Session,
    outcomes: Sequence[Outcome],
    *,
    run_id: str | None,
    now: datetime,
    plan: RevisitPlan = STANDARD_PLAN,
    is_reread: bool = False,
    is_parallel: bool = False,
) -> Counter[str]:
    """Store each outcome that is not stored yet; return how many had each result.

    Results: `stored`, `unchanged`, `revised`, `restored`, `duplicate`, `not-newer`, `not-modified`, `quarantined`,
    `missing`, `gone`, `removed`, `failed`, `forbidden`, `source-read`, `source-broken`, `redirected`, `robots`,
    `tdm-file`, `kept`, `redacted`.
    These count outcomes; beside them, `sighted-new` counts URLs, `request` captures, and `page` captures of article
    pages. With `is_reread`, the outcomes are of captures that are stored already: see
    `storage.captures.reinterpretation` for their results. With `is_parallel`, others store theirs at the same time:
    see `storage.ledger.parallel`.

    Raises:
        WritersCollided: another may be changing the same; the transaction must be repeated alone.
    """
    with session.no_autoflush, _collection_paused():  # the unit of work flushes explicitly
        look_up_by_index(session)
        parallel = ParallelWriter(session, outcomes) if is_parallel else None
        batch = load_batch(session, outcomes, run_id=run_id, now=now, plan=plan, parallel=parallel)
        load_redactions(batch, outcomes)
        if not is_reread:
            return _store_batch(batch, outcomes)
        counts = reread(batch, [one for one in outcomes if not find_redaction(batch, one)])
        regroup(batch)
        index_articles(session, batch.touched_ids, batch.terms)
        store_rights(batch)
        return counts


def look_up_by_index(session: Session) -> None:
    """Have PostgreSQL use indexes in this transaction.

    Its statistics lag behind what was stored in the last minutes; by them, it would read whole tables instead.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL enable_seqscan = off"))


@contextmanager
def _collection_paused() -> Iterator[None]:
    """Within the block, let Python not look for cycles: a batch's objects all live until its end.

    Looking through them again and again as they grow takes a sixth of a batch's time, and frees nothing.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _store_batch(batch: UnitOfWork, outcomes: Sequence[Outcome]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        seen = seen_of(outcome)
        if seen and batch.is_known(seen.ref):
            continue
        if redaction_id := find_redaction(batch, outcome):
            if name := store_redacted(batch, outcome, redaction_id):
                counts[name] += 1
            continue
        if name := _store(batch, outcome):
            counts[name] += 1
        record_validators(batch, outcome)
        if isinstance(outcome, SourceRead):
            counts[NEW_URLS] += store_sightings(batch, outcome.sightings)
    batch.write()
    new_words = index_documents(batch.session, batch.touched_ids, batch.terms, batch.new_articles)
    store_rights(batch)
    duplicates = regroup(batch)  # late, because others wait from here on
    insert_forms(batch.session, new_words)
    counts["duplicate"] += len(duplicates)
    counts["stored"] -= len(duplicates)
    counts[REQUESTS] += batch.capture_count
    counts[PAGES] += batch.page_count
    return +counts  # drops zeros


SOURCE_NAMES: dict[type[Outcome], str] = {SourceRead: "source-read", SourceBroken: "source-broken", Kept: "kept"}


def _store(batch: UnitOfWork, outcome: Outcome) -> str | None:  # noqa: PLR0911 - one for each kind of outcome
    match outcome:
        case ArticleRead():
            return _store_article(batch, outcome)
        case CaptureQuarantined():
            return _store_quarantined(batch, outcome)
        case Missing():
            return _store_missing(batch, outcome)
        case Redirected():
            return _store_redirect(batch, outcome)
        case FetchFailed():
            return _store_failure(batch, outcome)
        case FetchForbidden():
            return _store_forbidden(batch, outcome)
        case Unchanged():
            return _store_unchanged(batch, outcome)
        case RobotsRead() | TdmFileRead():
            return _store_host_file(batch, outcome)
        case SourceRead() | SourceBroken() | Kept():
            batch.add_capture(outcome.seen, None)
            _record_other(batch, outcome.seen, None)
            return SOURCE_NAMES[type(outcome)]
        case _:
            assert_never(outcome)


def _store_host_file(batch: UnitOfWork, outcome: RobotsRead | TdmFileRead) -> str:
    row = {"capture_id": batch.add_capture(outcome.seen, None), "text": outcome.text}
    batch.new_rows[Robots if isinstance(outcome, RobotsRead) else TdmFile].append(row)
    return "robots" if isinstance(outcome, RobotsRead) else "tdm-file"


def _store_article(batch: UnitOfWork, outcome: ArticleRead) -> str:
    seen, identity = outcome.seen, outcome.identity
    at = seen.fetched_at
    # An alias that another entry owns by now stays there: the ledger knows better than an exported record.
    aliases = [url for url in outcome.aliases if url not in batch.owners]
    urls = (seen.url, outcome.article.url, *aliases)
    entry = merge_into_entry(batch, identity, urls, at) if identity else None
    if entry and outcome.first_seen_at:
        record_first_seen(entry, outcome.first_seen_at)
    stored = store_article(batch, outcome.article, entry, batch.add_capture(seen, entry))
    batch.resolve(entry.key if entry else seen.ref.sha256)
    if entry:
        is_old = entry.state in ARTICLE_STATES and is_overtaken(batch, entry, at)
        record_attempt(batch, entry, at)
        enter_state(batch, entry, State.DUPLICATE if stored.duplicate_of else State.STORED, at)
        entry.url = stored.url or entry.url
        record_publication_time(entry, stored.published_at, stored.published_offset)
        if not is_old:
            confirm(batch, entry)
        _record_other(batch, seen, entry)
    return stored.outcome


def _store_unchanged(batch: UnitOfWork, outcome: Unchanged) -> str:
    seen, identity = outcome.seen, outcome.identity
    at = seen.fetched_at
    entry = batch.ensure_entry(identity, at) if identity else None
    batch.add_capture(seen, entry)
    if entry and not is_overtaken(batch, entry, at):
        if entry.state in ARTICLE_STATES:
            record_attempt(batch, entry, at)
            record_check(batch, entry.key, at)
            confirm(batch, entry)
        elif not is_settled(entry):
            # Conditional requests are sent only for stored articles; otherwise the page is fetched unconditionally.
            enter_failed(batch, entry, at, "not modified, but nothing of it is stored")
    return "not-modified"


def _record_other(batch: UnitOfWork, seen: Seen, entry: Entry | None) -> None:
    """Record a fruitless fetch for the entry that was requested, if another entry's page (or none) was returned."""
    other = batch.owners.get(seen.url or "")
    if other and other is not entry and other.url == seen.url and other.next_try_at:
        _record_fruitless(
            batch, other, seen.fetched_at, f"answers as {entry.key}" if entry else "answers as no article"
        )


def _record_fruitless(batch: UnitOfWork, entry: Entry, at: datetime, error: str, *, is_answer: bool = True) -> None:
    """Record a fetch of a due entry that revealed nothing about it; otherwise it would be due again in every run."""
    if is_overtaken(batch, entry, at):
        return
    if is_answer:
        entry.missing_at = None  # there was a response, and it did not say that the page is missing
    if is_settled(entry):
        record_settled_failure(batch, entry, at, error)
    else:
        enter_failed(batch, entry, at, error)


def _store_quarantined(batch: UnitOfWork, outcome: CaptureQuarantined) -> str:
    seen, identity, reasons = outcome.seen, outcome.identity, list(outcome.reasons)
    if identity is None:
        add_quarantine(batch, seen, None, reasons, batch.add_capture(seen, None))
    else:
        entry = batch.ensure_entry(identity, seen.fetched_at)
        if seen.url and not identity.rule:
            adopt_alias(batch, seen.url, entry, seen.fetched_at)
            _record_other(batch, seen, entry)
        _quarantine(batch, seen, entry, reasons, is_transient=outcome.is_transient)
    return "quarantined"


def _quarantine(batch: UnitOfWork, seen: Seen, entry: Entry, reasons: list[str], *, is_transient: bool) -> None:
    add_quarantine(batch, seen, entry, reasons, batch.add_capture(seen, entry))
    at, error = seen.fetched_at, "; ".join(reasons)
    if is_overtaken(batch, entry, at):
        return
    if is_settled(entry):
        entry.missing_at = None
        record_settled_failure(batch, entry, at, error, FIRST_PASSING_RETRY)
    else:
        enter_quarantine(batch, entry, at, error, is_transient=is_transient)


def _store_missing(batch: UnitOfWork, outcome: Missing) -> str:
    at = outcome.seen.fetched_at
    entry = batch.ensure_entry(outcome.identity, at)
    capture_id = batch.add_capture(outcome.seen, entry)
    if is_overtaken(batch, entry, at):
        return "missing"
    # That a former URL is missing says nothing about the current one.
    is_former = outcome.identity.url != entry.url
    if is_settled(entry):
        is_confirmed = record_settled_missing(batch, entry, at, outcome.reason, is_former=is_former)
        return "removed" if is_confirmed and remove_article(batch, entry.key, capture_id, at) else "missing"
    record_failure(batch, entry, at, outcome.reason)
    if is_former:
        return "missing"
    return "gone" if enter_missing(batch, entry, at) == State.GONE else "missing"


def _store_failure(batch: UnitOfWork, outcome: FetchFailed) -> str | None:
    at = outcome.failed_at
    entry = batch.ensure_entry(outcome.identity, at)
    if outcome.seen:
        batch.add_capture(outcome.seen, entry)
    elif is_overtaken(batch, entry, at) or at == entry.tried_at:
        return None  # recorded before: without a capture, only its time identifies a failure
    _record_fruitless(batch, entry, at, outcome.error, is_answer=outcome.seen is not None)
    return "failed"


def _store_forbidden(batch: UnitOfWork, outcome: FetchForbidden) -> str | None:
    at = outcome.forbidden_at
    entry = batch.ensure_entry(outcome.identity, at)
    if is_overtaken(batch, entry, at) or at == entry.tried_at:
        return None
    if is_settled(entry):
        record_settled_failure(batch, entry, at, outcome.reason, FIRST_BLOCKED_RETRY)
    elif outcome.reason == ROBOTS:
        enter_blocked(batch, entry, at, outcome.reason)
    else:
        record_failure(batch, entry, at, outcome.reason)
        enter_state(batch, entry, State.EXCLUDED, at)
        entry.rule, entry.next_try_at = outcome.reason, None
    return "forbidden"


def _store_redirect(batch: UnitOfWork, outcome: Redirected) -> str:
    seen, asked, target = outcome.seen, outcome.identity, outcome.target
    if reason := _find_misdirection(outcome):
        entry = batch.ensure_entry(asked, seen.fetched_at)
        _quarantine(batch, seen, entry, [reason], is_transient=not outcome.is_permanent)
        return "quarantined"
    entry = batch.ensure_entry(asked, seen.fetched_at) if target.rule else _follow_redirect(batch, seen, asked, target)
    batch.add_capture(seen, entry)
    former = batch.find_entry(asked)
    if former and (target.rule or former is not entry) and former.next_try_at:
        _record_fruitless(batch, former, seen.fetched_at, f"redirected to {target.url}")
    return "redirected"


def _find_misdirection(outcome: Redirected) -> str | None:
    """Return why a redirect from an article is not followed; None if it is, or if no article was requested."""
    asked, target = outcome.identity, outcome.target
    if target.rule:
        return None if asked.rule else f"redirected-to-other-page: {target.url} ({target.rule})"
    # A temporary redirect may lead to a maintenance or consent page; only a permanent one means another article.
    if asked.id and asked.id != target.id and not outcome.is_permanent:
        return f"redirected-to-other-article: {target.url}"
    return None


def _follow_redirect(batch: UnitOfWork, seen: Seen, asked: Identity, target: Identity) -> Entry:
    """Return the target's entry, with the URLs that lead there as its aliases."""
    at = seen.fetched_at
    entry = batch.ensure_entry(target, at)
    former = batch.find_entry(asked)
    if former is entry and not is_overtaken(batch, entry, at):
        entry.url, entry.url_at = target.url, at
    elif former and former is not entry and former.state not in ARTICLE_STATES:
        merge(batch, former, entry)
    for url in filter(None, (asked.url, seen.url)):
        if url not in batch.owners:
            batch.add_alias(url, entry, at)
    return entry
