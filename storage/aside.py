"""The rows of what is set aside."""

from schemas.outcome import Seen
from storage.batch import Batch
from storage.standing import is_overtaken
from storage.tables import Entry, Quarantine


def add_quarantine(batch: Batch, seen: Seen, entry: Entry | None, reasons: list[str], capture_id: int) -> None:
    """A new row. One open row of an entry is enough: the newest capture's."""
    key = entry.key if entry else seen.ref.sha256
    is_late = entry is not None and key in batch.open_rows and is_overtaken(entry, seen.fetched_at)
    if not is_late:
        batch.resolve(key)
    row = Quarantine(
        id=batch.number(Quarantine),
        entry_id=entry.id if entry else None,
        capture_id=capture_id,
        url=seen.url or seen.file_url,
        reasons=reasons,
        created_at=batch.now,
        resolved_at=batch.now if is_late else None,
    )
    batch.session.add(row)
    if not is_late:
        batch.open_rows[key].append(row)


def restate(batch: Batch, key: str, capture_id: int, reasons: list[str]) -> bool:
    """The open row of a capture with the reasons of today; answers whether they are others."""
    row = next((row for row in batch.open_rows.get(key, []) if row.capture_id == capture_id), None)
    if row is None or row.reasons == reasons:
        return False
    row.reasons = reasons
    return True
