"""States that contradict what is stored, set right."""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from schemas.outcome import State
from storage.standing import KEPT_STATES
from storage.tables import Article, Entry, Quarantine


def mend_states(session: Session, now: datetime) -> dict[str, State]:
    """Give entries whose state contradicts what is stored the state that it says; answers what was changed, by key.

    What has its article is `stored` or `duplicate`. What should have one and has none is `pending`, and due.
    """
    articles = select(Article.entry_id, Article.duplicate_of).where(Article.entry_id.is_not(None)).subquery()
    is_open = select(Quarantine.id).where(Quarantine.entry_id == Entry.id, Quarantine.resolved_at.is_(None)).exists()
    unsound = (
        select(Entry.id, Entry.key, Entry.state, articles.c.entry_id, articles.c.duplicate_of, is_open)
        .outerjoin(articles, articles.c.entry_id == Entry.id)
        .where(Entry.state.in_({*KEPT_STATES, State.QUARANTINED, State.CAPTURED}) | articles.c.entry_id.is_not(None))
    )
    changed: dict[str, State] = {}
    rows = defaultdict(list)
    for entry_id, key, state, owner, duplicate_of, has_reason in session.execute(unsound):
        right = _judge(state, has_article=owner is not None, duplicate_of=duplicate_of, has_reason=has_reason)
        if right != state:
            changed[key] = right
            rows[right].append(entry_id)
    for right, ids in rows.items():
        values = {"state": right, "state_at": now, "rule": None}
        due = {"next_try_at": now} if right is State.PENDING else {}
        session.execute(update(Entry), [{"id": entry_id, **values, **due} for entry_id in ids])
    return changed


def _judge(state: State, *, has_article: bool, duplicate_of: str | None, has_reason: bool) -> State:
    if has_article:
        return State.DUPLICATE if duplicate_of else State.STORED
    is_sound = state is State.QUARANTINED and has_reason
    return state if is_sound else State.PENDING
