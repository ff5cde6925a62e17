"""Keep redacted articles out: whatever a capture of one is read as, only the capture itself is recorded."""

from collections.abc import Iterable, Iterator

from sqlalchemy import select

from schemas.outcome import ArticleRead, CaptureQuarantined, Outcome
from schemas.redaction import DIGEST_PREFIX
from schemas.url import Identity
from storage.ledger.state import exclude_redacted, is_redacted
from storage.ledger.unit_of_work import UnitOfWork, execute_in, seen_of
from storage.redactions.table import RedactedKey
from storage.schema.tables import Entry


def load_redactions(batch: UnitOfWork, outcomes: Iterable[Outcome]) -> None:
    """Look up the redactions that the outcomes' articles may fall under."""
    keys = {key for outcome in outcomes for key in list_keys(outcome)}
    rows = execute_in(batch.session, select(RedactedKey.key, RedactedKey.redaction_id), RedactedKey.key, keys)
    batch.redactions = {row[0]: row[1] for row in rows}


def find_redaction(batch: UnitOfWork, outcome: Outcome) -> str | None:
    """Return the redaction that an outcome's article falls under; None for one that may be stored."""
    if found := next((batch.redactions[key] for key in list_keys(outcome) if key in batch.redactions), None):
        return found
    return next((entry.key for entry in _iterate_entries(batch, outcome) if is_redacted(entry)), None)


def store_redacted(batch: UnitOfWork, outcome: Outcome, redaction_id: str) -> str | None:
    """Record the capture of a redacted article; return its result, or None if there was no response."""
    seen = seen_of(outcome)
    if seen is None:
        return None
    entry = _find_entry(batch, outcome, redaction_id)
    batch.add_capture(seen, entry)
    key = f"{DIGEST_PREFIX}{seen.ref.sha256}"
    if seen.url is None and key not in batch.redactions:  # the next import recognizes the file by its bytes
        batch.redactions[key] = redaction_id
        batch.new_rows[RedactedKey].append({"key": key, "redaction_id": redaction_id})
    return "redacted"


def list_keys(outcome: Outcome) -> Iterator[str]:
    """Yield the keys by which an outcome's article would be recognized."""
    if isinstance(outcome, ArticleRead):
        yield outcome.article.id
    if identity := _find_identity(outcome):
        yield identity.key
    if isinstance(outcome, ArticleRead | CaptureQuarantined) and outcome.seen.url is None:
        yield f"{DIGEST_PREFIX}{outcome.seen.ref.sha256}"


def _iterate_entries(batch: UnitOfWork, outcome: Outcome) -> Iterator[Entry]:
    identity = _find_identity(outcome)
    if identity is None:
        return
    seen = seen_of(outcome)
    urls = [seen.url if seen else None, outcome.article.url if isinstance(outcome, ArticleRead) else None]
    found = [batch.find_entry(identity), *(batch.owners.get(url) for url in urls if url)]
    yield from filter(None, found)


def _find_identity(outcome: Outcome) -> Identity | None:
    found: Identity | None = getattr(outcome, "identity", None)
    return found


def _find_entry(batch: UnitOfWork, outcome: Outcome, redaction_id: str) -> Entry | None:
    """Return the redaction's ledger entry; one that was lost is made again."""
    for entry in _iterate_entries(batch, outcome):
        if is_redacted(entry) or entry.key == redaction_id:
            exclude_redacted(entry, entry.state_at)
            return entry
    identity, seen = _find_identity(outcome), seen_of(outcome)
    if identity is None or identity.key != redaction_id or seen is None:
        return None
    entry = batch.ensure_entry(identity, seen.fetched_at)
    exclude_redacted(entry, seen.fetched_at)
    return entry
