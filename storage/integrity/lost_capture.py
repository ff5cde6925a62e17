"""Track lost captures and repair references to captures that have no row.

A capture whose WARC record is missing or changed keeps its row, with a length of 0 (`Capture.is_lost`): articles
extracted from it keep their provenance until a later capture replaces it.

A reference to a capture that has no row, or belongs to another entry, first gets a new row of a lost capture without
metadata. That way no number changes its meaning, and the repair of lost captures covers these references too. Once the
captures are loaded again, each reference is linked to its own.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from schemas.capture import SUCCESS_STATUSES, CaptureRef
from schemas.redaction import DIGEST_PREFIX, REDACTED
from schemas.rights import TDM_FILE_PATH
from storage.bulk import insert_mappings
from storage.captures.capture import OK
from storage.ledger.unit_of_work import IN_COUNT, select_in
from storage.redactions.table import RedactedKey
from storage.reports.audit import name_found
from storage.schema.tables import (
    Article,
    Base,
    Capture,
    Entry,
    Quarantine,
    Revision,
    RightsRow,
    Robots,
    TdmFile,
    Validator,
    WarcFile,
)

NO_DIGEST = "0" * 64
"""Placeholder for an unknown SHA-256."""

NO_WARC = "lost"
"""Placeholder for the WARC file of a capture of which only the references are known."""

MARK_RETURNED = (
    update(Capture)
    .where(Capture.warc == bindparam("of_warc"), Capture.offset == bindparam("at_offset"))
    .values(length=bindparam("new_length"))
)


CaptureTable = type[Quarantine] | type[Robots] | type[TdmFile] | type[RightsRow]


class RecordFacts(NamedTuple):
    """A capture's length in its file, in bytes, and the digest of its payload."""

    length: int
    """0 if the capture is known to be lost."""
    sha256: str
    is_erased: bool = False
    """Whether its record is a tombstone, because its article was redacted."""

    @property
    def is_lost(self) -> bool:
        """Whether the capture is known to be lost."""
        return self.length == 0

    def has(self, ref: CaptureRef) -> bool:
        """Whether this is the referenced capture. A lost one may return recompressed: only its payload must match."""
        return self.sha256 == ref.sha256 and (self.is_lost or self.length == ref.length)


def list_warcs(session: Session) -> dict[str, int]:
    """Return all known WARC files -> bytes loaded of each."""
    known = dict.fromkeys(session.scalars(select(Capture.warc).where(Capture.warc != NO_WARC).distinct()), 0)
    return known | dict(session.execute(select(WarcFile.name, WarcFile.loaded_bytes)).tuples().all())


def list_stored_captures(session: Session, warc: str) -> dict[int, RecordFacts]:
    """Return offset -> capture for one file."""
    is_key = RedactedKey.key == literal(DIGEST_PREFIX) + Capture.sha256
    is_redacted = or_(Entry.rule == REDACTED, select(RedactedKey.key).where(is_key).exists())
    columns = (Capture.offset, Capture.length, Capture.sha256, and_(Capture.is_lost, is_redacted))
    rows = session.execute(select(*columns).outerjoin(Entry, Entry.id == Capture.entry_id).where(Capture.warc == warc))
    return {offset: RecordFacts(length, digest, bool(is_erased)) for offset, length, digest, is_erased in rows}


def mark_lost(session: Session, warc: str, offsets: Collection[int]) -> None:
    """Mark these captures as lost, and drop their URLs' validators so that the next fetch is unconditional."""
    wanted = sorted(offsets)
    urls = select(Capture.url).where(Capture.warc == warc, Capture.url.is_not(None))
    _delete_validators(session, set(select_in(session, urls, Capture.offset, wanted)))
    for start in range(0, len(wanted), IN_COUNT):
        part = wanted[start : start + IN_COUNT]
        session.execute(update(Capture).where(Capture.warc == warc, Capture.offset.in_(part)).values(length=0))


def record_unread(session: Session, warc: str, offsets: Collection[int], at: datetime) -> None:
    """Record crawl records that were never read, as lost captures without metadata."""
    number = session.scalar(select(func.max(Capture.id))) or 0
    unknown = {"warc": warc, "length": 0, "sha256": NO_DIGEST, "status": 0, "media_type": "", "fetched_at": at}
    rows = [{"id": number + index, "offset": offset, **unknown} for index, offset in enumerate(sorted(offsets), 1)]
    if rows:
        session.execute(insert(Capture), rows)


def mark_returned(session: Session, warc: str, lengths: Mapping[int, int]) -> None:
    """Mark these captures (offset -> bytes) as present again."""
    rows = [{"of_warc": warc, "at_offset": offset, "new_length": length} for offset, length in lengths.items()]
    if rows:
        session.connection().execute(MARK_RETURNED, rows)


def rewind(session: Session, positions: Mapping[str, int]) -> None:
    """Have these files loaded again from these positions (bytes); captures that are stored already are skipped."""
    for name, position in positions.items():
        session.execute(update(WarcFile).where(WarcFile.name == name).values(loaded_bytes=position, cut_at=None))


def _delete_validators(session: Session, urls: Collection[str | None]) -> None:
    wanted = sorted(filter(None, urls))
    for start in range(0, len(wanted), IN_COUNT):
        session.execute(delete(Validator).where(Validator.url.in_(wanted[start : start + IN_COUNT])))


KEY_PREFIX = "key_"


class _Reference(NamedTuple):
    """A column that refers to captures, and the column of the times at which these were fetched."""

    table: type[Article] | type[Revision]
    capture_id: InstrumentedAttribute[Any]
    fetched_at: InstrumentedAttribute[Any]

    @property
    def article_id(self) -> Any:
        """The table's column of record ids."""
        return Article.id if self.table is Article else Revision.article_id

    @property
    def key(self) -> list[Any]:
        """The table's primary key, each column as `key_NAME`."""
        return [column.label(f"{KEY_PREFIX}{column.name}") for column in self.table.__table__.primary_key]


REFERENCES = (
    _Reference(Article, Article.capture_id, Article.fetched_at),
    _Reference(Revision, Revision.capture_id, Revision.fetched_at),
    _Reference(Article, Article.removed_capture_id, Article.revised_at),
    _Reference(Revision, Revision.removed_capture_id, Revision.revised_at),
)


def audit_references(session: Session) -> list[str]:
    """Return a sentence for each kind of reference to a capture that is unknown or belongs to another entry."""
    articles = {row.article_id for one in REFERENCES for row in session.execute(_find_broken(one))}
    others = {
        f"{table.__tablename__} {number}"
        for table, is_broken in _find_others()
        for number in session.scalars(select(table.capture_id).where(is_broken))
    }
    found = (
        name_found("articles of which a revision's capture is unknown", sorted(articles)),
        name_found("rows whose capture is unknown", sorted(others)),
    )
    return [sentence for sentence in found if sentence]


def assign_lost_captures(session: Session) -> int:
    """Give each broken reference a lost capture of its own; return how many articles and revisions had one.

    Rows of quarantine, robots.txt, tdmrep.json and rights are deleted instead: they come back with their captures.
    """
    for table, is_broken in _find_others():
        session.execute(delete(table).where(is_broken))
    broken = [(one, row) for one in REFERENCES for row in session.execute(_find_broken(one))]
    rows = {row.capture_id: _make_row(row.capture_id, row) for _, row in broken if row.is_unknown}
    _insert(session, rows.values())  # these numbers first, so that none is assigned to another capture
    number = session.scalar(select(func.max(Capture.id))) or 0
    for one, row in broken:
        if not row.is_unknown:
            number += 1
            _insert(session, [_make_row(number, row)])
            _relink(session, one, row, number)
    return len(broken)


def relink_references(session: Session) -> int:
    """Link references to lost captures to their own capture if it exists: same entry, fetched at the same time.

    Returns how many were linked.
    """
    found = [(one, row) for one in REFERENCES for row in session.execute(_find_own(one))]
    for one, row in found:
        _relink(session, one, row, row.own_id)
    return len(found)


def delete_unused_captures(session: Session) -> None:
    """Delete placeholder rows of lost captures to which nothing refers any more."""
    is_needed = or_(*(select(one.article_id).where(one.capture_id == Capture.id).exists() for one in REFERENCES))
    session.execute(delete(Capture).where(Capture.warc == NO_WARC, ~is_needed))


def count_unknown(session: Session) -> int:
    """Count the lost captures without metadata."""
    return session.scalar(select(func.count()).where(Capture.warc == NO_WARC)) or 0


def _find_broken(one: _Reference) -> Select[Any]:
    # A capture assigned to another entry by later rules still has the version's fetch time.
    is_of_another = Capture.entry_id.is_distinct_from(Entry.id) | (Entry.id.is_(None) & Capture.url.is_not(None))
    is_mismatched = and_(is_of_another, Capture.fetched_at != one.fetched_at)
    columns = one.table.__table__.c
    wanted: list[Any] = [
        *one.key,
        one.article_id.label("article_id"),
        one.capture_id.label("capture_id"),
        func.coalesce(one.fetched_at, columns.fetched_at).label("fetched_at"),
        columns.url.label("url"),
        Entry.id.label("entry_id"),
        Capture.id.is_(None).label("is_unknown"),
    ]
    return (
        select(*wanted)
        .select_from(one.table)
        .outerjoin(Capture, Capture.id == one.capture_id)
        .outerjoin(Entry, Entry.key == one.article_id)
        .where(one.capture_id.is_not(None), or_(Capture.id.is_(None), is_mismatched))
    )


def _find_own(one: _Reference) -> Select[Any]:
    lost, own = aliased(Capture), aliased(Capture)
    is_own = and_(own.entry_id == Entry.id, own.fetched_at == one.fetched_at, ~own.is_lost)
    is_page = own.status.in_(SUCCESS_STATUSES) if one.capture_id.key == "capture_id" else true()
    wanted: list[Any] = [*one.key, func.min(own.id).label("own_id")]
    return (
        select(*wanted)
        .select_from(one.table)
        .join(lost, and_(lost.id == one.capture_id, lost.is_lost))
        .join(Entry, Entry.key == one.article_id)
        .join(own, and_(is_own, is_page))
        .group_by(*one.table.__table__.primary_key)
    )


def _find_others() -> Iterator[tuple[CaptureTable, ColumnElement[bool]]]:
    """Yield tables whose rows derive from their capture alone, with the condition for a broken reference."""
    of_quarantine = select(Capture.id).where(
        Capture.id == Quarantine.capture_id, or_(Capture.url.is_(None), Capture.url == Quarantine.url)
    )
    yield Quarantine, ~of_quarantine.exists()
    of_robots = select(Capture.id).where(Capture.id == Robots.capture_id, Capture.url.endswith("/robots.txt"))
    yield Robots, ~of_robots.exists()
    of_tdm_file = select(Capture.id).where(Capture.id == TdmFile.capture_id, Capture.url.endswith(TDM_FILE_PATH))
    yield TdmFile, ~of_tdm_file.exists()
    of_page = select(Capture.id).where(Capture.id == RightsRow.capture_id)
    has_files = (
        or_(column.is_(None), select(table.capture_id).where(table.capture_id == column).exists())
        for column, table in ((RightsRow.robots_capture_id, Robots), (RightsRow.tdm_capture_id, TdmFile))
    )
    yield RightsRow, ~and_(of_page.exists(), *has_files)


def _relink(session: Session, one: _Reference, row: Row[Any], number: int) -> None:
    columns = one.table.__table__.primary_key
    is_row = (column == getattr(row, f"{KEY_PREFIX}{column.name}") for column in columns)
    session.execute(update(one.table).where(*is_row).values({one.capture_id.key: number}))


def _make_row(number: int, row: Row[Any]) -> dict[str, Any]:
    known = {"url": row.url, "fetched_at": row.fetched_at, "entry_id": row.entry_id}
    unknown = {"warc": NO_WARC, "offset": number, "length": 0, "sha256": NO_DIGEST, "status": OK, "media_type": ""}
    return {"id": number, "run_id": None, **known, **unknown}


def _insert(session: Session, rows: Iterable[dict[str, Any]]) -> None:
    if found := list(rows):
        insert_mappings(session.connection(), Base.metadata.tables[Capture.__tablename__], found)
