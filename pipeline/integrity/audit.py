"""Whether the archive is whole: its WARC files beside its database, its states beside its articles.

Each WARC file is read once, record by record: whether each is known, and each that is known is there as it was stored.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from typing import Any

from pipeline.archive import Archive, open_archive
from pipeline.load import PARALLEL_BYTES, list_unloaded
from pipeline.progress import report_progress
from pipeline.reader import NO_LIMIT, Equipment
from schemas.capture import CaptureRef
from schemas.integrity import IntegrityReport, WarcFinding
from schemas.settings import Settings
from storage.integrity.content import list_dependents, list_lost
from storage.integrity.lost_capture import RecordFacts, count_unknown, list_stored_captures, list_warcs
from storage.integrity.page import audit_pages, audit_search
from storage.integrity.state import audit_rows
from storage.reports.audit import audit_ledger
from storage.warc.capture import NotAWarc, iterate_captures
from storage.warc.remote import StoreUnreachable
from storage.warc.store import WarcStore, is_own

LoadedFile = tuple[str, int, Mapping[int, RecordFacts]]
"""A WARC file's name, how far it was loaded, and the captures of it that are stored, by their offsets."""


def audit_archive(settings: Settings) -> IntegrityReport:
    """Compare everything that lies in the WARC files with what the database says; nothing is changed.

    Raises:
        DatabaseDamaged: what the database says is not what was written there.
        What `open_archive` raises.
    """
    with open_archive(settings, writable=False) as archive:
        return audit_opened(archive)


def audit_opened(archive: Archive) -> IntegrityReport:
    """The same, of an archive that is open."""
    audit_pages(archive.database)
    try:
        unlisted, sizes = None, archive.warcs.list_afar() | archive.warcs.list_here()
    except StoreUnreachable as error:
        unlisted, sizes = str(error), archive.warcs.list_here()
    unloaded = list_unloaded(archive, sizes)
    findings = list(_check_files(archive, unloaded))
    index = audit_search(archive.database)
    with archive.database.read() as session:
        lost = {article_id: f"{warc}: it is lost" for article_id, warc in list_lost(session).items()}
        for one in findings:
            dependents = list_dependents(session, one.name, one.missing.keys())
            lost |= {article_id: f"{one.name}: {one.missing[offset]}" for article_id, offset in dependents.items()}
        records = audit_rows(session)
        states = audit_ledger(session)
        unknown_count = count_unknown(session)
    return IntegrityReport(
        files=tuple(findings),
        unloaded_count=len(unloaded),
        unlisted=unlisted,
        lost_articles=dict(sorted(lost.items())),
        unknown_count=unknown_count,
        records=(*records, *index),
        states=tuple(states),
    )


def _check_files(archive: Archive, unloaded: Sequence[str]) -> Iterator[WarcFinding]:
    """In the order of their names, several at a time. Of what was never loaded: whether it is a WARC file."""
    with archive.database.read() as session:
        loaded = dict.fromkeys(unloaded, 0) | list_warcs(session)
    names = sorted(loaded)
    is_much = sum(loaded.values()) >= PARALLEL_BYTES and len(names) > 1
    files = ((name, loaded[name], _places(archive, name)) for name in names)
    with ExitStack() as stack:
        if is_much:
            # A file may take as long as it likes: it is compared, and no rule reads it.
            reader = stack.enter_context(closing(archive.make_reader(None, limit_seconds=NO_LIMIT)))
            findings = reader.read_each(check_files, files, _give_up, group_count=1)
        else:
            findings = check_files(archive.reader.equipment, files)
        for count, found in enumerate(findings):
            report_progress("check", count, len(names))
            yield found


def _places(archive: Archive, name: str) -> dict[int, RecordFacts]:
    with archive.database.read() as session:
        return list_stored_captures(session, name)


def check_files(equipment: Equipment, files: Iterable[LoadedFile]) -> Iterator[WarcFinding]:
    """`check_file` of each."""
    assert equipment.warcs  # noqa: S101 - for mypy: an archive's reader has them
    for name, loaded_bytes, places in files:
        yield check_file(equipment.warcs, equipment.max_page_bytes, name, loaded_bytes, places)


def _give_up(file: LoadedFile, reason: str) -> WarcFinding:
    return WarcFinding(name=file[0], capture_count=0, error=reason)


def check_file(
    warcs: WarcStore, max_page_bytes: int, name: str, loaded_bytes: int, places: Mapping[int, RecordFacts]
) -> WarcFinding:
    """One WARC file, as far as it was loaded, beside the captures of it that are stored, by their offsets."""
    captures = iterate_captures(warcs.at(name), name, 0, max_page_bytes)
    found = _Comparison(places)
    try:
        for capture, end in captures:
            if end > loaded_bytes and capture.ref.offset not in places:
                break  # not loaded yet: no fault
            found.add(capture.ref)
    except StoreUnreachable as error:
        return WarcFinding(name=name, capture_count=found.count, error=str(error))  # says nothing of what is in it
    except (OSError, NotAWarc) as error:
        said = (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
        return WarcFinding(name=name, capture_count=found.count, error=said, **_Comparison(places, said).list_absent())
    return WarcFinding(
        name=name,
        capture_count=found.count,
        unknown=tuple(found.unknown),
        returned=found.returned,
        damaged=tuple(map(str, captures.corrupt)),
        unread=tuple(place for place in captures.corrupt_at if is_own(name) and place not in places),
        **found.list_absent(),
    )


class _Comparison:
    """The captures that a file has, beside those that are stored of it."""

    def __init__(self, places: Mapping[int, RecordFacts], why: str = "there is no such record") -> None:
        self._places = places
        self._absent = dict.fromkeys(places, why)
        self.unknown: list[int] = []
        self.returned: dict[int, int] = {}
        self.count = 0

    def add(self, ref: CaptureRef) -> None:
        """A capture of the file."""
        self.count += 1
        known = self._places.get(ref.offset)
        if known is None:
            self.unknown.append(ref.offset)
        elif not known.has(ref):
            self._absent[ref.offset] = "the record is another one"
        else:
            del self._absent[ref.offset]
            if known.is_lost:
                self.returned[ref.offset] = ref.length

    def list_absent(self) -> dict[str, Any]:
        """What is stored and was not found, as a `WarcFinding` has it."""
        is_lost = {offset: self._places[offset].is_lost for offset in self._absent}
        missing = {offset: why for offset, why in self._absent.items() if not is_lost[offset]}
        return {"missing": missing, "lost": tuple(offset for offset in is_lost if is_lost[offset])}
