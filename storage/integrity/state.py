"""Find rows that contradict each other, and correct states that contradict what is stored."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Bundle, Session

import sites
from schemas.outcome import State
from storage.integrity.content import audit_contents
from storage.integrity.entry import audit_entries
from storage.integrity.lost_capture import audit_references
from storage.integrity.near_duplicate import audit_near_duplicates
from storage.ledger.state import ARTICLE_STATES
from storage.schema.tables import Article, Entry, Quarantine


def audit_rows(session: Session) -> list[str]:
    """Return a sentence for each contradiction."""
    audits = (audit_entries, audit_references, audit_contents, audit_near_duplicates)
    return [sentence for audit in audits for sentence in audit(session)]


def rebuild_states(session: Session, now: datetime) -> dict[str, State]:
    """Correct entries whose state contradicts what is stored; return the new states by key.

    An entry with an article is `stored` or `duplicate`. One that should have an article and has none is `excluded` by
    its URL's rule, `quarantined` with an open reason, or else `pending` and due.
    """
    changed: dict[str, State] = {}
    rows: list[dict[str, object]] = []
    for entry, has_article, duplicate_of, has_reason in session.execute(_select_candidates()):
        if has_article:
            correct_state, rule = (State.DUPLICATE if duplicate_of else State.STORED), None
        else:
            rule = entry.rule or sites.identify(entry.url).rule
            correct_state = _derive_state(entry.state, is_ruled_out=rule is not None, has_reason=has_reason)
        if correct_state == entry.state:
            continue
        changed[entry.key] = correct_state
        next_try_at = {State.PENDING: now, State.EXCLUDED: None}.get(correct_state, entry.next_try_at)
        values = {
            "state": correct_state,
            "rule": rule if correct_state is State.EXCLUDED else None,
            "next_try_at": next_try_at,
        }
        rows.append({"id": entry.id, "state_at": now, **values})
    if rows:
        session.execute(update(Entry), rows)
    return changed


def _select_candidates() -> Select[Any]:
    """Select the entries that have an article, or should by their state, with the facts that decide the state."""
    articles = select(Article.entry_id, Article.duplicate_of).where(Article.entry_id.is_not(None)).subquery()
    is_open = select(Quarantine.id).where(Quarantine.entry_id == Entry.id, Quarantine.resolved_at.is_(None)).exists()
    columns = (Entry.id, Entry.key, Entry.url, Entry.state, Entry.rule, Entry.next_try_at)
    has_article = articles.c.entry_id.is_not(None)
    return (
        select(Bundle("entry", *columns), has_article, articles.c.duplicate_of, is_open)
        .outerjoin(articles, articles.c.entry_id == Entry.id)
        .where(Entry.state.in_({*ARTICLE_STATES, State.QUARANTINED, State.CAPTURED}) | has_article)
    )


def _derive_state(state: State, *, is_ruled_out: bool, has_reason: bool) -> State:
    """Return the state of an entry without an article."""
    if state is State.QUARANTINED and has_reason:
        return state
    if is_ruled_out:
        return State.EXCLUDED
    return State.QUARANTINED if has_reason else State.PENDING
