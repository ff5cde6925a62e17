"""Rereads stored captures with the current rules; nothing is fetched, added or counted as a page.

The newest capture still decides: an older one never replaces it. The ledger's attempts do not change; an entry whose
state changes gets that state's next due time.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import defer

from schemas.outcome import ArticleRead, CaptureQuarantined, Missing, Outcome, Seen, State
from schemas.table import ROW_MEDIA_TYPE
from storage.captures.rights import list_stated
from storage.ledger.quarantine import add_quarantine, update_reasons
from storage.ledger.state import ARTICLE_STATES, confirm, enter_state, merge_into_entry
from storage.ledger.unit_of_work import UnitOfWork, execute_in, record_publication_time, seen_of, select_in
from storage.revisions.store import find_row, reread_article, store_article, withdraw_article
from storage.schema.tables import Article, Capture, Entry

EARLIEST = datetime.min.replace(tzinfo=UTC)


class StoredCapture(NamedTuple):
    """A stored capture's row id and entry."""

    id: int
    entry_id: int | None


def reread(batch: UnitOfWork, outcomes: Sequence[Outcome]) -> Counter[str]:
    """Store what captures mean under the current rules; return how many had each result.

    Results: `unchanged`, `annotated`, `revised`, `withdrawn`, `cured`. A capture that is not stored is skipped.
    """
    known = load_stored_captures(batch, outcomes)
    batch.row_captures |= _list_rows(outcomes, known)
    own = _load_own_articles(batch, {capture.id for capture in known.values()})
    stated = list_stated(batch.session, [capture.id for capture in known.values()])
    counts: Counter[str] = Counter()
    for outcome in sorted(outcomes, key=_fetched_at):
        seen = seen_of(outcome)
        if seen and (capture := known.get((seen.ref.warc, seen.ref.offset))):
            name = _reread(batch, outcome, seen, capture, own.get(capture.id))
            if seen.rights and seen.rights != stated.get(capture.id):
                batch.seen_rights[capture.id] = seen
                name = "annotated" if name == "unchanged" else name
            counts[name] += 1
    return counts


def _fetched_at(outcome: Outcome) -> datetime:
    seen = seen_of(outcome)
    return seen.fetched_at if seen else EARLIEST


def load_stored_captures(batch: UnitOfWork, outcomes: Iterable[Outcome]) -> dict[tuple[str, int], StoredCapture]:
    """Return (WARC file, offset) -> capture, for the outcomes' captures that are stored."""
    offsets: dict[str, set[int]] = defaultdict(set)
    for seen in filter(None, map(seen_of, outcomes)):
        offsets[seen.ref.warc].add(seen.ref.offset)
    found: dict[tuple[str, int], StoredCapture] = {}
    for warc, warc_offsets in offsets.items():
        statement = select(Capture.offset, Capture.id, Capture.entry_id).where(Capture.warc == warc)
        for offset, capture_id, entry_id in execute_in(batch.session, statement, Capture.offset, warc_offsets):
            found[warc, offset] = StoredCapture(capture_id, entry_id)
    return found


def _list_rows(outcomes: Iterable[Outcome], known: Mapping[tuple[str, int], StoredCapture]) -> set[int]:
    """Return the ids of the captures that are rows of imported tables."""
    rows = [seen.ref for seen in map(seen_of, outcomes) if seen and seen.media_type == ROW_MEDIA_TYPE]
    return {known[ref.warc, ref.offset].id for ref in rows if (ref.warc, ref.offset) in known}


def _load_own_articles(batch: UnitOfWork, capture_ids: set[int]) -> dict[int, str]:
    """Return capture id -> id of the article that was read from it."""
    rows = list(select_in(batch.session, select(Article).options(defer(Article.body)), Article.capture_id, capture_ids))
    batch.articles |= {row.id: row for row in rows}
    return {row.capture_id: row.id for row in rows}


def _reread(batch: UnitOfWork, outcome: Outcome, seen: Seen, known: StoredCapture, own_id: str | None) -> str:
    own = find_row(batch, own_id) if own_id else None
    if own and own.capture_id != known.id:
        own = None  # a newer capture of this batch has replaced it
    if isinstance(outcome, ArticleRead):
        return _reread_article(batch, outcome, known, own)
    reasons = (
        list(outcome.reasons) if isinstance(outcome, CaptureQuarantined) else [getattr(outcome, "reason", "no-article")]
    )
    if own:
        is_transient = isinstance(outcome, Missing) or getattr(outcome, "is_transient", False)
        _withdraw(batch, own, seen, known, reasons, is_transient=is_transient)
        return "withdrawn"
    if isinstance(outcome, CaptureQuarantined) and update_reasons(batch, _key(batch, seen, known), known.id, reasons):
        return "annotated"
    return "unchanged"


def _key(batch: UnitOfWork, seen: Seen, known: StoredCapture) -> str:
    entry = _find_entry(batch, known.entry_id)
    return entry.key if entry else seen.ref.sha256


def _find_entry(batch: UnitOfWork, entry_id: int | None) -> Entry | None:
    return batch.session.get(Entry, entry_id) if entry_id is not None else None


def _reread_article(batch: UnitOfWork, outcome: ArticleRead, known: StoredCapture, own: Article | None) -> str:
    seen, read = outcome.seen, outcome.article
    has_other_name = own is not None and own.id != read.id
    if own and has_other_name:
        _withdraw(batch, own, seen, known, [f"read-as-another: {read.id}"], is_transient=False)
    row = find_row(batch, read.id)
    if row is None:
        if seen.fetched_at < batch.withdrawn.get(read.id, (0, EARLIEST))[1]:
            return "unchanged"  # the withdrawn version was newer
        _cure(batch, outcome, known)
        return "revised" if has_other_name else "cured"
    ended = reread_article(batch, row, read, known.id)
    if row.entry_id is not None and ended != "unchanged" and (entry := _find_entry(batch, row.entry_id)):
        record_publication_time(entry, read.published_at, read.published_offset)
    return "cured" if _resolve(batch, _key(batch, seen, known), known.id) else ended


def _resolve(batch: UnitOfWork, key: str, capture_id: int) -> bool:
    """Close the open quarantine row of a capture that is now valid; return whether there was one."""
    if not any(row.capture_id == capture_id for row in batch.open_rows.get(key, [])):
        return False
    batch.resolve(key)
    return True


def _cure(batch: UnitOfWork, outcome: ArticleRead, known: StoredCapture) -> None:
    """Store the article of a capture that had none, as if it had just been fetched."""
    seen, identity = outcome.seen, outcome.identity
    entry = merge_into_entry(batch, identity, (seen.url, outcome.article.url), seen.fetched_at) if identity else None
    stored = store_article(batch, outcome.article, entry, known.id)
    batch.resolve(entry.key if entry else seen.ref.sha256)
    if entry is None:
        return
    if known.entry_id != entry.id:
        batch.write()
        batch.session.execute(update(Capture).where(Capture.id == known.id).values(entry_id=entry.id))
    enter_state(batch, entry, State.STORED, max(entry.state_at, seen.fetched_at))
    entry.tried_at = entry.tried_at or seen.fetched_at
    entry.url = stored.url or entry.url
    record_publication_time(entry, stored.published_at, stored.published_offset)
    confirm(batch, entry)


def _withdraw(
    batch: UnitOfWork, row: Article, seen: Seen, known: StoredCapture, reasons: list[str], *, is_transient: bool
) -> None:
    entry = _find_entry(batch, row.entry_id)
    withdraw_article(batch, row)
    if entry is None:
        if not reasons[0].startswith("read-as-another"):
            add_quarantine(batch, seen, None, reasons, known.id)
        return
    if entry.state in ARTICLE_STATES:
        batch.resolve(entry.key)
        entry.state, entry.state_at = State.QUARANTINED, max(entry.state_at, seen.fetched_at)
        entry.last_error, entry.missing_at = "; ".join(reasons), None
        # A temporary failure is due at once: the page may be valid by now.
        entry.next_try_at = batch.now if is_transient else None
    add_quarantine(batch, seen, entry, reasons, known.id)
