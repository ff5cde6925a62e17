"""Keep the database's redactions equal to those of the file, which is what counts."""

import logging
from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from schemas.capture import CaptureRef
from schemas.redaction import DIGEST_PREFIX, Action, Decision, Redaction, Tombstone, combine_decisions
from storage.engine import Database
from storage.integrity.lost_capture import mark_lost
from storage.ledger.unit_of_work import select_in
from storage.redactions.file import StoredDecisions
from storage.redactions.removal import add_keys, describe_redaction, list_records, remove_redacted, restore_redacted
from storage.redactions.table import RedactedKey, RedactionRow
from storage.schema.tables import Entry
from storage.warc.remote import StoreUnreachable
from storage.warc.store import CopyDiffers, WarcStore
from storage.warc.tombstone import RecordDiffers, erase_records

logger = logging.getLogger(__name__)


def list_tombstones(session: Session, site: str | None = None) -> list[Tombstone]:
    """Return the redactions that the database has, oldest first; with a site, only those of its articles."""
    statement = select(RedactionRow).order_by(RedactionRow.redacted_at, RedactionRow.id)
    if site is not None:
        statement = statement.join(Entry, Entry.key == RedactionRow.id).where(Entry.site == site)
    rows = session.scalars(statement)
    return [_as_tombstone(row) for row in rows]


def find_tombstone(session: Session, key: str) -> Tombstone | None:
    """Return the redaction under which this record id, URL or text falls."""
    row = session.get(RedactionRow, key)
    if row is None:
        owners = select(RedactedKey.redaction_id).where(RedactedKey.key == key).order_by(RedactedKey.redaction_id)
        row = session.scalar(select(RedactionRow).where(RedactionRow.id == owners.limit(1).scalar_subquery()))
    return _as_tombstone(row) if row else None


def find_redacted_digests(session: Session, digests: Iterable[str]) -> set[str]:
    """Return which of these SHA-256 digests are those of redacted files, or rows of tables."""
    keys = {f"{DIGEST_PREFIX}{digest}" for digest in digests}
    return {
        key.removeprefix(DIGEST_PREFIX) for key in select_in(session, select(RedactedKey.key), RedactedKey.key, keys)
    }


def _as_tombstone(row: RedactionRow) -> Tombstone:
    return Tombstone(id=row.id, reason=row.reason, redacted_at=row.redacted_at, erased_at=row.erased_at)


def synchronize(database: Database, warcs: WarcStore) -> list[str]:
    """Take what the file has into the database, and the other way round; return the ids that were taken out.

    A redaction that only the database has is added to the file: losing the file brings nothing back.

    Raises:
        RedactionsDamaged: the file cannot be read.
    """
    stored = StoredDecisions(warcs)
    decisions = stored.list_decisions()
    filed = combine_decisions(decisions)
    with database.read() as session:
        known = {one.id: one for one in list_tombstones(session)}
    undone = {one.id for one in decisions if one.action is Action.UNDO} - filed.keys()
    if extra := known.keys() - filed.keys() - undone:
        with database.read() as session:
            stored.add([line for one in sorted(extra) for line in _file_row(session, known[one])])
        filed = combine_decisions(stored.list_decisions())
    new = [filed[one] for one in sorted(filed.keys() - known.keys())]
    if new or undone & known.keys():
        with database.begin() as session:
            for one in new:
                remove_redacted(session, one)
            for redaction_id in sorted(undone & known.keys()):
                restore_redacted(session, redaction_id)
    stored.write()
    for one in filed.values():
        if one.erased_at and not (one.id in known and known[one.id].erased_at == one.erased_at):
            _, problems = erase_redacted(database, warcs, one)
            for problem in problems:
                logger.warning("%s", problem)
    return [one.id for one in new]


def _file_row(session: Session, row: Tombstone) -> list[Decision]:
    filed = file_redaction(find_redaction(session, row))
    erased_at = row.erased_at
    return [filed, Decision(id=row.id, action=Action.ERASE, at=erased_at)] if erased_at else [filed]


def file_redaction(one: Redaction) -> Decision:
    """Return the line of the file that makes a redaction."""
    return Decision(
        id=one.id,
        action=Action.REDACT,
        at=one.redacted_at,
        reason=one.reason,
        identity=one.identity,
        urls=one.urls,
        keys=one.keys,
    )


def compare_redactions(database: Database, warcs: WarcStore) -> list[str]:
    """Return a sentence for each way in which file and database differ.

    Raises:
        RedactionsDamaged: the file cannot be read.
    """
    stored = StoredDecisions(warcs)
    filed = combine_decisions(stored.list_decisions())
    with database.read() as session:
        known = {one.id: one for one in list_tombstones(session)}
        unscrubbed = set(session.scalars(select(RedactionRow.id).where(~RedactionRow.is_scrubbed)))
    unfinished = {one.id for one in filed.values() if one.id in known and known[one.id].erased_at != one.erased_at}
    found = {
        "redactions of the file that the database lacks": filed.keys() - known.keys(),
        "redactions of the database that the file lacks or undoes": known.keys() - filed.keys(),
        "redactions whose WARC records are still to be overwritten": unfinished,
        "redactions of which deleted rows may be left in the database's files": unscrubbed,
    }
    sentences = [
        f"{len(ids)} {what}: {', '.join(sorted(ids))}; the next command that writes corrects it"
        for what, ids in found.items()
        if ids
    ]
    return [stored.unreachable, *sentences] if stored.unreachable else sentences


def list_returned(session: Session) -> list[str]:
    """Return the erased redactions of which a WARC file has a capture again: another was imported since."""
    erased = [one for one in list_tombstones(session) if one.erased_at]
    return [one.id for one in erased if list_records(session, find_redaction(session, one), {})]


def find_redaction(session: Session, row: Tombstone) -> Redaction:
    """Return a redaction that the database has, with what it knows of the article."""
    keys = session.scalars(select(RedactedKey.key).where(RedactedKey.redaction_id == row.id).order_by(RedactedKey.key))
    known = Redaction.model_validate(row.model_dump())
    found = describe_redaction(session, known, {})
    return found.model_copy(update={"keys": tuple(dict.fromkeys((*found.keys, *keys)))})


def enforce_redactions(database: Database, warcs: WarcStore) -> None:
    """Take out again whatever has come back of the redacted articles: rows that a repair restored."""
    filed = combine_decisions(StoredDecisions(warcs).list_decisions())
    with database.begin() as session:
        for one in filed.values():
            remove_redacted(session, one)


def erase_redacted(database: Database, warcs: WarcStore, redaction: Redaction) -> tuple[int, list[str]]:
    """Overwrite a redaction's WARC records; return how many were changed, and why others could not be."""
    count, problems = 0, []
    by_file: dict[str, list[CaptureRef]] = defaultdict(list)
    for ref in redaction.records:
        by_file[ref.warc].append(ref)
    for name, refs in sorted(by_file.items()):
        try:
            count += erase_records(warcs, name, refs, redaction.redacted_at)
        except (RecordDiffers, StoreUnreachable, CopyDiffers) as error:
            problems.append(str(error))
        except OSError as error:
            problems.append(f"{name}: {(error.strerror or str(error)).lower()}")
        else:
            with database.begin() as session:
                mark_lost(session, name, [ref.offset for ref in refs])
                add_keys(session, redaction.id, {f"{DIGEST_PREFIX}{ref.sha256}" for ref in refs})
    if not problems:
        with database.begin() as session:
            is_own = RedactionRow.id == redaction.id
            session.execute(update(RedactionRow).where(is_own).values(erased_at=redaction.erased_at))
    return count, problems
