"""The state of a ledger entry: its attempts, when it is due again, and which URLs are its own.

`next_try_at` alone decides when. Every state that a fetch may change has one, except a page that is quarantined for
good: pending entries are due at once, failed ones with backoff, stored ones by the revisit plan.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, update

from schemas.outcome import State
from schemas.schedule import RevisitPlan
from schemas.url import Identity
from storage.ledger.publication_date import month_end, month_of
from storage.ledger.unit_of_work import UnitOfWork, record_first_seen, record_publication_day, record_publication_time
from storage.schema.tables import Alias, Capture, Entry, Quarantine

FIRST_RETRY = timedelta(minutes=10)
"""After the first failure: longer than a restart of the publisher's server takes."""

FIRST_PASSING_RETRY = timedelta(hours=1)
"""After a page that may pass: a challenge or a maintenance page stands longer than a restart takes."""

FIRST_BLOCKED_RETRY = timedelta(days=1)
"""After robots.txt forbade it: for so long RFC 9309 (2.4) lets a crawler believe the file that it has."""

LAST_RETRY = timedelta(weeks=1)
"""The longest wait: a page that fails for months still costs only one request a week."""

SAME_FETCH = timedelta(minutes=5)
"""Answers closer together are tries of one fetch: a crawl tries again within seconds, a ledger after ten minutes."""

KEPT_STATES = frozenset({State.STORED, State.DUPLICATE})
"""What has its article keeps it, whatever a later fetch answers."""


WAITING_STATES = frozenset({State.PENDING, State.FAILED, State.BLOCKED})
"""What waits for a fetch that brings its page."""


def enter_state(batch: UnitOfWork, entry: Entry, state: State, at: datetime) -> None:
    """Into a state; the open quarantine row goes with the state it stood for."""
    if entry.state == state:
        return
    entry.state, entry.state_at = state, at
    entry.rule = None
    if state != State.QUARANTINED:
        batch.resolve(entry.key)


def is_settled(entry: Entry) -> bool:
    """Whether a fetch without an article changes nothing: it has its article, or a rule says that it is none."""
    return entry.state in KEPT_STATES or is_excluded_by_rule(entry)


def is_excluded_by_rule(entry: Entry) -> bool:
    """Whether it is left out for how its URL looks, and not because a fetch of it was refused."""
    # A refusal is noted as the rule and as the last error.
    return entry.state == State.EXCLUDED and entry.rule != entry.last_error


def is_due(now: datetime, plan: RevisitPlan) -> ColumnElement[bool]:
    """Whether an entry is to be fetched.

    What was to wait for the longest time after a fetch that is not even due yet was noted by a clock that ran ahead:
    that fetch overtakes nothing (`UnitOfWork.is_ahead`), and is no reason to wait.
    """
    return or_(Entry.next_try_at <= now, Entry.next_try_at > now + 2 * plan.longest_wait)


def is_overtaken(batch: UnitOfWork, entry: Entry, at: datetime) -> bool:
    """Whether something newer is noted already, a fetch or the state itself: an older fetch's failure says nothing."""
    times = (entry.state_at, entry.tried_at or entry.state_at)
    return batch.order(at) < max(map(batch.order, times))


def record_attempt(batch: UnitOfWork, entry: Entry, at: datetime) -> None:
    """A fetch, whatever it brought."""
    entry.tried_at = max(entry.tried_at or at, at, key=batch.order)


def record_failure(batch: UnitOfWork, entry: Entry, at: datetime, error: str) -> None:
    """A fetch that brought no article."""
    is_further_try = entry.attempts > 0 and entry.tried_at is not None and abs(at - entry.tried_at) < SAME_FETCH
    record_attempt(batch, entry, at)
    entry.attempts += 0 if is_further_try else 1
    entry.last_error = error


def confirm(batch: UnitOfWork, entry: Entry) -> None:
    """Its last fetch brought its article, or showed that it is the same: the next look is the plan's."""
    entry.attempts = 0
    entry.last_error = entry.missing_at = entry.rule = None
    entry.next_try_at = plan_revisit(batch, entry)


def plan_revisit(batch: UnitOfWork, entry: Entry) -> datetime | None:
    """When the plan looks at an article again, after the newest fetch that is noted; None for never."""
    at = entry.tried_at or entry.first_seen_at
    published_at = entry.published_at
    if published_at is None or published_at > at:
        published_at = entry.first_seen_at
        month = entry.published_month
        # Of what is years old, also when no more than its month is known, nothing changes every few hours.
        if month and month < month_of(published_at):
            published_at = month_end(month)
    return batch.plan.next_revisit(published_at, at)


def bear_failure(batch: UnitOfWork, entry: Entry, at: datetime, error: str, first: timedelta = FIRST_RETRY) -> None:
    """A fetch without an article changes nothing of what is settled; but an article is looked at again.

    Later and later, and with the plan's next look at the latest. When the plan has none left, tries end where their
    wait has grown to the longest: an article that its publisher has deleted costs no request a week for ever.
    """
    record_failure(batch, entry, at, error)
    if entry.state not in KEPT_STATES:
        return
    delay = retry_delay(entry.attempts, first)
    planned_at = plan_revisit(batch, entry)
    if planned_at:
        entry.next_try_at = min(at + delay, planned_at)
    else:
        entry.next_try_at = at + delay if delay < LAST_RETRY else None


def bear_missing(batch: UnitOfWork, entry: Entry, at: datetime, error: str, *, is_former: bool) -> bool:
    """The page of what is settled is not there; answers whether a second look, long enough after the first, says so.

    `is_former`: the URL that was asked is not its present one, so that this says nothing of its page.
    """
    bear_failure(batch, entry, at, error, max(batch.plan.gone_after, FIRST_RETRY))
    if is_former or entry.state not in KEPT_STATES:
        return False
    if entry.missing_at and at - entry.missing_at >= batch.plan.gone_after:
        return True
    entry.missing_at = min(entry.missing_at or at, at)
    second_at = max(entry.missing_at + batch.plan.gone_after, at + FIRST_RETRY)
    entry.next_try_at = min(entry.next_try_at or second_at, second_at)
    return False


def enter_missing(batch: UnitOfWork, entry: Entry, at: datetime) -> State:
    """Not there: `pending` until a second look, `gone` after it. Answers which."""
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
    """No usable answer: tried again soon."""
    record_failure(batch, entry, at, error)
    enter_state(batch, entry, State.FAILED, at)
    entry.next_try_at = at + retry_delay(entry.attempts)


def enter_blocked(batch: UnitOfWork, entry: Entry, at: datetime, reason: str) -> None:
    """Forbidden by robots.txt, which is read again before the next try."""
    _count_anew(entry, State.BLOCKED)
    record_failure(batch, entry, at, reason)
    enter_state(batch, entry, State.BLOCKED, at)
    entry.next_try_at = at + retry_delay(entry.attempts, FIRST_BLOCKED_RETRY)


def enter_quarantine(batch: UnitOfWork, entry: Entry, at: datetime, error: str, *, is_passing: bool) -> None:
    """Quarantined: looked at again if that may help, else never."""
    _count_anew(entry, State.QUARANTINED)
    record_failure(batch, entry, at, error)
    enter_state(batch, entry, State.QUARANTINED, at)
    entry.missing_at = None
    entry.next_try_at = at + retry_delay(entry.attempts, FIRST_PASSING_RETRY) if is_passing else None


def retry_delay(attempts: int, first: timedelta = FIRST_RETRY) -> timedelta:
    """How long to wait after so many failures in a row: twice as long each time, a week at most."""
    doublings = min(attempts - 1, 16)  # far beyond the longest wait, and no overflow
    return min(first * (1 << doublings), LAST_RETRY)


def _count_anew(entry: Entry, state: State) -> None:
    """Ten timeouts before are no reason to believe a robots.txt, or a challenge, for a week at once."""
    if entry.state != state:
        entry.attempts = 0


def merge_into_entry(batch: UnitOfWork, identity: Identity, urls: Iterable[str | None], at: datetime) -> Entry:
    """An article's own entry, with every URL that led to it."""
    entry = batch.entries.get(identity.key) or batch.add_entry(identity, at)
    record_first_seen(entry, at)
    for url in (identity.url, *urls):
        if url:
            _assign_alias(batch, url, entry, at)
    return entry


def adopt_alias(batch: UnitOfWork, url: str, entry: Entry, at: datetime) -> None:
    """Make this entry's the URL that was asked, if nobody has it or its entry has no record id.

    For pages that are not valid: they say whose they are, but take no URL from another record.
    """
    owner = batch.owners.get(url)
    if owner is None or (owner.record_id is None and owner.url == url):
        _assign_alias(batch, url, entry, at)


def merge(batch: UnitOfWork, loser: Entry, winner: Entry) -> None:
    """The loser's URLs and captures are the winner's: it was the same article under another name."""
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
    batch.write()  # before the same key may come again


def _assign_alias(batch: UnitOfWork, url: str, entry: Entry, at: datetime) -> None:
    """Make the URL this entry's, unless it belongs to another article."""
    owner = batch.owners.get(url)
    if owner is None:
        batch.add_alias(url, entry, at)
    elif owner is not entry and owner.url == url and owner.state not in KEPT_STATES:
        merge(batch, owner, entry)
    elif owner is not entry and owner.url != url:
        batch.write()
        batch.session.execute(update(Alias).where(Alias.url == url).values(entry_id=entry.id))
        batch.owners[url] = entry
