"""Advertised articles that are not stored: counted by state and reason, and listed page by page."""

import re
from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, Tuple, and_, case, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from schemas.failure import UsageFailure
from schemas.model import Count, Record
from schemas.outcome import State
from schemas.redaction import REDACTED
from storage.ledger.state import ARTICLE_STATES
from storage.reports.audit import of_advertised
from storage.reports.completeness import MISSING_STATES, UNKNOWN_MONTH, UNKNOWN_REASON, MissingUrl
from storage.schema.tables import Alias, Entry, Quarantine

UNSTORED_STATES = tuple(state for state in State if state not in ARTICLE_STATES)

NOT_REQUESTED, NOT_READ, NOT_FOUND_ONCE, NOT_FOUND, FORBIDDEN = (
    "not requested yet",
    "not read yet",
    "not found once",
    "not found",
    "robots.txt",
)
"""Reasons of which the ledger has no text."""

CURSOR = re.compile(r"([0-9]{4}-[0-9]{2})?\.([0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9]{1,18})", re.ASCII)

NO_DAY = date.min
"""Stands for an unknown day in comparisons: it is older than any."""


class CursorInvalid(UsageFailure):
    """The cursor is not one that a page named."""


class ReasonCount(Record):
    """The advertised URLs that are not stored for one reason."""

    state: State
    reason: str
    """What was wrong, up to its first colon."""
    url_count: Count
    article_count: Count
    """Several URLs may be of one article, as far as the ledger knows."""
    is_missing: bool
    """Whether it is available: neither gone nor excluded by a rule."""


class UnstoredUrl(MissingUrl):
    """An advertised article that is not stored, with the reason."""

    published_on: date | None
    reason: str
    """What was wrong, in full."""
    quarantine_number: int | None
    """The number of its row in the quarantine."""


class UnstoredPage(Record):
    """A page of articles that are not stored."""

    urls: tuple[UnstoredUrl, ...]
    next_cursor: str | None
    """Where the next page begins; None on the last."""


class UnstoredFilter(Record):
    """Which articles that are not stored to list."""

    site: str | None = None
    state: State | None = None
    """None for all that are available."""
    reason: str | None = None
    """As in `ReasonCount`; None for any."""
    month: str | None = None
    """`YYYY-MM`, or `unknown`."""


_open = aliased(Quarantine)
"""The newest open row of an entry."""


def count_reasons(session: Session, site: str | None = None) -> list[ReasonCount]:
    """Count the advertised URLs that are not stored by state and reason, the most frequent first within a state."""
    reason = _reason()
    columns = (Entry.state, reason, func.count(), func.count(func.distinct(Entry.id)))
    statement = _with_reasons(of_advertised(select(*columns), site)).where(Entry.state.in_(UNSTORED_STATES))
    found: dict[tuple[State, str], list[int]] = {}
    for state, text, url_count, article_count in session.execute(statement.group_by(Entry.state, reason)):
        counts = found.setdefault((state, text.partition(":")[0]), [0, 0])
        counts[0] += url_count
        counts[1] += article_count
    ordered = sorted(found.items(), key=lambda item: (UNSTORED_STATES.index(item[0][0]), -item[1][0], item[0][1]))
    return [
        ReasonCount(
            state=state,
            reason=text,
            url_count=url_count,
            article_count=article_count,
            is_missing=state in MISSING_STATES,
        )
        for (state, text), (url_count, article_count) in ordered
    ]


def list_unstored(session: Session, wanted: UnstoredFilter, limit: int, cursor: str | None = None) -> UnstoredPage:
    """Return a page of advertised articles that are not stored, newest first.

    Raises:
        CursorInvalid: no page named this cursor.
    """
    order = (
        func.coalesce(Entry.published_month, ""),
        func.coalesce(Entry.published_on, literal(NO_DAY, Date)),
        Entry.id,
    )
    names = [name for name in UnstoredUrl.model_fields if hasattr(Entry, name)]
    columns = [getattr(Entry, name) for name in names]
    numbers = (Entry.id, _open.id.label("quarantine_number"), _reason().label("reason"))
    statement = _with_reasons(select(*numbers, *columns).select_from(Entry)).where(*_conditions(wanted))
    if cursor:
        statement = statement.where(tuple_(*order) < _read_cursor(cursor))
    ordered = statement.order_by(*(column.desc() for column in order))
    rows = session.execute(ordered.limit(limit + 1)).all()
    urls = [
        UnstoredUrl(
            **{name: getattr(row, name) for name in names},
            reason=row.reason,
            quarantine_number=row.quarantine_number,
        )
        for row in rows[:limit]
    ]
    last = rows[limit - 1] if len(rows) > limit else None
    next_cursor = f"{last.published_month or ''}.{last.published_on or NO_DAY}.{last.id}" if last else None
    return UnstoredPage(urls=tuple(urls), next_cursor=next_cursor)


def _conditions(wanted: UnstoredFilter) -> list[ColumnElement[bool]]:
    is_of_site = Alias.advertised_site.is_not(None) if wanted.site is None else Alias.advertised_site == wanted.site
    states: Collection[State] = MISSING_STATES if wanted.state is None else (wanted.state,)
    is_redacted = and_(Entry.state == State.EXCLUDED, Entry.rule == REDACTED)  # counted, never listed
    found = [
        Entry.state.in_(states),
        ~is_redacted,
        select(Alias.id).where(Alias.entry_id == Entry.id, is_of_site).exists(),
    ]
    if wanted.reason is not None:
        reason = _reason()
        found.append(or_(reason == wanted.reason, reason.startswith(f"{wanted.reason}:", autoescape=True)))
    if wanted.month is not None:
        month = None if wanted.month == UNKNOWN_MONTH else wanted.month
        found.append(Entry.published_month == month if month else Entry.published_month.is_(None))
    return found


def _reason() -> ColumnElement[str]:
    """Return why an entry is not stored."""
    return case(
        (Entry.state == State.QUARANTINED, func.coalesce(_open.reasons[0].as_string(), UNKNOWN_REASON)),
        (Entry.state == State.EXCLUDED, func.coalesce(Entry.rule, UNKNOWN_REASON)),
        (Entry.state == State.GONE, NOT_FOUND),
        (Entry.state == State.BLOCKED, FORBIDDEN),
        (and_(Entry.state == State.PENDING, Entry.missing_at.is_not(None)), NOT_FOUND_ONCE),
        (Entry.state == State.CAPTURED, NOT_READ),
        else_=func.coalesce(Entry.last_error, NOT_REQUESTED),
    )


def _with_reasons(statement: Select[Any]) -> Select[Any]:
    """Join the newest open row of the quarantine."""
    newest = (
        select(func.max(Quarantine.id))
        .where(Quarantine.entry_id == Entry.id, Quarantine.resolved_at.is_(None))
        .correlate(Entry)
        .scalar_subquery()
    )
    return statement.outerjoin(_open, and_(Entry.state == State.QUARANTINED, _open.id == newest))


def _read_cursor(cursor: str) -> Tuple:
    match = CURSOR.fullmatch(cursor)
    try:
        if match:
            day = literal(date.fromisoformat(match[2]), Date)
            return tuple_(literal(match[1] or ""), day, literal(int(match[3])))
    except ValueError:
        pass
    raise CursorInvalid("the cursor is not one that a page named")
