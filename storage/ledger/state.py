"""State changes of a ledger entry: its attempts, when it is due again, and its aliases.

`next_try_at` alone determines when an entry is due. It is set in every state that a fetch may change, except for a page
that is quarantined for good: pending entries are due at once, failed ones after a backoff, stored ones by the revisit
plan.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, update

from schemas.outcome import State
from schemas.redaction import REDACTED
from schemas.schedule import RevisitPlan
from schemas.url import Identity
from storage.ledger.publication_date import month_end, month_of
from storage.ledger.unit_of_work import UnitOfWork, record_first_seen, record_publication_day, record_publication_time
from storage.schema.tables import Alias, Capture, Entry, Quarantine

FIRST_RETRY = timedelta(minutes=10)
"""Delay after the first failure: longer than a restart of the publisher's server takes."""

FIRST_PASSING_RETRY = timedelta(hours=1)
"""Delay after a temporary page: a challenge or maintenance page lasts longer than a restart."""

FIRST_BLOCKED_RETRY = timedelta(days=1)
"""Delay after robots.txt forbade the fetch: RFC 9309 (2.4) lets a crawler use a cached file for a day."""

LAST_RETRY = timedelta(weeks=1)
"""The longest delay: a page that fails for months costs only one request a week."""

SAME_FETCH = timedelta(minutes=5)
"""Responses closer together are retries of one fetch: a crawl retries within seconds, the ledger after ten minutes."""

ARTICLE_STATES = frozenset({State.STORED, State.DUPLICATE})
"""States with an article, which is kept whatever a later fetch returns."""


WAITING_STATES = frozenset({State.PENDING, State.FAILED, State.BLOCKED})
"""States that wait for a fetch of the page."""


def enter_state(batch: UnitOfWork, entry: Entry, state: State, at: datetime) -> None:
    """Set an entry's state; leaving `quarantined` closes its open quarantine row."""
    if entry.state == state:
        return
    entry.state, entry.state_at = state, at
    entry.rule = None
    if state != State.QUARANTINED:
        batch.resolve(entry.key)


def is_settled(entry: Entry) -> bool:
    """Whether a fetch without an article changes nothing: the entry has its article, or a rule excludes its URL."""
    return entry.state in ARTICLE_STATES or is_excluded_by_rule(entry)


def is_excluded_by_rule(entry: Entry) -> bool:
    """Whether the entry is excluded by a URL rule, and not because a fetch was forbidden."""
    # A forbidden fetch records its reason both as the rule and as the last error.
    return entry.state == State.EXCLUDED and entry.rule != entry.last_error


def is_redacted(entry: Entry) -> bool:
    """Whether the entry's article was taken down: nothing but an undone redaction changes its state."""
    return entry.state == State.EXCLUDED and entry.rule == REDACTED


def exclude_redacted(entry: Entry, at: datetime) -> None:
    """Exclude an entry whose article was taken down; it is never fetched again."""
    if not is_redacted(entry):
        entry.state, entry.state_at, entry.rule = State.EXCLUDED, max(at, entry.state_at), REDACTED
    entry.attempts, entry.last_error, entry.missing_at, entry.next_try_at = 0, None, None, None


def is_due(now: datetime, plan: RevisitPlan) -> ColumnElement[bool]:
    """Whether an entry is due.

    A due time farther ahead than any delay was recorded by a clock that ran ahead, so the entry is due at once: that
    fetch overtakes nothing either (`UnitOfWork.is_ahead`).
    """
    return or_(Entry.next_try_at <= now, Entry.next_try_at > now + 2 * plan.longest_wait)


def is_overtaken(batch: UnitOfWork, entry: Entry, at: datetime) -> bool:
    """Whether a newer fetch or state change is recorded already, so that an older fetch's failure says nothing."""
    times = (entry.state_at, entry.tried_at or entry.state_at)
    return batch.sort_key(at) < max(map(batch.sort_key, times))


def record_attempt(batch: UnitOfWork, entry: Entry, at: datetime) -> None:
    """Record the time of a fetch, whatever its result."""
    entry.tried_at = max(entry.tried_at or at, at, key=batch.sort_key)


def record_failure(batch: UnitOfWork, entry: Entry, at: datetime, error: str) -> None:
    """Record a fetch without an article; retries of the same fetch count as one attempt."""
    is_same_fetch = entry.attempts > 0 and entry.tried_at is not None and abs(at - entry.tried_at) < SAME_FETCH
    record_attempt(batch, entry, at)
    entry.attempts += 0 if is_same_fetch else 1
    entry.last_error = error


def confirm(batch: UnitOfWork, entry: Entry) -> None:
    """Reset the failures after a fetch that returned the article or showed it unchanged; schedule the next revisit."""
    entry.attempts = 0
    entry.last_error = entry.missing_at = entry.rule = None
    entry.next_try_at = plan_revisit(batch, entry)


def plan_revisit(batch: UnitOfWork, entry: Entry) -> datetime | None:
    """Return when the plan revisits an article after its newest recorded fetch; None for never."""
    at = entry.tried_at or entry.first_seen_at
    published_at = entry.published_at
    if published_at is None or published_at > at:
        published_at = entry.first_seen_at
        month = entry.published_month
        # An article that is years old, even by its month alone, does not change every few hours.
        if month and month < month_of(published_at):
            published_at = month_end(month)
    return batch.plan.next_revisit(published_at, at)


def record_settled_failure(
    batch: UnitOfWork, entry: Entry, at: datetime, error: str, first: timedelta = FIRST_RETRY
) -> None:
    """Record a fetch without an article for a settled entry: its state stays, but a stored article is retried.

    Retries back off, until the plan's next revisit at the latest. If the plan has none, they end once the delay reaches
    the longest: otherwise a deleted article would cost a request a week forever.
    """
    record_failure(batch, entry, at, error)
    if entry.state not in ARTICLE_STATES:
        return
    delay = retry_delay(entry.attempts, first)
    planned_at = plan_revisit(batch, entry)
    if planned_at:
        entry.next_try_at = min(at + delay, planned_at)
    else:
        entry.next_try_at = at + delay if delay < LAST_RETRY else None


def record_settled_missing(batch: UnitOfWork, entry: Entry, at: datetime, error: str, *, is_former: bool) -> bool:
    """Record that a settled entry's page is missing; return whether a second fetch, late enough, confirms it.

    `is_former`: the URL that was fetched is not the current one, so this says nothing about the current page.
    """
    record_settled_failure(batch, entry, at, error, max(batch.plan.gone_after, FIRST_RETRY))
    if is_former or entry.state not in ARTICLE_STATES:
        return False
    if entry.missing_at and at - entry.missing_at >= batch.plan.gone_after:
        return True
    entry.missing_at = min(entry.missing_at or at, at)
    second_at = max(entry.missing_at + batch.plan.gone_after, at + FIRST_RETRY)
    entry.next_try_at = min(entry.next_try_at or second_at, second_at)
    return False


def enter_missing(batch: UnitOfWork, entry: Entry, at: datetime) -> State:
    """Mark an entry whose page is missing: `pending` until a second fetch, `gone` after it. Return the state."""
    gone_after = batch.plan.gone_after
    if entry.missing_at and at - entry.missing_at >= gone_after:
        enter_state(batch, entry, State.GONE, at)
        entry.next_try_at = None
    elif entry.state != State.GONE:
        entry.missing_at = min(entry.missing_at or at, at)
        enter_state(batch, entry, State.PENDING, at)
        entry.next_try_at = entry.missing_at + gone_after
    return entry.state


def enter_failed(batch: UnitOfWork, entry: Entry, at: datetime, error: str) -> None:
    """Mark an entry whose fetch failed; it is retried with backoff."""
    record_failure(batch, entry, at, error)
    enter_state(batch, entry, State.FAILED, at)
    entry.next_try_at = at + retry_delay(entry.attempts)


def enter_blocked(batch: UnitOfWork, entry: Entry, at: datetime, reason: str) -> None:
    """Mark an entry that robots.txt forbids; robots.txt is read again before the next attempt."""
    _reset_attempts(entry, State.BLOCKED)
    record_failure(batch, entry, at, reason)
    enter_state(batch, entry, State.BLOCKED, at)
    entry.next_try_at = at + retry_delay(entry.attempts, FIRST_BLOCKED_RETRY)


def enter_quarantine(batch: UnitOfWork, entry: Entry, at: datetime, error: str, *, is_transient: bool) -> None:
    """Mark an entry as quarantined; it is retried only if the cause is temporary (`is_transient`)."""
    _reset_attempts(entry, State.QUARANTINED)
    record_failure(batch, entry, at, error)
    enter_state(batch, entry, State.QUARANTINED, at)
    entry.missing_at = None
    entry.next_try_at = at + retry_delay(entry.attempts, FIRST_PASSING_RETRY) if is_transient else None


def retry_delay(attempts: int, first: timedelta = FIRST_RETRY) -> timedelta:
    """Return the delay after this many failures in a row: it doubles each time, up to a week."""
    doublings = min(attempts - 1, 16)  # far beyond the longest delay, and no overflow
    return min(first * (1 << doublings), LAST_RETRY)


def _reset_attempts(entry: Entry, state: State) -> None:
    """Reset the attempts on entering a state: after ten timeouts, a first challenge should not delay by a week."""
    if entry.state != state:
        entry.attempts = 0


def merge_into_entry(batch: UnitOfWork, identity: Identity, urls: Iterable[str | None], at: datetime) -> Entry:
    """Return an article's entry, with every URL that led to it as an alias."""
    entry = batch.entries.get(identity.key) or batch.add_entry(identity, at)
    record_first_seen(entry, at)
    for url in (identity.url, *urls):
        if url:
            _assign_alias(batch, url, entry, at)
    return entry


def adopt_alias(batch: UnitOfWork, url: str, entry: Entry, at: datetime) -> None:
    """Make the requested URL an alias of this entry, if it has no entry yet or one without a record id.

    For invalid pages: they name their record, but do not take a URL from another one.
    """
    owner = batch.owners.get(url)
    if owner is None or (owner.record_id is None and owner.url == url):
        _assign_alias(batch, url, entry, at)


def merge(batch: UnitOfWork, loser: Entry, winner: Entry) -> None:
    """Merge two entries of the same article: move the loser's URLs and captures to the winner, and delete the loser."""
    session = batch.session
    batch.has_merged = True
    batch.resolve(loser.key)
    batch.write()
    for table in (Alias, Capture, Quarantine):
        session.execute(update(table).where(table.entry_id == loser.id).values(entry_id=winner.id))
    batch.owners = {url: winner if owner is loser else owner for url, owner in batch.owners.items()}
    record_first_seen(winner, loser.first_seen_at)
    if loser.tried_at:
        record_attempt(batch, winner, loser.tried_at)
    if winner.published_at is None:
        record_publication_time(winner, loser.published_at)
    record_publication_day(winner, loser.published_on, loser.published_month)
    if winner.state in WAITING_STATES and winner.next_try_at and loser.next_try_at:
        winner.next_try_at = min(winner.next_try_at, loser.next_try_at)
    del batch.entries[loser.key]
    session.delete(loser)
    batch.write()  # before an entry with the same key may be added


def _assign_alias(batch: UnitOfWork, url: str, entry: Entry, at: datetime) -> None:
    """Make the URL an alias of this entry, unless it belongs to another article."""
    owner = batch.owners.get(url)
    if owner is None:
        batch.add_alias(url, entry, at)
    elif owner is not entry and owner.url == url and owner.state not in ARTICLE_STATES:
        merge(batch, owner, entry)
    elif owner is not entry and owner.url != url:
        batch.write()
        batch.session.execute(update(Alias).where(Alias.url == url).values(entry_id=entry.id))
        batch.owners[url] = entry
