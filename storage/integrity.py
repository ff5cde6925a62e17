"""What the database says of WARC files, to be compared with these; and what is set right where the two differ."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from schemas.outcome import State
from storage.batch import execute_in
from storage.standing import KEPT_STATES
from storage.tables import Article, Capture, Entry, Quarantine, WarcFile


class Place(NamedTuple):
    """Where a capture lies in its file, in bytes, and the digest of its payload."""

    length: int
    sha256: str


def list_warcs(session: Session) -> dict[str, int]:
    """The WARC files that anything is known of -> how far each was loaded, in bytes."""
    known = dict.fromkeys(session.scalars(select(Capture.warc).distinct()), 0)
    return known | dict(session.execute(select(WarcFile.name, WarcFile.loaded_bytes)).all())


def list_places(session: Session, warc: str) -> dict[int, Place]:
    """Offset -> capture, of one file."""
    rows = session.execute(select(Capture.offset, Capture.length, Capture.sha256).where(Capture.warc == warc))
    return {offset: Place(length, digest) for offset, length, digest in rows}


def list_dependents(session: Session, warc: str, offsets: Collection[int]) -> dict[str, int]:
    """Record id -> offset, of the articles that were read from these captures."""
    rows = (
        select(Article.id, Capture.offset).join(Capture, Capture.id == Article.capture_id).where(Capture.warc == warc)
    )
    return {row[0]: row[1] for row in execute_in(session, rows, Capture.offset, offsets)}


def rewind(session: Session, positions: Mapping[str, int]) -> None:
    """Load these files again from these bytes on; what is stored already is passed over then."""
    for name, position in positions.items():
        session.execute(update(WarcFile).where(WarcFile.name == name).values(loaded_bytes=position, cut_at=None))


def make_due(session: Session, article_ids: Collection[str], now: datetime) -> int:
    """Have the pages of these articles fetched by the next run; answers how many have one."""
    rows = execute_in(session, select(Article.entry_id), Article.id, article_ids)
    entries = [row[0] for row in rows if row[0] is not None]
    if entries:
        session.execute(update(Entry), [{"id": entry_id, "next_try_at": now} for entry_id in entries])
    return len(entries)


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
