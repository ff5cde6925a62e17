"""The one place where outcomes are stored and counted.

Each capture is stored once, whatever is loaded again: a run that died, or a WARC file that is imported twice,
changes nothing the second time.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

from sqlalchemy import update
from sqlalchemy.orm import Session

from schemas.address import Identity
from schemas.outcome import (
    ArticleRead,
    FetchFailed,
    FetchForbidden,
    Kept,
    Missing,
    Outcome,
    Redirected,
    Seen,
    SetAside,
    SourceBroken,
    SourceRead,
    State,
)
from storage.batch import Batch, load_batch, note_date, note_first_sight, seen_of
from storage.revision import store_article
from storage.sighting import store_sightings
from storage.tables import Alias, Capture, Entry, Quarantine

GONE_SECOND_LOOK = timedelta(days=1)
"""Between the two looks that make an address `gone`: a deployment or a broken cache is mended in a day."""

FIRST_RETRY = timedelta(minutes=10)
"""After the first failure: longer than a restart of the publisher's server takes."""

LAST_RETRY = timedelta(weeks=1)
"""The longest wait: a page that fails for months still costs only one request a week."""

ROBOTS = "robots"
"""The reason by which a forbidden fetch is robots.txt's doing."""

KEPT_STATES = frozenset({State.STORED, State.DUPLICATE})
"""What has its article keeps it, whatever a later fetch answers."""

NEW_ADDRESSES = "sighted-new"
"""The count of addresses that no source had advertised before."""


def store_outcomes(session: Session, outcomes: Sequence[Outcome], *, run_id: str | None, now: datetime) -> Counter[str]:
    """Store each outcome that is not stored yet; answers how many ended how.

    Names: `stored`, `unchanged`, `revised`, `duplicate`, `quarantined`, `missing`, `gone`, `failed`, `forbidden`,
    `source-read`, `source-broken`, `redirected`, `kept`; and `sighted-new`, which counts addresses, not outcomes.
    """
    with session.no_autoflush:  # a batch writes itself
        return _store_batch(load_batch(session, outcomes, run_id=run_id, now=now), outcomes)


def _store_batch(batch: Batch, outcomes: Sequence[Outcome]) -> Counter[str]:
    counts: Counter[str] = Counter()
    advertised_before = len(batch.advertised)
    for outcome in outcomes:
        seen = seen_of(outcome)
        if not (seen and batch.is_known(seen.ref)) and (name := _store(batch, outcome)):
            counts[name] += 1
    if new_count := len(batch.advertised) - advertised_before:
        counts[NEW_ADDRESSES] = new_count
    batch.write()
    return counts


def _store(batch: Batch, outcome: Outcome) -> str | None:  # noqa: PLR0911 - one for each kind of outcome
    match outcome:
        case ArticleRead():
            return _store_article(batch, outcome)
        case SetAside():
            return _store_set_aside(batch, outcome.seen, outcome.identity, list(outcome.reasons))
        case Missing():
            return _store_missing(batch, outcome)
        case Redirected():
            return _store_redirect(batch, outcome)
        case FetchFailed():
            return _store_failure(batch, outcome)
        case FetchForbidden():
            return _store_forbidden(batch, outcome)
        case SourceRead():
            batch.add_capture(outcome.seen, None)
            store_sightings(batch, outcome.sightings)
            return "source-read"
        case SourceBroken():
            batch.add_capture(outcome.seen, None)
            return "source-broken"
        case Kept():
            batch.add_capture(outcome.seen, None)
            return "kept"
        case _:
            assert_never(outcome)


def _store_article(batch: Batch, outcome: ArticleRead) -> str:
    entry = _claim_entry(batch, outcome) if outcome.identity else None
    capture_id = batch.add_capture(outcome.seen, entry)
    stored = store_article(batch, outcome.article, entry, capture_id)
    batch.resolve(entry.key if entry else outcome.seen.ref.sha256)
    if entry:
        _note_try(entry, outcome.seen.fetched_at)
        _enter(batch, entry, State.DUPLICATE if stored.duplicate_of else State.STORED, outcome.seen.fetched_at)
        _clear_failures(entry)
        entry.url = stored.url or entry.url
        note_date(entry, stored.published_at)
    return stored.outcome


def _claim_entry(batch: Batch, outcome: ArticleRead) -> Entry:
    """The article's own entry, with every address that led to it."""
    identity, at = outcome.identity, outcome.seen.fetched_at
    if identity is None:
        raise ValueError("a text without an address has no entry")
    entry = batch.entries.get(identity.key) or batch.add_entry(identity, at)
    note_first_sight(entry, at)
    for url in (identity.url, outcome.seen.url, outcome.article.url):
        if url:
            _claim_alias(batch, url, entry, at)
    return entry


def _claim_alias(batch: Batch, url: str, entry: Entry, at: datetime) -> None:
    """Make the address this entry's, unless it belongs to another article."""
    owner = batch.owners.get(url)
    if owner is None:
        batch.add_alias(url, entry, at)
    elif owner is not entry and owner.url == url and owner.state not in KEPT_STATES:
        _merge(batch, owner, entry)
    elif owner is not entry and owner.url != url:
        batch.write()
        batch.session.execute(update(Alias).where(Alias.url == url).values(entry_id=entry.id))
        batch.owners[url] = entry


def _merge(batch: Batch, loser: Entry, winner: Entry) -> None:
    """The loser's addresses and captures are the winner's: it was the same article under another name."""
    session = batch.session
    batch.resolve(loser.key)
    batch.write()
    for table in (Alias, Capture, Quarantine):
        session.execute(update(table).where(table.entry_id == loser.id).values(entry_id=winner.id))
    batch.owners = {url: winner if owner is loser else owner for url, owner in batch.owners.items()}
    note_first_sight(winner, loser.first_seen_at)
    if loser.tried_at:
        _note_try(winner, loser.tried_at)
    if winner.published_at is None:
        note_date(winner, loser.published_at)
    del batch.entries[loser.key]
    session.delete(loser)
    batch.write()  # before the same key may come again


def _store_set_aside(batch: Batch, seen: Seen, identity: Identity | None, reasons: list[str]) -> str:
    entry = batch.ensure_entry(identity, seen.fetched_at) if identity else None
    key = entry.key if entry else seen.ref.sha256
    batch.resolve(key)  # one open row is enough: the newest
    row = Quarantine(
        id=batch.number(Quarantine),
        entry_id=entry.id if entry else None,
        capture_id=batch.add_capture(seen, entry),
        url=seen.url,
        reasons=reasons,
        created_at=batch.now,
    )
    batch.session.add(row)
    batch.open_rows[key].append(row)
    if entry:
        _note_try(entry, seen.fetched_at)
        entry.last_error = "; ".join(reasons)
        if entry.state not in KEPT_STATES:
            _enter(batch, entry, State.QUARANTINED, seen.fetched_at)
            entry.missing_at = entry.next_try_at = None
    return "quarantined"


def _store_missing(batch: Batch, outcome: Missing) -> str:
    at = outcome.seen.fetched_at
    entry = batch.ensure_entry(outcome.identity, at)
    batch.add_capture(outcome.seen, entry)
    if _is_overtaken(entry, at):
        return "missing"
    _note_failure(entry, at, outcome.reason)
    if entry.state in KEPT_STATES:
        return "missing"
    if entry.missing_at and at - entry.missing_at >= GONE_SECOND_LOOK:
        _enter(batch, entry, State.GONE, at)
        entry.next_try_at = None
        return "gone"
    entry.missing_at = entry.missing_at or at
    if entry.state != State.GONE:
        _enter(batch, entry, State.PENDING, at)
        entry.next_try_at = entry.missing_at + GONE_SECOND_LOOK
    return "missing"


def _store_failure(batch: Batch, outcome: FetchFailed) -> str | None:
    at = outcome.failed_at
    entry = batch.ensure_entry(outcome.identity, at)
    if outcome.seen:
        batch.add_capture(outcome.seen, entry)
    elif entry.tried_at and at <= entry.tried_at:
        return None  # noted before: no capture tells one failure without an answer from the other
    if _is_overtaken(entry, at):
        return "failed"
    _note_failure(entry, at, outcome.error)
    if entry.state not in KEPT_STATES:
        _enter(batch, entry, State.FAILED, at)
        entry.next_try_at = at + retry_delay(entry.attempts)
    return "failed"


def retry_delay(attempts: int) -> timedelta:
    """How long to wait after so many failures in a row: twice as long each time."""
    doublings = min(attempts - 1, 16)  # far beyond the longest wait, and no overflow
    return min(FIRST_RETRY * (1 << doublings), LAST_RETRY)


def _store_forbidden(batch: Batch, outcome: FetchForbidden) -> str | None:
    at = outcome.forbidden_at
    entry = batch.ensure_entry(outcome.identity, at)
    if entry.tried_at and at <= entry.tried_at:
        return None
    _note_failure(entry, at, outcome.reason)
    if entry.state not in KEPT_STATES:
        is_robots = outcome.reason == ROBOTS
        _enter(batch, entry, State.BLOCKED if is_robots else State.EXCLUDED, at)
        entry.rule = None if is_robots else outcome.reason
        entry.next_try_at = None
    return "forbidden"


def _store_redirect(batch: Batch, outcome: Redirected) -> str:
    seen, asked, target = outcome.seen, outcome.identity, outcome.target
    if target.rule:
        return _store_set_aside(batch, seen, asked, [f"redirected-to-other-page: {target.url} ({target.rule})"])
    entry = batch.ensure_entry(target, seen.fetched_at)
    former = batch.find_entry(asked)
    if former is entry and not _is_overtaken(entry, seen.fetched_at):
        entry.url = target.url
    elif former and former is not entry and former.state not in KEPT_STATES:
        _merge(batch, former, entry)
    for url in filter(None, (asked.url, seen.url)):
        if url not in batch.owners:
            batch.add_alias(url, entry, seen.fetched_at)
    batch.add_capture(seen, entry)
    return "redirected"


def _enter(batch: Batch, entry: Entry, state: State, at: datetime) -> None:
    """Into a state; the open quarantine row goes with the state it stood for."""
    if entry.state == state:
        return
    entry.state, entry.state_at = state, at
    entry.rule = None
    if state != State.QUARANTINED:
        batch.resolve(entry.key)


def _is_overtaken(entry: Entry, at: datetime) -> bool:
    """Whether a newer fetch is noted already: what an older one missed says nothing any more."""
    return entry.tried_at is not None and at < entry.tried_at


def _note_try(entry: Entry, at: datetime) -> None:
    entry.tried_at = max(entry.tried_at, at) if entry.tried_at else at


def _note_failure(entry: Entry, at: datetime, error: str) -> None:
    _note_try(entry, at)
    entry.attempts += 1
    entry.last_error = error


def _clear_failures(entry: Entry) -> None:
    entry.attempts = 0
    entry.last_error = entry.next_try_at = entry.missing_at = entry.rule = None
