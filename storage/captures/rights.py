"""Rights as seen, by capture: what the page states, with references to its host's files at that time."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from schemas.capture import CaptureRef
from schemas.outcome import Seen
from schemas.rights import ROBOTS_PATH, TDM_FILE_PATH, HostFile, Rights, StatedRights, list_terms
from sites.rights import combine_rights, host_url
from storage.articles.article import as_ref
from storage.articles.rights import join_terms
from storage.ledger.unit_of_work import IN_COUNT, UnitOfWork, execute_in
from storage.schema.tables import Capture, RightsRow, Robots, TdmFile

FileTable = type[Robots] | type[TdmFile]
Loaded = dict[int, tuple[HostFile, str]]
"""Capture id of a host's file -> the file, and its text."""


def store_rights(batch: UnitOfWork) -> None:
    """Store what the batch's captures say about their use, in place of what was stored for them."""
    if not batch.seen_rights:
        return
    batch.write()
    files = [_HostFiles(batch.session, *kind, batch.seen_rights.values()) for kind in KINDS]
    ids = sorted(batch.seen_rights)
    for start in range(0, len(ids), IN_COUNT):
        part = ids[start : start + IN_COUNT]
        batch.session.execute(delete(RightsRow).where(RightsRow.capture_id.in_(part)))
    batch.new_rows[RightsRow] += [_make_row(one, batch.seen_rights[one], *files) for one in ids]
    batch.write()
    batch.seen_rights.clear()


KINDS: tuple[tuple[FileTable, str], ...] = ((Robots, ROBOTS_PATH), (TdmFile, TDM_FILE_PATH))


def _make_row(capture_id: int, seen: Seen, robots: "_HostFiles", tdm: "_HostFiles") -> dict[str, object]:
    stated = seen.rights or StatedRights()
    robots_id, tdm_id = robots.find(seen), tdm.find(seen)
    rights = combine_rights(stated, seen.url, robots.files.get(robots_id or 0), tdm.files.get(tdm_id or 0))
    return {
        "capture_id": capture_id,
        "stated": stated.model_dump(mode="json"),
        "terms": join_terms(list_terms(rights)),
        "robots_capture_id": robots_id,
        "tdm_capture_id": tdm_id,
    }


class _HostFiles:
    """The files of one kind that were in force when captures were fetched: the last that was fetched until then."""

    def __init__(self, session: Session, table: FileTable, path: str, seen: Iterable[Seen]) -> None:
        times: dict[str, list[datetime]] = defaultdict(list)
        for one in seen:
            if one.url:
                times[host_url(one.url, path)].append(one.fetched_at)
        self._path = path
        self._found = {url: _list_files(session, table, url, min(at), max(at)) for url, at in times.items()}
        ids = {capture_id for found in self._found.values() for _, capture_id in found}
        self.files: Loaded = _load_files(session, table, ids)

    def find(self, seen: Seen) -> int | None:
        """Return the capture id of the file at that time; None if none was fetched."""
        found = self._found.get(host_url(seen.url, self._path), []) if seen.url else []
        place = bisect_right(found, seen.fetched_at, key=lambda one: one[0])
        return found[place - 1][1] if place else None


def _list_files(
    session: Session, table: FileTable, url: str, first_at: datetime, last_at: datetime
) -> list[tuple[datetime, int]]:
    """Return (time, capture id) of the file in force at the first time, and of those fetched until the last."""
    # By their ids, of which there are few: captures have no index by URL.
    of_host = (Capture.id.in_(select(table.capture_id)), Capture.url == url)
    start = session.scalar(select(func.max(Capture.fetched_at)).where(*of_host, Capture.fetched_at <= first_at))
    statement = select(Capture.fetched_at, Capture.id).where(*of_host, Capture.fetched_at <= last_at)
    if start:
        statement = statement.where(Capture.fetched_at >= start)
    return list(session.execute(statement.order_by(Capture.fetched_at, Capture.id)).tuples())


def _load_files(session: Session, table: FileTable, ids: Iterable[int]) -> Loaded:
    statement = select(Capture, table.text).join(table, table.capture_id == Capture.id)
    found = execute_in(session, statement, Capture.id, set(ids))
    return {row.id: (_as_file(row), text) for row, text in found}


def _as_file(row: Capture) -> HostFile:
    return HostFile(url=row.url or "", status=row.status, fetched_at=row.fetched_at, capture=as_ref(row))


class RightsReader:
    """Reads the rights of captures; a host's files are read once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._files: dict[FileTable, Loaded] = {Robots: {}, TdmFile: {}}

    def find(self, ref: CaptureRef) -> Rights | None:
        """Return what a capture says about its use; None if it has not been read for that."""
        at_location = (Capture.warc == ref.warc, Capture.offset == ref.offset)
        statement = select(RightsRow, Capture.url).join(Capture, Capture.id == RightsRow.capture_id)
        found = self._session.execute(statement.where(*at_location)).one_or_none()
        if found is None:
            return None
        row, url = found
        stated = StatedRights.model_validate(row.stated, strict=False)
        return combine_rights(
            stated, url, self._load(Robots, row.robots_capture_id), self._load(TdmFile, row.tdm_capture_id)
        )

    def _load(self, table: FileTable, capture_id: int | None) -> tuple[HostFile, str] | None:
        known = self._files[table]
        if capture_id is not None and capture_id not in known:
            known |= _load_files(self._session, table, [capture_id])
        return known.get(capture_id or 0)


def list_stated(session: Session, capture_ids: Sequence[int]) -> dict[int, StatedRights]:
    """Return capture id -> what the page states by itself, for those that have been read for that."""
    statement = select(RightsRow.capture_id, RightsRow.stated)
    rows = execute_in(session, statement, RightsRow.capture_id, set(capture_ids))
    return {capture_id: StatedRights.model_validate(stated, strict=False) for capture_id, stated in rows}
